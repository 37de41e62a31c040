"""The figures of a workspace. Each uses the filter of the list that it links to, so both show the same number."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from keys import usage
from keys.models import ApiKey, HourlyUse, Member, Workspace
from portal.admin.api_keys import BreadthFilter, ExpiryFilter, KindFilter, LastUsedFilter, StateFilter
from portal.admin.calls import HourPeriodFilter, OutcomeFilter
from portal.admin.filters import ChoiceFilter
from portal.admin.members import OffboardedFilter
from pumble_bridge.outcomes import Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Selection = tuple[type[ChoiceFilter], str]

_MAX_BUSIEST = 5
_KEY_STATS: "list[tuple[StrPromise, Selection, bool]]" = [
    (_("Live keys"), (StateFilter, "live"), False),
    (_("Expire within 14 days"), (ExpiryFilter, "soon"), True),
    (_("Not used for 90 days"), (LastUsedFilter, "idle"), True),
    (_("Broader than their use"), (BreadthFilter, "broad"), True),
    (_("Workspace keys without a responsible person"), (KindFilter, "unattended"), True),
]


@dataclass(frozen=True)
class Stat:
    """A number with a link to the list of that many rows. `attention` highlights it."""

    name: "StrPromise"
    number: int
    url: str
    attention: bool = False


@dataclass(frozen=True)
class OutcomeCount:
    """The number of today's calls with one outcome. `share` is the percentage of the most frequent outcome."""

    outcome: Outcome
    number: int
    share: int
    url: str


@dataclass(frozen=True)
class BusyKey:
    """A key and how many calls it made today."""

    key: ApiKey
    calls: int
    refused: int
    url: str


@dataclass(frozen=True)
class TodayStats:
    stats: list[Stat]
    outcomes: list[OutcomeCount]


def key_stats(workspace: Workspace, now: datetime, extra_query: dict[str, str]) -> list[Stat]:
    """Return the figures of keys and members. `extra_query` is added to each link."""
    keys = ApiKey.objects.filter(owner__workspace=workspace)
    stats = []
    for name, selection, needs_attention in _KEY_STATS:
        list_filter, value = selection
        number = list_filter.filter_choice(keys, value, now).count()
        stats.append(
            Stat(name, number, _list_url("apikey", [selection], extra_query), needs_attention and number > 0)
        )
    offboarded = OffboardedFilter.filter_choice(
        Member.objects.people().filter(workspace=workspace), "lately", now
    ).count()
    stats.append(
        Stat(
            _("Members who left in 30 days"),
            offboarded,
            _list_url("member", [(OffboardedFilter, "lately")], extra_query),
        )
    )
    return stats


def today_stats(workspace: Workspace, now: datetime, extra_query: dict[str, str]) -> TodayStats:
    """Return the figures of today's calls, with one query."""
    uses = HourPeriodFilter.filter_choice(
        HourlyUse.objects.filter(key__owner__workspace=workspace), "today", now
    )
    rows = uses.values_list("outcome").annotate(calls=Sum("count"))
    counts: Counter[str] = Counter(dict(rows))
    when: Selection = (HourPeriodFilter, "today")
    refused = sum(count for outcome, count in counts.items() if outcome not in usage.SUCCESSES)
    return TodayStats(
        stats=[
            Stat(_("Calls today"), counts.total(), _list_url("hourlyuse", [when], extra_query)),
            Stat(
                _("Refused today"),
                refused,
                _list_url("hourlyuse", [when, (OutcomeFilter, "refused")], extra_query),
                attention=refused > 0,
            ),
        ],
        outcomes=[
            OutcomeCount(
                outcome=Outcome(outcome),
                number=number,
                share=max(1, round(100 * number / max(counts.values()))),
                url=_list_url("hourlyuse", [when, (OutcomeFilter, outcome)], extra_query),
            )
            for outcome, number in counts.most_common()
        ],
    )


def list_busiest_keys(workspace: Workspace, now: datetime, extra_query: dict[str, str]) -> list[BusyKey]:
    """Return the keys with the most calls today, at most five."""
    uses = HourPeriodFilter.filter_choice(
        HourlyUse.objects.filter(key__owner__workspace=workspace), "today", now
    )
    refused = Sum("count", filter=~Q(outcome__in=usage.SUCCESSES), default=0)
    rows = uses.order_by().values_list("key").annotate(calls=Sum("count"), refused=refused)
    busiest = list(rows.order_by("-calls", "key")[:_MAX_BUSIEST])
    keys = ApiKey.objects.select_related("owner", "responsible").in_bulk([pk for pk, *_counts in busiest])
    return [
        BusyKey(
            keys[pk],
            calls,
            refused,
            _list_url("hourlyuse", [(HourPeriodFilter, "today")], extra_query | {"key": keys[pk].key_id}),
        )
        for pk, calls, refused in busiest
    ]


def _list_url(rows: str, selections: list[Selection], extra_query: dict[str, str]) -> str:
    query = {str(list_filter.parameter_name): value for list_filter, value in selections} | extra_query
    return f"{reverse(f'admin:keys_{rows}_changelist')}?{urlencode(query)}"
