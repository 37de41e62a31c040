"""Where the counts are kept: in Redis for all processes, or in this process where there is no Redis.

A window is a log of the last minute. It is exact at every moment, which the quotas of another service need. A call takes
from several windows at once or from none. The `limits` library takes from one window per round trip, and knows no
shares.
"""

import itertools
import logging
import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import redis
from django.conf import settings
from redis.commands.core import Script

from keys import chain_numbers, redis_client
from keys.limits.windows import SECONDS, LimitStatus, RateLimit

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0  # a Redis that failed is not asked again for so long, so that calls do not wait for it
_SWEEP_EVERY = 5000
_PREFIX = redis_client.PREFIX + "limit:"
_SLIDING_WINDOW = (Path(__file__).parent / "sliding_window.lua").read_text()


class Backend(Protocol):
    def hit(self, windows: list[RateLimit]) -> list[LimitStatus]:
        """Take one from every window, or nothing from any if one refuses."""

    def test(self, windows: list[RateLimit]) -> list[LimitStatus]:
        """Return how the windows stand. Nothing is taken."""

    def hit_if_current(
        self, windows: list[RateLimit], workspace: str, number: int
    ) -> list[LimitStatus] | None:
        """`hit`, if the workspace's number is this one. Otherwise, and where nobody can say, take nothing: None."""

    def publish(self, workspace: str, number: int, token: str) -> int | None:
        """Tell Redis of a number that was just read, as `chain_number.lua` says; None where Redis is away."""

    def is_available(self) -> bool:
        """Whether the counts are where they belong."""


class MemoryBackend:
    """Counts of this process. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, deque[tuple[float, str]]] = {}
        self._hits = itertools.count(1)

    def hit(self, windows: list[RateLimit]) -> list[LimitStatus]:
        return self._look_at(windows, takes=1)

    def test(self, windows: list[RateLimit]) -> list[LimitStatus]:
        return self._look_at(windows, takes=0)

    def hit_if_current(
        self, windows: list[RateLimit], workspace: str, number: int
    ) -> list[LimitStatus] | None:
        return None

    def publish(self, workspace: str, number: int, token: str) -> int | None:
        return None

    def is_available(self) -> bool:
        return True

    def _look_at(self, windows: list[RateLimit], *, takes: int) -> list[LimitStatus]:
        with self._lock:
            now = self._clock()
            if next(self._hits) % _SWEEP_EVERY == 0:
                self._logs = {n: entries for n, entries in self._logs.items() if self._fresh(entries, now)}
            looked_at = [(window, self._log(window.name, now)) for window in windows]
            rooms = [_available(window, entries) for window, entries in looked_at]
            if min(rooms) <= 0:
                takes = 0
            standings = [
                _status(window, entries, room, now, takes)
                for (window, entries), room in zip(looked_at, rooms, strict=True)
            ]
            if takes:
                for window, entries in looked_at:
                    entries.append((now, window.holder))
            return standings

    def _log(self, name: str, now: float) -> deque[tuple[float, str]]:
        return self._fresh(self._logs.setdefault(name, deque()), now)

    @staticmethod
    def _fresh(entries: deque[tuple[float, str]], now: float) -> deque[tuple[float, str]]:
        while entries and entries[0][0] <= now - SECONDS:
            entries.popleft()
        return entries


class RedisBackend:
    """Counts that all processes share, by the clock of Redis. While it is away this process counts for itself."""

    def __init__(self, url: str) -> None:
        self._redis = redis_client.get_client(url)
        self._window_script = self._redis.register_script(_SLIDING_WINDOW)
        self._number_script = self._redis.register_script(chain_numbers.SCRIPT)
        self._hits = itertools.count()
        self._nonce = secrets.token_hex(8)  # of this process, so that no two hits are one
        self._stand_in = MemoryBackend()
        self._away_until = 0.0

    def hit(self, windows: list[RateLimit]) -> list[LimitStatus]:
        standings = self._look_at(windows, takes=1)
        return self._stand_in.hit(windows) if standings is None else standings

    def test(self, windows: list[RateLimit]) -> list[LimitStatus]:
        standings = self._look_at(windows, takes=0)
        return self._stand_in.test(windows) if standings is None else standings

    def hit_if_current(
        self, windows: list[RateLimit], workspace: str, number: int
    ) -> list[LimitStatus] | None:
        return self._look_at(windows, takes=1, current=(chain_numbers.redis_key(workspace), number))

    def publish(self, workspace: str, number: int, token: str) -> int | None:
        answer = self._ask(self._number_script, [chain_numbers.redis_key(workspace)], [number, token])
        return None if answer is None else int(answer)

    def is_available(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False

    def _look_at(
        self, windows: list[RateLimit], *, takes: int, current: tuple[str, int] | None = None
    ) -> list[LimitStatus] | None:
        """Return how the windows stand; None where the number is not `current`, or Redis is away."""
        names = [_PREFIX + window.name for window in windows]
        arguments: list[str | int] = [f"{self._nonce}{next(self._hits):x}", takes]
        if current is None:
            arguments.append("")
        else:
            names.append(current[0])
            arguments.append(current[1])
        for window in windows:
            arguments += [window.limit, window.reserve, window.holder, int(window.keeps_room)]
        answer = self._ask(self._window_script, names, arguments)
        if answer is None:
            return None
        numbers = map(int, answer.split())
        return [
            LimitStatus(window, remaining, milliseconds / 1000, refused > 0, refused > 1)
            for window, remaining, milliseconds, refused in zip(
                windows, numbers, numbers, numbers, strict=True
            )
        ]

    def _ask(self, script: Script, names: Sequence[str], arguments: Sequence[str | int]) -> bytes | None:
        """Return what the script answers, which may be None; None also where Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            answer: Any = script(keys=names, args=arguments)
        except redis.RedisError as error:
            log.warning("limits.redis_away", extra={"kind": type(error).__name__, "said": str(error)})
            self._away_until = time.monotonic() + _RETRY_SECONDS
            return None
        return None if answer is None else bytes(answer)


@cache
def backend() -> Backend:
    """Return the backend of this process."""
    return RedisBackend(settings.REDIS_URL) if settings.REDIS_URL else MemoryBackend()


def _available(window: RateLimit, entries: deque[tuple[float, str]]) -> int:
    """Return how many more the holder may take while nobody else takes any; 0 or less where the window refuses.

    That is all that is left before the reserve, or all that is left of the holder's share of the window.
    """
    taken, common = len(entries), window.limit - window.reserve
    if not window.reserve:
        return common - taken
    holders = [holder for _at, holder in entries]
    share = math.ceil(window.limit / (len({*holders, window.holder}) + window.keeps_room))
    return max(common - taken, min(share - holders.count(window.holder), window.limit - taken))


def _status(
    window: RateLimit, entries: deque[tuple[float, str]], room: int, now: float, takes: int
) -> LimitStatus:
    refused, taken = room <= 0, len(entries)
    had_share = refused and taken < window.limit
    ceiling = window.limit - window.reserve if had_share else window.limit
    leaves_first = entries[min(max(taken - ceiling, 0), taken - 1)][0] if entries else now
    return LimitStatus(window, max(room - takes, 0), leaves_first + SECONDS - now, refused, had_share)
