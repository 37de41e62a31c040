"""What keys were used for, as people ask about it. Starts from the viewer, as every lookup does."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Sum

from keys.models import ApiKey, HourlyUse, Member, RequestLog


def find_call(viewer: Member, request_id: str) -> RequestLog | None:
    """The call of that id, made with a key that `viewer` may see; the latest where an id came more than once."""
    return (
        RequestLog.objects.filter(request_id=request_id, key__in=ApiKey.objects.for_viewer(viewer))
        .select_related("key__owner")
        .order_by("-at", "-pk")
        .first()
    )


def count_calls(keys: Iterable[ApiKey], since: datetime) -> dict[int, Counter[str]]:
    """How many calls of each key, by its primary key, ended how since the hour of `since`."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    rows = HourlyUse.objects.filter(key__in=list(keys), hour__gte=hour)
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for key_pk, outcome, count in rows.values_list("key_id", "outcome").annotate(Sum("count")):
        counts[key_pk][outcome] = count
    return counts
