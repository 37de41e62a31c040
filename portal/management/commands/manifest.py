import json
from typing import Any

from django.core.management.base import BaseCommand

from pumble_bridge import manifest


class Command(BaseCommand):
    help = "Print the app's manifest as JSON. Pumble asks for it when you create an app. Requires PUBLIC_URL, but no secrets."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(manifest.build(), indent=2))
