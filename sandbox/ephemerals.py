"""Ephemeral messages: visible to some people only.

They are kept in memory, never in the database, a log or the traffic list.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

MAX_MESSAGES = 2000


@dataclass(slots=True)
class Ephemeral:
    """An ephemeral message. `message` has the fields of a Message and is left out of the repr."""

    id: str
    channel_id: str
    author_id: str
    app_id: str
    users: set[str]
    message: dict[str, Any] = field(repr=False)


class EphemeralStore:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, Ephemeral] = {}

    def add(self, ephemeral: Ephemeral) -> None:
        with self._lock:
            while len(self._messages) >= MAX_MESSAGES:
                del self._messages[next(iter(self._messages))]
            self._messages[ephemeral.id] = ephemeral

    def get(self, ephemeral_id: str) -> Ephemeral | None:
        with self._lock:
            return self._messages.get(ephemeral_id)

    def visible_to(self, person_id: str, channel_id: str) -> list[Ephemeral]:
        return [
            ephemeral for ephemeral in self.all_visible_to(person_id) if ephemeral.channel_id == channel_id
        ]

    def all_visible_to(self, person_id: str) -> list[Ephemeral]:
        with self._lock:
            return [ephemeral for ephemeral in self._messages.values() if person_id in ephemeral.users]

    def hide_from(self, ephemeral_id: str, users: set[str]) -> None:
        """Hide the message from these people. Remove it when nobody can see it."""
        with self._lock:
            ephemeral = self._messages.get(ephemeral_id)
            if ephemeral:
                ephemeral.users -= users
                if not ephemeral.users:
                    del self._messages[ephemeral_id]

    def hide_all_from(self, person_id: str) -> None:
        with self._lock:
            ids = [ephemeral.id for ephemeral in self._messages.values() if person_id in ephemeral.users]
        for ephemeral_id in ids:
            self.hide_from(ephemeral_id, {person_id})

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()


EPHEMERALS = EphemeralStore()
