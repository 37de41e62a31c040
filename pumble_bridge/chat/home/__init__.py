"""The app's Home tab: its view and its publication."""

from pumble_bridge.chat.home.publisher import (
    count_stale,
    mark_expired,
    mark_missed,
    mark_stale,
    publish_due,
    worker,
)
from pumble_bridge.chat.home.view import (
    ADD_KEY,
    AUTHORIZE,
    DELETE,
    DELETE_KEY,
    DISABLE,
    ENABLE,
    KEY_ACTION,
    LANGUAGE,
    RENAME,
    RENEW,
    ROTATE,
    build,
)

__all__ = [
    "ADD_KEY",
    "AUTHORIZE",
    "DELETE",
    "DELETE_KEY",
    "DISABLE",
    "ENABLE",
    "KEY_ACTION",
    "LANGUAGE",
    "RENAME",
    "RENEW",
    "ROTATE",
    "build",
    "count_stale",
    "mark_expired",
    "mark_missed",
    "mark_stale",
    "publish_due",
    "worker",
]
