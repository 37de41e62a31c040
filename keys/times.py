"""Times as their reader sees them: in the reader's time zone, with 12 or 24 hours.

`use` sets the clock of the reader. Without it, times are in UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from keys.models import Member

MAX_ZONE_LENGTH = 64  # the longest name in the time zone database has 32 characters


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a reader. `hours` is 12 or 24."""

    zone: tzinfo = UTC
    hours: int = 24


_clock: ContextVar[Clock] = ContextVar("clock", default=Clock())  # noqa: B039 - a Clock cannot be changed


@contextmanager
def use(clock: Clock) -> Iterator[None]:
    """Show times on this clock. It may be a lazy object, which is evaluated with the first time that is shown."""
    outer = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(outer)


def make_clock(zone: str, hours: int | None) -> Clock:
    """Return the clock. An unknown time zone becomes UTC, and anything but 12 becomes 24 hours."""
    return Clock(_find_zone(zone), 12 if hours == 12 else 24)


def member_clock(member: Member | None) -> Clock:
    """Return the clock that Pumble tells of the member."""
    return make_clock(member.time_zone, member.time_format) if member else Clock()


def current_zone() -> tzinfo:
    return _clock.get().zone


def localize(moment: datetime) -> datetime:
    """Return the moment in the reader's time zone. On the first and last day of the calendar it may stay as it is."""
    try:
        return moment.astimezone(current_zone())
    except OverflowError:
        return moment


def end_of_day(day: date) -> datetime:
    """Return the last second of the day in the reader's time zone. The last day of the calendar may end in UTC."""
    end = datetime.combine(day, time(23, 59, 59), tzinfo=current_zone())
    try:
        return end.astimezone(UTC)
    except OverflowError:
        return end.replace(tzinfo=UTC)


def exact_time(moment: datetime) -> str:
    """Return the time to the minute: `28 Nov 2026, 13:04 CET`."""
    return f"{short_date(moment)}, {time_of_day(moment)}"


def exact_time_to_the_second(moment: datetime) -> str:
    return f"{short_date(moment)}, {time_of_day(moment, seconds=True)}"


def utc_time(moment: datetime) -> str:
    """Return the time to the second in UTC, for the title of a time that is shown on the reader's clock."""
    with use(Clock()):
        return exact_time_to_the_second(moment)


def short_date(moment: datetime) -> str:
    """Return the day: `28 Nov 2026`."""
    return date_format(localize(moment), _("j M Y"))


def full_date(moment: datetime) -> str:
    """Return the day in words: `28 November 2026`."""
    return date_format(localize(moment), _("j F Y"))


def time_of_day(moment: datetime, *, seconds: bool = False) -> str:
    """Return the time of day with the time zone: `13:04 CET` or `1:04 PM CET`."""
    local = localize(moment)
    clock_format = (
        ("g:i:s A" if seconds else "g:i A") if _clock.get().hours == 12 else "H:i:s" if seconds else "H:i"
    )
    return f"{date_format(local, clock_format)} {_zone_name(local)}"


def _zone_name(local: datetime) -> str:
    """Return the abbreviation of the time zone. A zone without one is named by its distance from UTC."""
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def _find_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name[:MAX_ZONE_LENGTH]) if name else UTC
    except (KeyError, ValueError, OSError):  # unknown, not a name of a zone, or a folder of zones
        return UTC
