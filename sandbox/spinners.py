"""Elements that show a spinner after a click. Source: Pumble app platform reference, 3.6 (loadingTimeout)."""

import threading
import time
from dataclasses import dataclass

MAX_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Spinner:
    """A spinner. `ends` is a `time.monotonic()` value; the app may end the spinner earlier."""

    trigger_id: str
    app_id: str
    person_id: str
    source_type: str
    source_id: str
    on_action: str
    ends: float

    def to_dict(self) -> dict[str, str]:
        return {"sourceType": self.source_type, "sourceId": self.source_id, "onAction": self.on_action}


class SpinnerStore:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spinners: dict[str, Spinner] = {}

    def start(self, spinner: Spinner) -> None:
        with self._lock:
            self._spinners[spinner.trigger_id] = spinner

    def complete(self, app_id: str, source_type: str, source_id: str, trigger_id: str) -> None:
        """End a spinner of this app. Ignore a trigger that belongs to another app or source."""
        with self._lock:
            spinner = self._spinners.get(trigger_id)
            source = (app_id, source_type, source_id)
            if spinner and (spinner.app_id, spinner.source_type, spinner.source_id) == source:
                del self._spinners[trigger_id]

    def for_person(self, person_id: str) -> list[Spinner]:
        now = time.monotonic()
        with self._lock:
            self._spinners = {key: spinner for key, spinner in self._spinners.items() if spinner.ends > now}
            return [spinner for spinner in self._spinners.values() if spinner.person_id == person_id]

    def clear(self) -> None:
        with self._lock:
            self._spinners.clear()


SPINNERS = SpinnerStore()


def loading_seconds(element: dict[str, object]) -> int:
    """Return the `loadingTimeout` of an element as a whole number from 0 to 15, whatever its value is."""
    value = element.get("loadingTimeout")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return int(min(max(value, 0), MAX_SECONDS))
