"""When a recurring message is due next. Source: Pumble app platform reference, 5.5 (ScheduleRequest).

The author's local time counts: a message at 09:00 stays at 09:00 when daylight saving time begins.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Step = Callable[[datetime], datetime]


def next_occurrence_ms(
    recurrence: dict[str, Any], last_ms: int, occurrence: int, now_ms: int, zone: str
) -> int | None:
    """Return the first time after `now_ms` in the series, or None if the series has ended.

    Occurrences that were missed in between do not count. An end of 0 or null is no end.

    Args:
        last_ms: when this post was due.
        occurrence: the number of posts so far, this one included.
    """
    maximum, end_ms = recurrence.get("endAfterOccurrences") or 0, recurrence.get("endDate") or 0
    if maximum and occurrence >= maximum:
        return None
    step = STEPS[recurrence["recurrenceType"]]
    when = datetime.fromtimestamp(last_ms // 1000, _zone(zone))
    due_ms = last_ms
    while due_ms <= now_ms:
        when = step(when)
        due_ms = int(when.timestamp()) * 1000 + last_ms % 1000
    return None if end_ms and due_ms > end_ms else due_ms


def _zone(name: str) -> tzinfo:
    """Return the time zone, or UTC on a machine without a time zone database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _days(count: int) -> Step:
    return lambda when: when + timedelta(days=count)


def _business_day(when: datetime) -> datetime:
    when += timedelta(days=1)
    while when.weekday() > 4:
        when += timedelta(days=1)
    return when


def _nth_weekday(months: int) -> Step:
    """A second Tuesday stays a second Tuesday. A fifth one moves to the next month that has five."""

    def step(when: datetime) -> datetime:
        first = _first_of_month(when, months)
        while True:
            day = 1 + (when.weekday() - first.weekday()) % 7 + 7 * ((when.day - 1) // 7)
            if day <= monthrange(first.year, first.month)[1]:
                return first.replace(day=day)
            first = _first_of_month(first, months)

    return step


def _last_weekday(months: int) -> Step:
    def step(when: datetime) -> datetime:
        first = _first_of_month(when, months)
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return last - timedelta(days=(last.weekday() - when.weekday()) % 7)

    return step


def _first_of_month(when: datetime, months: int) -> datetime:
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    return when.replace(year=year, month=month + 1, day=1)


def _year(when: datetime) -> datetime:
    """29 February becomes 28 February and stays so."""
    return when.replace(year=when.year + 1, day=28 if (when.month, when.day) == (2, 29) else when.day)


STEPS: dict[str, Step] = {
    "DAILY": _days(1),
    "BUSINESSDAYS": _business_day,
    "WEEKLY": _days(7),
    "BIWEEKLY": _days(14),
    "MONTHLY_NTH_WEEKDAY": _nth_weekday(1),
    "MONTHLY_LAST_WEEKDAY": _last_weekday(1),
    "QUARTERLY_NTH_WEEKDAY": _nth_weekday(3),
    "QUARTERLY_LAST_WEEKDAY": _last_weekday(3),
    "ANNUALLY": _year,
}
