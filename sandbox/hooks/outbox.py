"""Events on their way: one line of waiting deliveries for each app, so that one slow app delays no other.

Daemon threads: a process that ends does not wait for them, as events are not promised to survive it.
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
    """Drop what has not been sent yet."""
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
