"""Titles and explanations of call outcomes, for chat, the dashboard and the admin."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from keys import usage
from keys.reasons import CATALOGUE
from pumble_bridge import hints

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Outcome:
    """The outcome of a logged call: `ok` or a reason, and the hint about the request, "" if there is none."""

    name: str
    hint: str = ""

    @property
    def worked(self) -> bool:
        return self.name == usage.OK

    @property
    def title(self) -> str:
        if self.worked:
            return _("Worked")
        spec = CATALOGUE.get(self.name)
        return str(spec.title) if spec else self.name

    @property
    def explanation(self) -> str:
        """The meaning of the outcome and what to do. Code is between backticks."""
        if self.worked:
            return _("The call succeeded.")
        spec = CATALOGUE.get(self.name)
        if spec is None:  # recorded by another version
            return _("The call was refused with the reason `%(reason)s`.") % {"reason": self.name}
        hint = hints.describe(self.hint)
        return f"{spec.meaning} {hint}" if hint else spec.explanation


def titles() -> "list[tuple[str, StrPromise]]":
    """Return the reason and the title of every refusal."""
    return [(spec.reason, spec.title) for spec in CATALOGUE.values() if not spec.case]
