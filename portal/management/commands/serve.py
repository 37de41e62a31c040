import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.management import database, ports, processes


class Command(BaseCommand):
    help = "Collect the static files and serve the portal with gunicorn, until SIGINT or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        if problem := ports.problem(settings.PORT, settings.BIND):
            raise CommandError(problem)
        database.refuse_newer()
        database.refuse_missing_migrations()
        call_command("collectstatic", verbosity=0, interactive=False)
        self.stdout.write(f"Serving {settings.PUBLIC_URL} at {settings.OWN_URL}")
        os.environ.update(processes.environment())
        os.chdir(settings.BASE_DIR)
        command = [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py"]
        os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted
