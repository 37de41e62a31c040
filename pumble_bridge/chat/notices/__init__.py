"""Notices: direct messages from the bot about a member's keys, each sent once, in the member's language.

A notice is stored before it is sent. Notices come from audit events and from the clock. `maintenance` adds notices that
a crash prevented, and sends notices that are still queued.
"""

from pumble_bridge.chat.notices.leak_texts import LEAK_REVOKE, LEAK_TEST
from pumble_bridge.chat.notices.queue import (
    enqueue,
    enqueue_due,
    enqueue_for_event,
    enqueue_missed,
    recipients,
)
from pumble_bridge.chat.notices.sender import count_queued, prune, reconcile, send_queued, wake

__all__ = [
    "LEAK_REVOKE",
    "LEAK_TEST",
    "count_queued",
    "enqueue",
    "enqueue_due",
    "enqueue_for_event",
    "enqueue_missed",
    "prune",
    "recipients",
    "reconcile",
    "send_queued",
    "wake",
]
