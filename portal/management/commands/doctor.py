import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from portal.doctor import areas, results
from portal.doctor.findings import Finding, Status


class Command(BaseCommand):
    help = (
        "Check the installation: settings and secrets, database, Redis, PUBLIC_URL through the reverse proxy, Pumble, each "
        "workspace, maintenance and disk. Prints one line for each check, with the cure. The status is 1 after a failure."
    )
    requires_system_checks: list[str] = []  # they are one of the checks

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in areas.run():
            findings.append(finding)
            if not options["json"]:
                self.stdout.write(_line(finding))
        if options["json"]:
            self.stdout.write(json.dumps([finding.to_dict() for finding in findings], indent=2))
        self._store(findings)
        failures = sum(finding.status is Status.FAILURE for finding in findings)
        if failures:
            raise CommandError(f"checks that failed: {failures}")

    def _store(self, findings: list[Finding]) -> None:
        """Store the result for the admin. Without a working database, a line above says so already."""
        try:
            results.store(findings, now=timezone.now())
        except (DatabaseError, InterfaceError):
            self.stderr.write("The result could not be stored for the admin.")


def _line(finding: Finding) -> str:
    cure = f" {finding.cure_text}" if finding.cure else ""
    return f"{finding.status:8} {finding.check:24} {finding.text}{cure}"
