"""Wall-clock deadlines of a thread.

A read timeout starts again with every byte, so it does not stop a peer that sends its headers slowly. Here all waits
of a call share one deadline.
"""

import contextlib
import threading
import time
from collections.abc import Iterator

_current = threading.local()


class DeadlineExceeded(TimeoutError):
    """The deadline of the call has passed."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give this thread `seconds` for the block. An earlier outer deadline stays in force."""
    outer: float | None = getattr(_current, "at", None)
    deadline = time.monotonic() + seconds
    _current.at = deadline if outer is None else min(deadline, outer)
    try:
        yield
    finally:
        _current.at = outer


def require_remaining() -> float:
    """Return the seconds until the deadline.

    Raises:
        DeadlineExceeded: no time is left.
    """
    seconds = remaining()
    if seconds <= 0:
        raise DeadlineExceeded
    return seconds


def remaining() -> float:
    """Return the seconds until the deadline: 0 or less if it has passed, 60 if there is no deadline."""
    at: float | None = getattr(_current, "at", None)
    return 60.0 if at is None else at - time.monotonic()
