"""Findings: what a check found. Messages are templates, so that the admin shows them in the reader's language."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from portal.redaction import redact_own_secrets


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


_LABELS = {
    Status.OK: gettext_lazy("ok"),
    Status.WARNING: gettext_lazy("warning"),
    Status.FAILURE: gettext_lazy("failure"),
}
_STATES = {Status.OK: "active", Status.WARNING: "expiring", Status.FAILURE: "revoked"}  # of `key_state.html`


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        message, cure: English texts with the names of `values`, as in gettext.
        workspace: the Pumble id of the workspace that the finding is about; its owners see it.
    """

    check: str
    status: Status
    message: str
    cure: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)
    workspace: str = ""

    def __post_init__(self) -> None:
        """Raise KeyError where the finding is made if the texts have a name without a value."""
        for template in (self.message, self.cure):
            template % self.values

    @property
    def text(self) -> str:
        """The message in the active language, without secrets, on one line."""
        return self._fill(self.message)

    @property
    def cure_text(self) -> str:
        """The cure in the active language, without secrets, on one line. Empty if nothing is wrong."""
        return self._fill(self.cure)

    @property
    def label(self) -> str:
        """The status in the active language."""
        return str(_LABELS[self.status])

    @property
    def state(self) -> str:
        """The state of a key with the same icon and color."""
        return _STATES[self.status]

    def to_dict(self) -> dict[str, str]:
        return {"check": self.check, "status": self.status, "message": self.text, "cure": self.cure_text}

    def to_row(self) -> dict[str, Any]:
        """Return what `from_row` reads. Values are stored without secrets."""
        values = {
            name: redact_own_secrets(value) if isinstance(value, str) else value
            for name, value in self.values.items()
        }
        return asdict(self) | {"values": values}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Finding":
        return cls(**row | {"status": Status(row["status"])})

    def _fill(self, template: str) -> str:
        return redact_own_secrets(" ".join((gettext(template) % self.values).split())) if template else ""


def ok(check: str, message: str, **values: str | int) -> Finding:
    return Finding(check, Status.OK, message, values=values)


def warning(check: str, message: str, cure: str, **values: str | int) -> Finding:
    return Finding(check, Status.WARNING, message, cure, values)


def failure(check: str, message: str, cure: str, **values: str | int) -> Finding:
    return Finding(check, Status.FAILURE, message, cure, values)
