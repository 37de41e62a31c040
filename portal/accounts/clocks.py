"""The clock on which a visitor sees times."""

from django.http import HttpRequest

from keys import times
from keys.models import Member
from keys.times import Clock

COOKIE = "clock"  # `static/portal/clock.js` sets it, for example to Europe/Madrid|24


def get_clock(request: HttpRequest) -> Clock:
    """Return the clock that Pumble tells of the member. Operators, visitors and members without one get the browser's."""
    if isinstance(request.user, Member) and request.user.time_zone:
        return times.member_clock(request.user)
    zone, _bar, hours = request.COOKIES.get(COOKIE, "").partition("|")
    return times.make_clock(zone, 12 if hours == "12" else 24)
