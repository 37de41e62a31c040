"""Watches the calls to Pumble that one API call makes: what they take from the limits, and what they change."""

from dataclasses import dataclass, field
from typing import Any

from keys.limits import Allowance, PumbleQuota


@dataclass(slots=True)
class Watch:
    """
    Attributes:
        wrote: a request that changes something was about to leave.
        imagined: in a rehearsal, the requests that would have left: `{as, method, path, body}`.
    """

    allowance: Allowance
    wrote: bool = False
    imagined: list[dict[str, Any]] = field(default_factory=list)

    def of(self, sender: str) -> "SenderWatch":
        return SenderWatch(self, sender)


@dataclass(frozen=True, slots=True)
class SenderWatch:
    """The watch of one of the two in whose name calls are made: `owner` or `bot`."""

    watch: Watch
    sender: str

    def before(self, quota: PumbleQuota | None, *, changes: bool) -> None:
        """
        Raises:
            RateLimited.
        """
        self.watch.allowance.take_of_pumble(quota, changes=changes)

    def writes(self, method: str, path: str, body: dict[str, Any] | None) -> bool:
        if self.watch.allowance.rehearsal:
            self.watch.imagined.append({"as": self.sender, "method": method, "path": path, "body": body})
            return False
        self.watch.wrote = True
        return True
