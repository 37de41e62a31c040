"""Leaves Pumble alone while it does not answer: after some failures in a row only one call at a time tries again.

Each workspace has a breaker of its own, so that nobody's calls can shut others out; everything of a workspace shares
it, calls of keys and hooks as well as notices and Home tabs. Each process finds out for itself.
"""

import contextlib
import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator

from pumble_bridge import metrics
from pumble_bridge.errors import PumbleError, PumbleNotAsked, PumbleTimeout, PumbleUnavailable

log = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 5
REST_SECONDS = 5.0


class Breaker:
    """Open after so many calls in a row that had no answer or a 5xx. An answer of any other kind closes it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._answered_at = -math.inf
        self._tries_again_at = -math.inf
        self._trying = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """The block is one call, and raises what became of it.

        Raises:
            PumbleNotAsked: the block was not entered.
        """
        began, tries = self._enter()
        try:
            yield
        except (PumbleUnavailable, PumbleTimeout):
            self._failed(began)
            raise
        except PumbleError:
            self._answered()
            raise
        else:
            self._answered()
        finally:
            if tries:
                self._trying = False

    def _enter(self) -> tuple[float, bool]:
        """When the call began, and whether it is the one that tries whether Pumble is back."""
        with self._lock:
            now = self._clock()
            if self._failures < FAILURES_IN_A_ROW:
                return now, False
            wait = self._tries_again_at - now
            if self._trying or wait > 0:
                raise PumbleNotAsked(max(1, math.ceil(wait)))
            self._trying = True
            return now, True

    def _failed(self, began: float) -> None:
        with self._lock:
            if began < self._answered_at:
                return  # others were answered meanwhile: the trouble is this call's own
            self._failures += 1
            self._tries_again_at = self._clock() + REST_SECONDS
            if self._failures == FAILURES_IN_A_ROW:
                metrics.LEFT_ALONE.inc()
                log.error("pumble.left_alone", extra={"failures": self._failures})

    def _answered(self) -> None:
        with self._lock:
            if self._failures >= FAILURES_IN_A_ROW:
                metrics.LEFT_ALONE.dec()
                log.warning("pumble.back", extra={"failures": self._failures})
            self._failures = 0
            self._answered_at = self._clock()


_breakers: defaultdict[Hashable, Breaker] = defaultdict(Breaker)


def of(workspace: Hashable) -> Breaker:
    """The breaker of that workspace; None stands for calls in nobody's name."""
    return _breakers[workspace]


def forget() -> None:
    """As if nothing had ever failed."""
    _breakers.clear()
