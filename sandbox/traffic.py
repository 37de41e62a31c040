"""What went over the wire, in order: API calls received and hooks sent, without tokens, keys, secrets or codes."""

import threading
from collections import deque
from typing import Any

from sandbox import clock
from sandbox.redaction import masked_text, masked_url

CAPACITY = 5000
# Bodies are what takes the room, so only those of the latest entries are kept.
BODIES = 1000
LONGEST_BODY = 64 * 1024
SHOWN_BODY = 20_000

Entry = dict[str, Any]
_BODY_KEYS = ("sent", "received")


class Traffic:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self._count = 0

    def begin(self, kind: str, method: str, url: str, *, sent: bytes = b"", **facts: object) -> Entry:
        """Note that a call began; `status` and `durationMs` are null until it ends."""
        body = readable(sent)
        with self._lock:
            self._count += 1
            entry: Entry = {
                "id": self._count,
                "at": clock.now_ms(),
                "kind": kind,
                "method": method,
                "url": masked_url(url),
                "status": None,
                "durationMs": None,
                "sent": body,
                "received": "",
                **facts,
            }
            self._entries.append(entry)
            if len(self._entries) > BODIES:
                self._entries[-BODIES - 1].update(dict.fromkeys(_BODY_KEYS, ""))
            return entry

    def end(self, entry: Entry, status: int | None, *, received: bytes = b"", **facts: object) -> None:
        body = readable(received)
        with self._lock:
            entry.update(status=status, durationMs=clock.now_ms() - entry["at"], received=body, **facts)

    def since(self, mark: int, *, bodies: bool = False) -> list[Entry]:
        """Entries after the id `mark`, or, for a mark of 13 digits, from that epoch millisecond on."""
        with self._lock:
            entries = [dict(entry) for entry in self._entries]
        by = "at" if mark >= 10**12 else "id"
        found = [entry for entry in entries if (entry["at"] >= mark if by == "at" else entry["id"] > mark)]
        if not bodies:
            for entry in found:
                for key in _BODY_KEYS:
                    del entry[key]
        return found

    def clear(self) -> None:
        """Forget all entries; the numbering goes on, so that whoever asks for later ones misses none."""
        with self._lock:
            self._entries.clear()


def readable(raw: bytes) -> str:
    """A body as a person may see it: masked, and cut where it is long."""
    if not raw:
        return ""
    try:
        text = raw[:LONGEST_BODY].decode("utf-8", errors="strict" if len(raw) <= LONGEST_BODY else "ignore")
    except UnicodeDecodeError:
        return f"({len(raw)} bytes that are not text)"
    shown = masked_text(text)
    return shown if len(shown) <= SHOWN_BODY else shown[:SHOWN_BODY] + "…"


LOG = Traffic()
