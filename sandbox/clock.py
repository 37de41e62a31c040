"""The current time in epoch milliseconds, and the two formats in which Pumble writes times."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    return int(time.time() * 1000)


def to_second(milliseconds: int) -> int:
    """Cut to whole seconds, as message times are. Source: Pumble app platform reference, 5.5."""
    return milliseconds // 1000 * 1000


def iso_seconds(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(milliseconds: int) -> str:
    """Format with milliseconds. 0 means "never" and has none."""
    if not milliseconds:
        return "1970-01-01T00:00:00Z"
    whole = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
