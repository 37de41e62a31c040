"""Clicks that are still being worked on: the element shows a spinner until the app says it is done, or its time is over.

Source: Pumble app platform reference, 3.6 (loadingTimeout).
"""

import threading
import time
from dataclasses import dataclass

LONGEST_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Interaction:
    person_id: str
    source_id: str
    on_action: str
    trigger_id: str
    until: float


class Interactions:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Interaction] = {}

    def begin(self, person_id: str, source_id: str, on_action: str, trigger_id: str, seconds: int) -> None:
        until = time.monotonic() + min(seconds, LONGEST_SECONDS)
        with self._lock:
            self._kept[trigger_id] = Interaction(person_id, source_id, on_action, trigger_id, until)

    def complete(self, trigger_id: str) -> None:
        with self._lock:
            self._kept.pop(trigger_id, None)

    def of(self, person_id: str) -> list[Interaction]:
        now = time.monotonic()
        with self._lock:
            self._kept = {key: one for key, one in self._kept.items() if one.until > now}
            return [one for one in self._kept.values() if one.person_id == person_id]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


RUNNING = Interactions()
