"""Messages that only some people see. They live here, in memory, and nowhere else: no row, no log, no traffic entry."""

import threading
from dataclasses import dataclass, field
from typing import Any

CAPACITY = 2000


@dataclass(slots=True)
class Ephemeral:
    """`message` has the fields of a Message; it is kept out of any repr."""

    id: str
    channel_id: str
    author_id: str
    app_id: str
    users: set[str]
    message: dict[str, Any] = field(repr=False)


class EphemeralStore:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Ephemeral] = {}

    def add(self, ephemeral: Ephemeral) -> None:
        with self._lock:
            while len(self._kept) >= CAPACITY:
                del self._kept[next(iter(self._kept))]
            self._kept[ephemeral.id] = ephemeral

    def get(self, ephemeral_id: str) -> Ephemeral | None:
        with self._lock:
            return self._kept.get(ephemeral_id)

    def seen_by(self, person_id: str, channel_id: str) -> list[Ephemeral]:
        with self._lock:
            kept = list(self._kept.values())
        return [one for one in kept if one.channel_id == channel_id and person_id in one.users]

    def hide(self, ephemeral_id: str, users: set[str]) -> None:
        """These people see it no longer; unseen by all, it is gone."""
        with self._lock:
            found = self._kept.get(ephemeral_id)
            if found:
                found.users -= users
                if not found.users:
                    del self._kept[ephemeral_id]

    def forget(self, person_id: str) -> None:
        with self._lock:
            ids = [one.id for one in self._kept.values() if person_id in one.users]
        for ephemeral_id in ids:
            self.hide(ephemeral_id, {person_id})

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


STORE = EphemeralStore()
