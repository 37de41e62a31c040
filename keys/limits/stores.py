"""Where the counts are: in Redis, shared by all processes, or in this process where there is none.

A window is a log of the last minute: exact at every moment, which the quotas of another service need. What one call
takes from several windows it takes at once or not at all. The `limits` library takes them one by one, with a round trip
each, and knows no shares.
"""

import contextlib
import itertools
import logging
import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from keys import sockets
from keys.limits.quotas import SECONDS, Standing, Window

log = logging.getLogger(__name__)

_AWAY_SECONDS = 2.0  # a Redis that failed is not asked again for so long, so that calls do not wait for it
_ANSWER_SECONDS = 0.25
_SWEEP_EVERY = 5000
_PREFIX = "pumble-keys:limit:"
_TAKE = (Path(__file__).parent / "take.lua").read_text()


class Store(Protocol):
    def take(self, windows: list[Window], *, only_look: bool = False) -> list[Standing]:
        """Take one from every window, or nothing from any if one refuses."""

    def answers(self) -> bool:
        """Whether the counts are where they belong."""


class MemoryStore:
    """Counts of this process. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, deque[tuple[float, str]]] = {}
        self._takes = itertools.count(1)

    def take(self, windows: list[Window], *, only_look: bool = False) -> list[Standing]:
        with self._lock:
            now = self._clock()
            if next(self._takes) % _SWEEP_EVERY == 0:
                self._logs = {n: entries for n, entries in self._logs.items() if self._fresh(entries, now)}
            looked_at = [(window, self._log(window.name, now)) for window in windows]
            rooms = [_room(window, entries) for window, entries in looked_at]
            takes = 0 if min(rooms) <= 0 or only_look else 1
            standings = [
                _standing(window, entries, room, now, takes)
                for (window, entries), room in zip(looked_at, rooms, strict=True)
            ]
            if takes:
                for window, entries in looked_at:
                    entries.append((now, window.holder))
            return standings

    def answers(self) -> bool:
        return True

    def _log(self, name: str, now: float) -> deque[tuple[float, str]]:
        return self._fresh(self._logs.setdefault(name, deque()), now)

    @staticmethod
    def _fresh(entries: deque[tuple[float, str]], now: float) -> deque[tuple[float, str]]:
        while entries and entries[0][0] <= now - SECONDS:
            entries.popleft()
        return entries


class RedisStore:
    """Counts that all processes share, by the clock of Redis. While it is away the process counts for itself."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # once, for a kept connection that Redis has closed
            protocol=2,  # the older one is read in half the time
        )
        self._idle: deque[Any] = deque()
        self._takes = itertools.count()
        self._nonce = secrets.token_hex(8)  # of this process, so that no two takes are one
        self._script = self._redis.register_script(_TAKE)
        self._stand_in = MemoryStore()
        self._away_until = 0.0

    def take(self, windows: list[Window], *, only_look: bool = False) -> list[Standing]:
        if time.monotonic() < self._away_until:
            return self._stand_in.take(windows, only_look=only_look)
        asked: list[str | int] = [f"{self._nonce}{next(self._takes):x}", int(only_look)]
        for window in windows:
            asked += [window.limit, window.reserve, window.holder, int(window.keeps_room)]
        try:
            answers = self._run([_PREFIX + window.name for window in windows], asked)
        except redis.RedisError as error:
            log.warning("limits.redis_away", extra={"kind": type(error).__name__, "said": str(error)})
            self._away_until = time.monotonic() + _AWAY_SECONDS
            return self._stand_in.take(windows, only_look=only_look)
        numbers = map(int, answers.split())
        return [
            Standing(window, remaining, milliseconds / 1000, refused > 0, refused > 1)
            for window, remaining, milliseconds, refused in zip(
                windows, numbers, numbers, numbers, strict=True
            )
        ]

    def _run(self, names: list[str], asked: list[str | int]) -> bytes:
        """What the script answers. Past the library's own way to a command, which computes longer than Redis does."""
        arguments = (len(names), *names, *asked)
        with contextlib.suppress(IndexError, redis.ConnectionError):  # none is kept, or Redis has closed it
            return self._ask(self._idle.pop(), arguments)
        return self._ask(self._connect(), arguments)

    def _connect(self) -> Any:
        pool = self._redis.connection_pool  # its own connections are counted, and never given back
        connection = pool.connection_class(**pool.connection_kwargs)
        connection.connect()
        connection._sock.settimeout(None)  # noqa: SLF001 - the library knows but its own time-out
        sockets.let_reads_take(connection._sock, _ANSWER_SECONDS)  # noqa: SLF001 - as above
        sockets.let_writes_take(connection._sock, _ANSWER_SECONDS)  # noqa: SLF001 - as above
        return connection

    def _ask(self, connection: Any, arguments: tuple[str | int, ...]) -> bytes:
        try:
            connection.send_packed_command([_packed("EVALSHA", self._script.sha, *arguments)])
            try:
                answer: bytes = connection.read_response()
            except redis.exceptions.NoScriptError:
                connection.send_packed_command([_packed("EVAL", _TAKE, *arguments)])
                answer = connection.read_response()
        except BaseException as error:
            connection.disconnect()
            if isinstance(error.__context__, BlockingIOError):
                raise redis.TimeoutError from error  # it is there, but slow: not to be asked again
            raise
        self._idle.append(connection)
        return answer

    def answers(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False


@cache
def store() -> Store:
    """The store of this process."""
    return RedisStore(settings.REDIS_URL) if settings.REDIS_URL else MemoryStore()


def _packed(*words: str | int) -> bytes:
    """A command as Redis reads it."""
    encoded = [str(word).encode() for word in words]
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(one), one) for one in encoded]))


def _room(window: Window, entries: deque[tuple[float, str]]) -> int:
    """Return how many more the holder may take while nobody else takes any; 0 or less where the window refuses.

    That is all that is left before the reserve, or all that is left of the holder's share of the window.
    """
    taken, common = len(entries), window.limit - window.reserve
    if not window.reserve or (window.keeps_room and taken < common - window.reserve):
        return (
            common - taken
        )  # in a busy workspace counting takes 1 ms: the figure errs by a tenth, to the safe side
    holders = [holder for _at, holder in entries]
    share = math.ceil(window.limit / (len({*holders, window.holder}) + window.keeps_room))
    return max(common - taken, min(share - holders.count(window.holder), window.limit - taken))


def _standing(
    window: Window, entries: deque[tuple[float, str]], room: int, now: float, takes: int
) -> Standing:
    refused, taken = room <= 0, len(entries)
    had_share = refused and taken < window.limit
    ceiling = window.limit - window.reserve if had_share else window.limit
    leaves_first = entries[min(max(taken - ceiling, 0), taken - 1)][0] if entries else now
    return Standing(window, max(room - takes, 0), leaves_first + SECONDS - now, refused, had_share)
