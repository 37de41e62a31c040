"""The last result of doctor: stored by the command, shown in the admin."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from keys.models import Workspace
from portal.doctor.findings import Finding, Status
from portal.models import DoctorRun

_ORDER = (Status.FAILURE, Status.WARNING, Status.OK)


@dataclass(frozen=True, slots=True)
class Result:
    finished_at: datetime
    findings: list[Finding]

    @property
    def problems(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.status is not Status.OK]

    @property
    def healthy(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.status is Status.OK]


def store(findings: Iterable[Finding], *, now: datetime) -> None:
    """Store the findings in place of those of the run before."""
    rows = [finding.to_row() for finding in findings]
    DoctorRun.objects.update_or_create(pk=1, defaults={"finished_at": now, "findings": rows})


def load(workspace: Workspace | None = None) -> Result | None:
    """Return the last result, the worst first, or None if doctor has not run.

    With a workspace, return only what is about its installation.
    """
    run = DoctorRun.objects.filter(pk=1).first()
    if run is None:
        return None
    findings = sorted(map(Finding.from_row, run.findings), key=lambda finding: _ORDER.index(finding.status))
    if workspace is not None:
        findings = [finding for finding in findings if finding.workspace == workspace.pumble_id]
    return Result(run.finished_at, findings)
