import json
from typing import Any

from django.core.management.base import BaseCommand

from pumble_bridge import manifest


class Command(BaseCommand):
    help = (
        "Print the app's manifest as JSON: what Pumble asks for when an app is created. Needs PUBLIC_URL and no secret, so "
        "that it can come first."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(manifest.build(), indent=2))
