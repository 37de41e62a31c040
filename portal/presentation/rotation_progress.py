"""The two keys of a rotation or renewal that is not finished, for `presentation/rotation_in_progress.html`."""

from datetime import datetime
from typing import Any

from keys import selectors
from keys.models import ApiKey


def build_context(key: ApiKey, now: datetime) -> dict[str, Any]:
    """Return the older and the newer key until the grace period of the older one is over, else nothing."""
    if _is_being_replaced(key, now):
        return {"older": key, "newer": selectors.find_successor(key, now)}
    if key.replaces is not None and _is_being_replaced(key.replaces, now):
        return {"older": key.replaces, "newer": key}
    return {}


def _is_being_replaced(key: ApiKey, now: datetime) -> bool:
    return key.retires_at is not None and not key.state(now).is_over
