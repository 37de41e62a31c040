"""Where the counts are kept: in Redis for all processes, or in this process if there is no Redis.

The window is a log of the last 60 seconds, so a limit is exact at every moment, as the quotas of Pumble require. A call
hits several limits together or none. The `limits` library hits one limit per round trip, and has no fair shares.
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

_RETRY_SECONDS = 2.0  # after a failure, so that calls do not wait for a Redis that is away
_SWEEP_EVERY = 5000
_PREFIX = redis_client.PREFIX + "limit:"
_SLIDING_WINDOW = (Path(__file__).parent / "sliding_window.lua").read_text()


class Backend(Protocol):
    def hit(self, rate_limits: list[RateLimit]) -> list[LimitStatus]:
        """Hit every rate limit, or none if one refuses. Return the status of each."""

    def test(self, rate_limits: list[RateLimit]) -> list[LimitStatus]:
        """Return the status of each rate limit without a hit."""

    def hit_if_current(
        self, rate_limits: list[RateLimit], workspace: str, number: int
    ) -> list[LimitStatus] | None:
        """Hit the rate limits if `number` is the workspace's current number. Return None if it is not, or if that is unknown."""

    def publish(self, workspace: str, number: int, token: str) -> int | None:
        """Send Redis a number that was just read: see `chain_number.lua`. Return its number, or None without Redis."""

    def is_available(self) -> bool:
        """Return whether the counts can be reached."""


class MemoryBackend:
    """Counts of this process only. `clock` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, deque[tuple[float, str]]] = {}
        self._calls = itertools.count(1)

    def hit(self, rate_limits: list[RateLimit]) -> list[LimitStatus]:
        return self._evaluate(rate_limits, hits=1)

    def test(self, rate_limits: list[RateLimit]) -> list[LimitStatus]:
        return self._evaluate(rate_limits, hits=0)

    def hit_if_current(
        self, rate_limits: list[RateLimit], workspace: str, number: int
    ) -> list[LimitStatus] | None:
        return None

    def publish(self, workspace: str, number: int, token: str) -> int | None:
        return None

    def is_available(self) -> bool:
        return True

    def _evaluate(self, rate_limits: list[RateLimit], *, hits: int) -> list[LimitStatus]:
        with self._lock:
            now = self._clock()
            if next(self._calls) % _SWEEP_EVERY == 0:
                self._logs = {
                    counter: entries
                    for counter, entries in self._logs.items()
                    if self._drop_expired(entries, now)
                }
            logs = [self._log(rate_limit.counter, now) for rate_limit in rate_limits]
            available = [
                _available(rate_limit, entries) for rate_limit, entries in zip(rate_limits, logs, strict=True)
            ]
            if min(available) <= 0:
                hits = 0
            statuses = [
                _status(rate_limit, entries, count, now, hits)
                for rate_limit, entries, count in zip(rate_limits, logs, available, strict=True)
            ]
            if hits:
                for rate_limit, entries in zip(rate_limits, logs, strict=True):
                    entries.append((now, rate_limit.holder))
            return statuses

    def _log(self, counter: str, now: float) -> deque[tuple[float, str]]:
        return self._drop_expired(self._logs.setdefault(counter, deque()), now)

    @staticmethod
    def _drop_expired(entries: deque[tuple[float, str]], now: float) -> deque[tuple[float, str]]:
        while entries and entries[0][0] <= now - SECONDS:
            entries.popleft()
        return entries


class RedisBackend:
    """Counts that all processes share, by the clock of Redis. While Redis is away, this process counts for itself."""

    def __init__(self, url: str) -> None:
        self._redis = redis_client.get_client(url)
        self._window_script = self._redis.register_script(_SLIDING_WINDOW)
        self._number_script = self._redis.register_script(chain_numbers.SCRIPT)
        self._calls = itertools.count()
        self._nonce = secrets.token_hex(8)  # of this process, so that no two hits are the same entry
        self._fallback = MemoryBackend()
        self._away_until = 0.0

    def hit(self, rate_limits: list[RateLimit]) -> list[LimitStatus]:
        statuses = self._evaluate(rate_limits, hits=1)
        return self._fallback.hit(rate_limits) if statuses is None else statuses

    def test(self, rate_limits: list[RateLimit]) -> list[LimitStatus]:
        statuses = self._evaluate(rate_limits, hits=0)
        return self._fallback.test(rate_limits) if statuses is None else statuses

    def hit_if_current(
        self, rate_limits: list[RateLimit], workspace: str, number: int
    ) -> list[LimitStatus] | None:
        return self._evaluate(rate_limits, hits=1, current=(chain_numbers.redis_key(workspace), number))

    def publish(self, workspace: str, number: int, token: str) -> int | None:
        answer = self._run(self._number_script, [chain_numbers.redis_key(workspace)], [number, token])
        return None if answer is None else int(answer)

    def is_available(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False

    def _evaluate(
        self, rate_limits: list[RateLimit], *, hits: int, current: tuple[str, int] | None = None
    ) -> list[LimitStatus] | None:
        """Return the status of each rate limit, or None if Redis is away.

        Args:
            hits: 1, or 0 to only test.
            current: the Redis key of a workspace's number, and the number expected there. Return None if it is another.
        """
        names = [_PREFIX + rate_limit.counter for rate_limit in rate_limits]
        arguments: list[str | int] = [f"{self._nonce}{next(self._calls):x}", hits]
        if current is None:
            arguments.append("")
        else:
            names.append(current[0])
            arguments.append(current[1])
        for rate_limit in rate_limits:
            for_newcomers = int(rate_limit.reserve_for_newcomers)
            arguments += [rate_limit.limit, rate_limit.reserve, rate_limit.holder, for_newcomers]
        answer = self._run(self._window_script, names, arguments)
        if answer is None:
            return None
        numbers = map(int, answer.split())
        return [
            LimitStatus(rate_limit, remaining, milliseconds / 1000, refused > 0, refused > 1)
            for rate_limit, remaining, milliseconds, refused in zip(
                rate_limits, numbers, numbers, numbers, strict=True
            )
        ]

    def _run(self, script: Script, names: Sequence[str], arguments: Sequence[str | int]) -> bytes | None:
        """Return the answer of the script, which may be None. Return None if Redis is away, too."""
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


def _available(rate_limit: RateLimit, entries: deque[tuple[float, str]]) -> int:
    """Return how many more hits the holder has if no other holder hits the limit; 0 or less if it refuses.

    The holder has all hits before the reserve, or the rest of its share of the limit, whichever is more.
    """
    used, common = len(entries), rate_limit.limit - rate_limit.reserve
    if not rate_limit.reserve:
        return common - used
    holders = [holder for _at, holder in entries]
    shares = len({*holders, rate_limit.holder}) + rate_limit.reserve_for_newcomers
    share = math.ceil(rate_limit.limit / shares)
    return max(common - used, min(share - holders.count(rate_limit.holder), rate_limit.limit - used))


def _status(
    rate_limit: RateLimit, entries: deque[tuple[float, str]], available: int, now: float, hits: int
) -> LimitStatus:
    refused, used = available <= 0, len(entries)
    share_used_up = refused and used < rate_limit.limit
    ceiling = rate_limit.limit - rate_limit.reserve if share_used_up else rate_limit.limit
    first_to_expire = entries[min(max(used - ceiling, 0), used - 1)][0] if entries else now
    age = now - first_to_expire  # rounding cannot make the reset longer than the window, as a sum could
    return LimitStatus(rate_limit, max(available - hits, 0), SECONDS - age, refused, share_used_up)
