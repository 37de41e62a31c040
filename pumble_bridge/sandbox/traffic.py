"""What went over the wire, in order: API calls received and hooks sent. No bodies, no tokens, no codes."""

import re
import threading
from collections import deque
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pumble_bridge.sandbox import clock

CAPACITY = 5000
_SECRET_NAME = re.compile(r"code|state|token|secret|key", re.IGNORECASE)

Entry = dict[str, Any]


def masked(url: str) -> str:
    """The address with the value of every query parameter that could be a secret struck out."""
    parts = urlsplit(url)
    query = [(name, "***" if _SECRET_NAME.search(name) else value) for name, value in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(query, safe="*,"), fragment="").geturl()


class Traffic:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self._count = 0

    def begin(self, kind: str, method: str, url: str, **facts: object) -> Entry:
        """Note that a call began; `status` and `durationMs` are null until it ends."""
        with self._lock:
            self._count += 1
            entry: Entry = {
                "id": self._count,
                "at": clock.now_ms(),
                "kind": kind,
                "method": method,
                "url": masked(url),
                "status": None,
                "durationMs": None,
                **facts,
            }
            self._entries.append(entry)
            return entry

    def end(self, entry: Entry, status: int | None, **facts: object) -> None:
        with self._lock:
            entry.update(status=status, durationMs=clock.now_ms() - entry["at"], **facts)

    def since(self, mark: int) -> list[Entry]:
        """Entries after the id `mark`, or, for a mark of 13 digits, from that epoch millisecond on."""
        with self._lock:
            entries = [dict(entry) for entry in self._entries]
        by = "at" if mark >= 10**12 else "id"
        return [entry for entry in entries if (entry["at"] >= mark if by == "at" else entry["id"] > mark)]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._count = 0


LOG = Traffic()
