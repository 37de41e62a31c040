from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from keys.audit import triggers, verification, verifier
from keys.management.exports import read_export
from keys.management.lookups import get_workspace
from keys.management.progress import interruptible, progress
from keys.models import AuditChain, AuditVerification, Workspace

MAX_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Verify that no audit event was changed, removed, inserted or cut off, and that the triggers that protect them exist. "
        "With --against also verify that the events of an earlier export still exist. A restored backup can lack some."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="W", help="only this workspace: Pumble id or exact name")
        parser.add_argument(
            "--against",
            type=Path,
            metavar="EXPORT",
            help="a file that audit_export has written, JSON Lines or CSV",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chains = AuditChain.objects.order_by("name")
        only = get_workspace(options["workspace"]).pumble_id if options["workspace"] else None
        names = dict(Workspace.objects.values_list("pumble_id", "name"))
        for chain in chains.filter(pk=only) if only else chains:
            result = self._check(chain)
            named = f" ({names[chain.name]})" if chain.name in names else ""
            pruned = f", {chain.pruned_number} older ones pruned" if chain.pruned_number else ""
            self.stdout.write(f"{chain.name}{named}: {result.events} events, unchanged{pruned}")
        if missing := triggers.find_missing(connection):
            raise CommandError(verification.missing_triggers_text(missing))
        if options["against"]:
            self._compare(options["against"], only)

    def _check(self, chain: AuditChain) -> AuditVerification:
        def with_progress(records: Iterator[verifier.Record]) -> Iterator[verifier.Record]:
            return progress(records, total=chain.number - chain.pruned_number, unit="event")

        with interruptible():
            result = verification.verify_and_record(chain, now=timezone.now(), through=with_progress)
        if result.problem:
            raise CommandError(result.problem)
        return result

    def _compare(self, path: Path, only: str | None) -> None:
        """Raise CommandError with the first missing events, if the database lacks events of the export."""
        missing = 0
        shown: list[str] = []
        for record in verification.missing_events(read_export(path)):
            if only is None or record["chain"] == only:
                missing += 1
                if missing <= MAX_SHOWN:
                    key = f" of key {record['key']}" if record["key"] else ""
                    what = f"{record['type']}{key} at {record['at']}"
                    shown.append(f"  event {record['number']} of {record['chain']}: {what}")
        if missing:
            if missing > MAX_SHOWN:
                shown.append(f"  and {missing - MAX_SHOWN} more")
            listed = "\n".join(shown)
            raise CommandError(
                f"the database lacks {missing} events of the export:\n{listed}\n"
                "run reapply_revocations to stop the keys that they stopped"
            )
        self.stdout.write("The database has every event of the export.")
