"""Why calls of a key were refused, in the words of the reference."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keys import usage
from portal.api import refusals
from portal.api.exceptions import rule_for
from portal.api.refusals import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_REFUSALS = (
    *refusals.OF_KEYS,
    *refusals.OF_WRITES,
    *refusals.OF_PUMBLE,
    *refusals.OF_ALL,
    refusals.SCOPE,
    refusals.NOT_ALLOWED,
    refusals.PRIVATE_CHANNEL,
    refusals.INPUT,
    refusals.OBJECT,
    refusals.TOO_LARGE,
)
_BY_REASON: dict[str, Refusal] = {rule_for(refusal.error).reason: refusal for refusal in reversed(_REFUSALS)}


def titles() -> "list[tuple[str, StrPromise]]":
    """Every way in which a call can be refused: the machine-readable reason and a title."""
    return [(reason, refusal.title) for reason, refusal in _BY_REASON.items()]


@dataclass(frozen=True)
class Outcome:
    """How a call ended: the machine-readable name, a title, and for a refusal what it means and what helps."""

    name: str

    @property
    def worked(self) -> bool:
        return self.name == usage.OK

    @property
    def title(self) -> str:
        refusal = _BY_REASON.get(self.name)
        return str(refusal.title) if refusal else self.name

    @property
    def meaning(self) -> str:
        refusal = _BY_REASON.get(self.name)
        return str(refusal.meaning) if refusal else ""
