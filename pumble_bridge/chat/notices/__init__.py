"""What the bot tells people of their keys: each fact once, as a direct message, in their language.

A notice is a row before it is a message. Rows come from audit events as they happen and from the clock; `maintenance`
adds what a crash left out and sends what is still waiting.
"""

from pumble_bridge.chat.notices.leak_buttons import LEAK_REVOKE, LEAK_TEST
from pumble_bridge.chat.notices.queue import enqueue, enqueue_due, enqueue_for_event, enqueue_missed
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
    "reconcile",
    "send_queued",
    "wake",
]
