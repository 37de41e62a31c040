"""Queues of events: one for each app, so that a slow app delays no other.

The threads are daemons: events need not survive the end of the process.
"""

import logging
import queue
import threading
from collections.abc import Callable

from django.db import connection

logger = logging.getLogger(__name__)
Delivery = Callable[[], None]
_queues: dict[str, "queue.SimpleQueue[Delivery]"] = {}
_lock = threading.Lock()


def enqueue(app_id: str, delivery: Delivery) -> None:
    with _lock:
        waiting = _queues.get(app_id)
        if waiting is None:
            waiting = _queues[app_id] = queue.SimpleQueue()
            threading.Thread(target=_deliver, args=(waiting,), name=f"events-{app_id}", daemon=True).start()
    waiting.put(delivery)


def clear() -> None:
    """Drop all events that were not sent yet."""
    with _lock:
        queues = list(_queues.values())
    for waiting in queues:
        while not waiting.empty():
            try:
                waiting.get_nowait()
            except queue.Empty:
                break


def _deliver(waiting: "queue.SimpleQueue[Delivery]") -> None:
    while True:
        delivery = waiting.get()
        try:
            delivery()
        except Exception:
            logger.exception("event.failed")
        finally:
            connection.close()
