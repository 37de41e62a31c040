"""The traffic list: API calls received and hooks sent, in order, without tokens, keys, secrets or codes."""

import threading
from collections import deque
from typing import Any

from sandbox import clock
from sandbox.redaction import redact_text, redact_url

MAX_ENTRIES = 5000
# Bodies need the most memory, so only the latest entries keep theirs.
MAX_ENTRIES_WITH_BODY = 1000
MAX_BODY_SIZE = 64 * 1024
MAX_SHOWN_BODY_LENGTH = 20_000

Entry = dict[str, Any]
_BODY_KEYS = ("sent", "received")


class TrafficLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._count = 0

    def begin(self, kind: str, method: str, url: str, *, sent: bytes = b"", **details: object) -> Entry:
        """Add an entry for a call that begins. `status` and `durationMs` are null until it ends."""
        body = readable_body(sent)
        with self._lock:
            self._count += 1
            entry: Entry = {
                "id": self._count,
                "at": clock.now_ms(),
                "kind": kind,
                "method": method,
                "url": redact_url(url),
                "status": None,
                "durationMs": None,
                "sent": body,
                "received": "",
                **details,
            }
            self._entries.append(entry)
            if len(self._entries) > MAX_ENTRIES_WITH_BODY:
                self._entries[-MAX_ENTRIES_WITH_BODY - 1].update(dict.fromkeys(_BODY_KEYS, ""))
            return entry

    def end(self, entry: Entry, status: int | None, *, received: bytes = b"", **details: object) -> None:
        body = readable_body(received)
        with self._lock:
            entry.update(status=status, durationMs=clock.now_ms() - entry["at"], received=body, **details)

    def since(self, cursor: int, *, bodies: bool = False) -> list[Entry]:
        """Return entries after the id `cursor`. A cursor of 13 digits is an epoch millisecond instead."""
        with self._lock:
            entries = [dict(entry) for entry in self._entries]
        key = "at" if cursor >= 10**12 else "id"
        selected = [
            entry for entry in entries if (entry["at"] >= cursor if key == "at" else entry["id"] > cursor)
        ]
        if not bodies:
            for entry in selected:
                for name in _BODY_KEYS:
                    del entry[name]
        return selected

    def clear(self) -> None:
        """Remove all entries. The numbering continues, so that a reader with a cursor misses no entry."""
        with self._lock:
            self._entries.clear()


def readable_body(raw: bytes) -> str:
    """Return a body as text without secrets, truncated if it is long."""
    if not raw:
        return ""
    try:
        text = raw[:MAX_BODY_SIZE].decode("utf-8", errors="strict" if len(raw) <= MAX_BODY_SIZE else "ignore")
    except UnicodeDecodeError:
        return f"({len(raw)} bytes that are not text)"
    redacted = redact_text(text)
    return redacted if len(redacted) <= MAX_SHOWN_BODY_LENGTH else redacted[:MAX_SHOWN_BODY_LENGTH] + "…"


TRAFFIC = TrafficLog()
