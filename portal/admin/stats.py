"""How a workspace stands, in a few numbers. Each comes from the filter of the list it leads to, so they never differ."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from keys import usage
from keys.models import ApiKey, HourlyUse, Member, Workspace
from portal.admin.api_keys import Breadth, Expiry, LastUsed, State
from portal.admin.calls import HourPeriod, OfOutcome
from portal.admin.filters import Choices
from portal.admin.members import Left
from pumble_bridge.outcomes import Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Chosen = tuple[type[Choices], str]

_KEYS: "list[tuple[StrPromise, Chosen, bool]]" = [
    (_("Live keys"), (State, "live"), False),
    (_("Expire within 14 days"), (Expiry, "soon"), True),
    (_("Not used for 90 days"), (LastUsed, "idle"), True),
    (_("May do more than they did"), (Breadth, "broad"), True),
]


@dataclass(frozen=True)
class Figure:
    """A number and the list that has as many. `attention` says that somebody should look."""

    name: "StrPromise"
    number: int
    address: str
    attention: bool = False


@dataclass(frozen=True)
class Ending:
    """How many of today's calls ended one way. `share` is of the most frequent, in percent."""

    outcome: Outcome
    number: int
    share: int
    address: str


@dataclass(frozen=True)
class Today:
    figures: list[Figure]
    endings: list[Ending]


def stand(workspace: Workspace, now: datetime, further: dict[str, str]) -> list[Figure]:
    """Its keys and its people. `further` goes into each address, beside what chooses."""
    keys = ApiKey.objects.filter(owner__workspace=workspace)
    found = []
    for name, chosen, worth_a_look in _KEYS:
        filtered, value = chosen
        number = filtered.choose(keys, value, now).count()
        found.append(Figure(name, number, _address("apikey", [chosen], further), worth_a_look and number > 0))
    left = Left.choose(Member.objects.filter(workspace=workspace), "lately", now).count()
    found.append(Figure(_("Off-boarded in 30 days"), left, _address("member", [(Left, "lately")], further)))
    return found


def today(workspace: Workspace, now: datetime, further: dict[str, str]) -> Today:
    """The calls of today, in one query."""
    uses = HourPeriod.choose(HourlyUse.objects.filter(key__owner__workspace=workspace), "today", now)
    rows = uses.values_list("outcome").annotate(calls=Sum("count"))
    counts: Counter[str] = Counter(dict(rows))
    when: Chosen = (HourPeriod, "today")
    refused = counts.total() - counts[usage.OK]
    return Today(
        figures=[
            Figure(_("Calls today"), counts.total(), _address("hourlyuse", [when], further)),
            Figure(
                _("Refused today"),
                refused,
                _address("hourlyuse", [when, (OfOutcome, "refused")], further),
                attention=refused > 0,
            ),
        ],
        endings=[
            Ending(
                outcome=Outcome(outcome),
                number=number,
                share=max(1, round(100 * number / max(counts.values()))),
                address=_address("hourlyuse", [when, (OfOutcome, outcome)], further),
            )
            for outcome, number in counts.most_common()
        ],
    )


def _address(rows: str, chosen: list[Chosen], further: dict[str, str]) -> str:
    query = {str(one.parameter_name): value for one, value in chosen} | further
    return f"{reverse(f'admin:keys_{rows}_changelist')}?{urlencode(query)}"
