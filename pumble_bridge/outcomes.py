"""Titles and explanations of call outcomes, for chat, the dashboard and the admin."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import usage
from keys.models import RequestLog
from keys.reasons import CATALOGUE, VALIDATION
from pumble_bridge import hints

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SUCCESS_TITLES = {
    usage.OK: gettext_lazy("Worked"),
    usage.DRY_RUN: gettext_lazy("Dry run"),
    usage.REPLAY: gettext_lazy("Repeated"),
}
_SUCCESS_EXPLANATIONS = {
    usage.OK: gettext_lazy("The call succeeded."),
    usage.DRY_RUN: gettext_lazy("This was a dry run: the call was checked, and nothing was changed."),
    usage.REPLAY: gettext_lazy(
        "This call repeated an earlier one with the same `Idempotency-Key`. It got the same answer, and nothing was done "
        "again."
    ),
}


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    Attributes:
        name: one of `keys.usage.SUCCESSES`, or the reason of the refusal.
        hint: what was wrong with the request, as the request log has it.
        case: the special case of the reason, if any.
        was_dry_run: a refused call was a dry run.
    """

    name: str
    hint: str = ""
    case: str = ""
    was_dry_run: bool = False

    @classmethod
    def for_call(cls, call: RequestLog) -> Self:
        name = usage.counted_outcome(call.outcome, is_dry_run=call.is_dry_run, is_replay=call.is_replay)
        return cls(name, call.hint, call.outcome_case, call.is_dry_run and name != usage.DRY_RUN)

    @property
    def worked(self) -> bool:
        """Whether the call was not refused."""
        return self.name in usage.SUCCESSES

    @property
    def title(self) -> str:
        if self.worked:
            return str(SUCCESS_TITLES[self.name])
        spec = CATALOGUE.get(self.case or self.name)
        return str(spec.title) if spec else self.name

    @property
    def explanation(self) -> str:
        """The meaning of the outcome and what to do. Code is between backticks."""
        if self.worked:
            return str(_SUCCESS_EXPLANATIONS[self.name])
        sentences = [_("This was a dry run.")] if self.was_dry_run else []
        spec = CATALOGUE.get(self.case or self.name) or CATALOGUE.get(self.name)
        if spec is None:  # of another version
            sentences.append(_("The call was refused with the reason `%(reason)s`.") % {"reason": self.name})
            return " ".join(sentences)
        detail = hints.describe(self.hint)
        sentences += [str(spec.meaning), *([detail] if detail else [])]
        if not detail or spec.reason != VALIDATION.reason:  # the detail says what to send instead
            sentences.append(str(spec.advice))
        return " ".join(sentences)


def titles() -> "list[tuple[str, StrPromise]]":
    """Return the reason and the title of every refusal."""
    return [(spec.reason, spec.title) for spec in CATALOGUE.values() if not spec.case]
