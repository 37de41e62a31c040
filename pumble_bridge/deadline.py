"""Wall-clock deadlines.

A read time-out starts anew with every byte, so it does not stop a peer that drips its headers. Here all waits of a call
share one budget.
"""

import contextlib
import threading
import time
from collections.abc import Iterator

_current = threading.local()


class DeadlineExceeded(TimeoutError):
    """The budget of the call is spent."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls on this thread end after `seconds` in all; an outer deadline stays in force."""
    outer: float | None = getattr(_current, "at", None)
    deadline = time.monotonic() + seconds
    _current.at = deadline if outer is None else min(deadline, outer)
    try:
        yield
    finally:
        _current.at = outer


def require_remaining() -> float:
    """Seconds remaining.

    Raises:
        DeadlineExceeded
    """
    seconds = remaining()
    if seconds <= 0:
        raise DeadlineExceeded
    return seconds


def remaining() -> float:
    """Seconds remaining, none or fewer once the budget is spent; a minute where nobody set a deadline."""
    at: float | None = getattr(_current, "at", None)
    return 60.0 if at is None else at - time.monotonic()
