from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from keys import audit
from keys.audit import export
from keys.management.lookups import get_workspace
from keys.management.progress import interruptible, progress
from keys.models import AuditChain


class Command(BaseCommand):
    help = (
        "Write the audit events to standard output, oldest first. `python keys/audit/verifier.py FILE` verifies the file on "
        "any machine. `audit_verify --against FILE` compares the database with it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="W", help="only this workspace: Pumble id or exact name")
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            metavar="DATE",
            help="only events since this day in UTC, such as 2026-12-31",
        )
        parser.add_argument("--format", choices=sorted(export.CONTENT_TYPES), default="jsonl")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = get_workspace(options["workspace"]) if options["workspace"] else None
        since = datetime.combine(options["since"], time.min, UTC) if options["since"] else None
        audit.record(
            audit.Type.AUDIT_EXPORTED,
            workspace=workspace,
            by=audit.OPERATOR,
            now=timezone.now(),
            format=options["format"],
            since=options["since"].isoformat() if since else None,
        )
        chains = AuditChain.objects.order_by("name")
        if workspace:
            chains = chains.filter(pk=workspace.pumble_id)
        spans = export.chain_ranges(chains, since)
        lines = export.export_ranges(spans, options["format"])
        total = sum(span.count for span in spans)
        with interruptible():
            for line in progress(lines, total=total, unit="event"):
                self.stdout.write(line, ending="")
