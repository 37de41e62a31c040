"""Elements that show a spinner after a click. Source: Pumble app platform reference, 3.6 (loadingTimeout)."""

import threading
import time
from dataclasses import dataclass

MOST_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Spinner:
    """`ends` is a `time.monotonic()` value; the app may end it before."""

    trigger_id: str
    app_id: str
    person_id: str
    source_type: str
    source_id: str
    on_action: str
    ends: float

    def shown(self) -> dict[str, str]:
        return {"sourceType": self.source_type, "sourceId": self.source_id, "onAction": self.on_action}


class SpinnerStore:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turning: dict[str, Spinner] = {}

    def start(self, spinner: Spinner) -> None:
        with self._lock:
            self._turning[spinner.trigger_id] = spinner

    def complete(self, app_id: str, source_type: str, source_id: str, trigger_id: str) -> None:
        """The app has finished; a spinner that is not its own, or not this one, turns on."""
        with self._lock:
            found = self._turning.get(trigger_id)
            named = (app_id, source_type, source_id)
            if found and (found.app_id, found.source_type, found.source_id) == named:
                del self._turning[trigger_id]

    def of(self, person_id: str) -> list[Spinner]:
        now = time.monotonic()
        with self._lock:
            self._turning = {key: one for key, one in self._turning.items() if one.ends > now}
            return [one for one in self._turning.values() if one.person_id == person_id]

    def clear(self) -> None:
        with self._lock:
            self._turning.clear()


SPINNERS = SpinnerStore()


def seconds(element: dict[str, object]) -> int:
    """The `loadingTimeout` of an element, a whole number from 0 to 15 whatever stands there."""
    wanted = element.get("loadingTimeout")
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
        return 0
    return int(min(max(wanted, 0), MOST_SECONDS))
