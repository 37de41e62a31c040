"""Protection from a Pumble that does not answer: a concurrency limit and a circuit breaker.

State is per process.
"""

import contextlib
import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager
from weakref import WeakValueDictionary

from django.conf import settings

from pumble_bridge import deadline, metrics
from pumble_bridge.exceptions import PumbleError, PumbleNotAsked, PumbleTimeout, PumbleUnavailable

log = logging.getLogger(__name__)

SLOT_TIMEOUT = 1.0  # seconds
FAILURE_THRESHOLD = 5
RESET_TIMEOUT = 5.0  # seconds

Clock = Callable[[], float]


class _Slots:
    """A semaphore that a thread enters in turn.

    `threading.Semaphore` lets new threads overtake waiting ones: with 16 threads and 6 slots of 20 ms, ten never got a slot.
    """

    def __init__(self, size: int, clock: Clock) -> None:
        self._turn, self._free = threading.Lock(), threading.Semaphore(size)
        self._clock, self._changed_at = clock, clock()

    def acquire(self) -> bool:
        """Take a slot and return True. Return False if no slot was taken or released for `SLOT_TIMEOUT`."""
        if not self._wait_for(self._turn):
            return False
        try:
            if not self._wait_for(self._free):
                return False
        finally:
            self._turn.release()
        self._changed_at = self._clock()
        return True

    def release(self) -> None:
        self._changed_at = self._clock()
        self._free.release()

    def _wait_for(self, lock: "threading.Lock | threading.Semaphore") -> bool:
        acquired = lock.acquire(blocking=False)
        while not acquired:
            timeout = min(self._changed_at + SLOT_TIMEOUT - self._clock(), deadline.remaining())
            if timeout <= 0:
                return False
            acquired = lock.acquire(timeout=timeout)
        return True


class ConcurrencyLimit:
    """Lets at most `total` threads wait for Pumble at once, and at most `per_workspace` for one workspace."""

    def __init__(self, name: str, *, total: int, per_workspace: int, clock: Clock = time.monotonic) -> None:
        self._name, self._per_workspace, self._clock = name, per_workspace, clock
        self._total = _Slots(total, clock)
        self._lock = threading.Lock()
        # Only workspaces with calls in flight have an entry.
        self._workspaces: WeakValueDictionary[Hashable, _Slots] = WeakValueDictionary()

    @contextlib.contextmanager
    def slot(self, workspace: Hashable) -> Iterator[None]:
        """Hold a slot for the time of the block.

        Raises:
            PumbleNotAsked: no slot became free in time.
        """
        with contextlib.ExitStack() as stack:
            for slots in (self._slots_of(workspace), self._total):
                if not slots.acquire():
                    metrics.PUMBLE_REJECTED.labels(self._name).inc()
                    log.warning("pumble.crowded", extra={"places": self._name, "workspace": workspace})
                    raise PumbleNotAsked(1)
                stack.callback(slots.release)
            yield

    def _slots_of(self, workspace: Hashable) -> _Slots:
        with self._lock:
            slots = self._workspaces.get(workspace)
            if slots is None:
                slots = self._workspaces[workspace] = _Slots(self._per_workspace, self._clock)
            return slots


class CircuitBreaker:
    """Opens after `FAILURE_THRESHOLD` failures in a row: no response, or a 5xx. Any other response closes it.

    While it is open, one trial call is let through every `RESET_TIMEOUT` seconds.
    """

    __slots__ = ("_answered_at", "_clock", "_failures", "_lock", "_retry_at", "_trying")

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._answered_at = self._retry_at = -math.inf
        self._trying = False

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURE_THRESHOLD

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Guard a block that makes one call. Its exceptions open or close the circuit.

        Raises:
            PumbleNotAsked: the circuit is open. The block was not entered.
        """
        began, tries = self._enter()
        try:
            yield
        except (PumbleUnavailable, PumbleTimeout):
            self._record_failure(began)
            raise
        except PumbleError:
            self._record_answer()
            raise
        else:
            self._record_answer()
        finally:
            if tries:
                self._trying = False

    def _enter(self) -> tuple[float, bool]:
        """Return when the call began, and whether it is a trial call."""
        with self._lock:
            now = self._clock()
            if self._failures < FAILURE_THRESHOLD:
                return now, False
            wait = self._retry_at - now
            if self._trying or wait > 0:
                raise PumbleNotAsked(max(1, math.ceil(wait)))
            self._trying = True
            return now, True

    def _record_failure(self, began: float) -> None:
        with self._lock:
            if began < self._answered_at:
                return  # other calls were answered meanwhile: the failure concerns this call alone
            self._failures += 1
            self._retry_at = self._clock() + RESET_TIMEOUT
            if self._failures == FAILURE_THRESHOLD:
                metrics.OPEN_CIRCUITS.inc()
                log.error("pumble.left_alone", extra={"failures": self._failures})

    def _record_answer(self) -> None:
        with self._lock:
            if self._failures >= FAILURE_THRESHOLD:
                metrics.OPEN_CIRCUITS.dec()
                log.warning("pumble.back", extra={"failures": self._failures})
            self._failures = 0
            self._answered_at = self._clock()


# Each workspace has its own breaker, so that calls of other workspaces cannot open it. Keys, hooks, notices and Home
# tabs share it.
_breakers: defaultdict[Hashable, CircuitBreaker] = defaultdict(CircuitBreaker)


def guard(workspace: Hashable) -> AbstractContextManager[None]:
    """Guard one call with the workspace's circuit breaker. None stands for calls of no workspace."""
    return _breakers[workspace].guard()


def count_open() -> int:
    """Return for how many workspaces this process does not call Pumble."""
    return sum(breaker.is_open for breaker in list(_breakers.values()))


def reset() -> None:
    """Forget all failures."""
    _breakers.clear()


# API calls, chat and pages have separate slots. An eighth of the threads is left for requests that do not call Pumble.
_eighth = max(1, settings.THREADS // 8)
CALLS = ConcurrencyLimit("calls", total=4 * _eighth, per_workspace=3 * _eighth)
CHAT = ConcurrencyLimit("chat", total=2 * _eighth, per_workspace=2 * _eighth)
PAGES = ConcurrencyLimit("pages", total=_eighth, per_workspace=_eighth)
# Uploads and downloads have threads of their own, beside `THREADS`.
FILES = ConcurrencyLimit("files", total=settings.FILE_THREADS, per_workspace=settings.FILE_THREADS)
