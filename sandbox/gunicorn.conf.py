"""One process with threads: ephemeral messages, modals, faults and traffic are kept in its memory."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

bind = f"127.0.0.1:{settings.SANDBOX_PORT}"
workers = 1
worker_class = "gthread"
# A trigger keeps its thread while the app's callbacks need others. Too few threads would block the callbacks.
threads = 64
timeout = 60
graceful_timeout = 1
keepalive = 5
accesslog = None
loglevel = "warning"
control_socket_disable = True


def on_starting(server: object) -> None:
    """Migrate the database, seed it if it is empty, so that a restart keeps its data, and find the portal."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)

    from sandbox import app_registry
    from sandbox.models import App, Workspace
    from sandbox.seed.restore import restore

    if not Workspace.objects.exists():
        restore()
    # The portal may have another port than the last time.
    App.objects.filter(pk=app_registry.API_APP_ID).update(manifest_url=app_registry.api_app_manifest_url())
    connection.close()  # A connection must not be used across a fork.
