"""Brings the database up to date before the first request, and fills it when it is empty."""

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection


def prepare() -> None:
    """Migrate; seed only an empty database, so that a second start keeps what people wrote."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)

    from sandbox.models import Workspace
    from sandbox.seed.restore import restore

    if not Workspace.objects.exists():
        restore()
    connection.close()  # a connection must not cross the fork
