from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from keys import lifecycle
from keys.audit import OPERATOR, verification
from keys.management.exports import read_export


class Command(BaseCommand):
    help = (
        "After a backup was restored: revoke or disable again the keys that were stopped after the backup, from a later audit export. "
        "Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "export",
            type=Path,
            metavar="EXPORT",
            help="a file that audit_export has written, JSON Lines or CSV",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lost = verification.missing_events(read_export(options["export"]))
        done = lifecycle.reapply_revocations(lost, by=OPERATOR, now=timezone.now())
        for key, event_type in done:
            self.stdout.write(
                f"{key.key_id}  {key.owner.workspace.name if key.owner.workspace else ''}  {event_type}"
            )
        self.stdout.write(f"Stopped again: {len(done)}")
