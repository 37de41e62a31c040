"""Rate limits of the platform: sliding windows of one minute. Source: Pumble app platform reference, 6.2."""

import threading
import time
from collections import deque
from dataclasses import dataclass

from sandbox.exceptions import TooManyRequests
from sandbox.switches import SWITCHES

WINDOW = 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    maximum: int


APP = Limit("app", 3000)
TOKEN = Limit("token", 1000)
NEW_MESSAGE = Limit("message", 80)
NEW_REPLY = Limit("reply", 80)
NEW_CHANNEL = Limit("channel", 60)
NEW_REACTION = Limit("reaction", 60)
NEW_SCHEDULED = Limit("scheduled message", 60)
HOME_VIEW = Limit("home view", 20)


class SlidingWindows:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hits: dict[tuple[str, ...], deque[float]] = {}

    def hit(self, limit: Limit, *key: str) -> None:
        """Count one call.

        Raises:
            TooManyRequests: the limit is reached. The refused call is not counted.
        """
        if not SWITCHES.rate_limits:
            return
        now = time.monotonic()
        with self._lock:
            hits = self._hits.setdefault((limit.name, *key), deque())
            while hits and hits[0] <= now - WINDOW:
                hits.popleft()
            if len(hits) >= limit.maximum:
                raise TooManyRequests(retry_after=max(1, round(hits[0] + WINDOW - now + 0.5)))
            hits.append(now)

    def clear(self) -> None:
        with self._lock:
            self._hits.clear()


WINDOWS = SlidingWindows()
