import json
import os
import sys
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.management import ports
from pumble_bridge import client
from pumble_bridge.exceptions import PumbleError, PumbleRefused


class Command(BaseCommand):
    help = "Run the local Pumble alone. With --manifest, register an app at the local Pumble that is already running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--manifest", metavar="URL", help="print this app's credentials as one JSON line and exit"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_PUMBLE:
            raise CommandError("the local Pumble starts only with LOCAL_PUMBLE=true")
        if options["manifest"]:
            self.stdout.write(json.dumps(self._register(options["manifest"])))
            return
        if problem := ports.problem(settings.SANDBOX_PORT, setting="SANDBOX_PORT"):
            raise CommandError(problem)
        if find_spec("sandbox") is None:
            raise CommandError(
                "the local Pumble is not part of this installation; run it from the repository"
            )
        # A process with its own settings. It shares only HTTP with the portal.
        os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
        os.environ["PUBLIC_URL"] = settings.PUBLIC_URL
        os.environ["DATA_DIR"] = str(settings.DATA_DIR)
        os.chdir(settings.BASE_DIR)
        command = [
            "-m",
            "gunicorn",
            "-c",
            "sandbox/gunicorn.conf.py",
            "sandbox.wsgi",
        ]
        os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - no shell is wanted

    def _register(self, manifest_url: str) -> Any:
        try:
            return client.call("POST", "/act/apps", json={"manifestUrl": manifest_url})
        except PumbleRefused as error:
            raise CommandError(f"the local Pumble refused this manifest: {error.message or error}") from error
        except PumbleError as error:
            raise CommandError(f"no local Pumble answers on port {settings.SANDBOX_PORT}") from error
