"""Ids in Pumble's format: 24 lower-case hex digits.

The first eight digits are a time in seconds, so ids sort by age.
"""

import secrets
import threading

from sandbox import clock


class IdGenerator:
    """Generates ids that never repeat and never decrease within a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = ""
        self._seconds = 0
        self._count = 0

    def generate(self, seconds: int) -> str:
        with self._lock:
            # Chosen at first use: two forks of one process must not share it.
            self._process = self._process or secrets.token_hex(5)
            self._seconds = max(self._seconds, seconds)
            self._count += 1
            return f"{self._seconds:08x}{self._process}{self._count:06x}"


_generator = IdGenerator()


def new_id() -> str:
    return _generator.generate(clock.now_ms() // 1000)
