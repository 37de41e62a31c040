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
_lines: dict[str, "queue.SimpleQueue[Delivery]"] = {}
_lock = threading.Lock()


def put(app_id: str, delivery: Delivery) -> None:
    with _lock:
        line = _lines.get(app_id)
        if line is None:
            line = _lines[app_id] = queue.SimpleQueue()
            threading.Thread(target=_work, args=(line,), name=f"events-{app_id}", daemon=True).start()
    line.put(delivery)


def clear() -> None:
    """Drop what has not been sent yet."""
    with _lock:
        lines = list(_lines.values())
    for line in lines:
        while not line.empty():
            try:
                line.get_nowait()
            except queue.Empty:
                break


def _work(line: "queue.SimpleQueue[Delivery]") -> None:
    while True:
        delivery = line.get()
        try:
            delivery()
        except Exception:
            logger.exception("event.failed")
        finally:
            connection.close()
