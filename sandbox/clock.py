"""The local Pumble's clock, in epoch milliseconds, and its two written forms of a time."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    return int(time.time() * 1000)


def to_second(milliseconds: int) -> int:
    """Message times are cut to whole seconds. Source: Pumble app platform reference, 5.5."""
    return milliseconds // 1000 * 1000


def iso_seconds(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(milliseconds: int) -> str:
    """With milliseconds, except for "never" (0), which has none."""
    if not milliseconds:
        return "1970-01-01T00:00:00Z"
    whole = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
