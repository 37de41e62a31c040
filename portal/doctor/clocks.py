"""Compare this machine's clock with others'. Hooks, signatures and expiry dates depend on it."""

import time
from email.utils import parsedate_to_datetime

from django.utils.translation import gettext_noop as _

from portal.doctor.findings import Finding, failure, ok, warning

MAX_SKEW, LARGE_SKEW = 5, 60  # seconds


def compare(check: str, skew: float, *, agrees: str, differs: str) -> Finding:
    """Return what a difference of `skew` seconds means. `differs` is a message with the value `seconds`."""
    seconds = round(abs(skew))
    if seconds <= MAX_SKEW:
        return ok(check, agrees)
    kind = failure if seconds > LARGE_SKEW else warning
    return kind(check, differs, _("Synchronize the clocks of both machines with NTP."), seconds=seconds)


def skew_of(date: str) -> float:
    """Return the seconds by which the clock of a `Date` header is ahead of this machine's. 0 without a valid header."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return 0.0
