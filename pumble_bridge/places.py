"""How many of the server's threads may wait for Pumble at once, so that while it hangs there are others for the rest.

Calls of keys, chat and pages each have places of their own: none of them can take those of another. An eighth of the
threads is nobody's, for what asks Pumble nothing.
"""

import contextlib
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from django.conf import settings

from pumble_bridge import deadline, metrics
from pumble_bridge.errors import PumbleNotAsked

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Waiter:
    workspace: Hashable
    let_in: threading.Event = field(default_factory=threading.Event)


class Places:
    """At most `in_all` at once, for one workspace at most `for_one`.

    Where there is no place, one waits in line as long as others come and go, and the deadline allows. Where nobody did
    for a second, they hang, and waiting would only take one more thread.
    """

    def __init__(
        self, name: str, *, in_all: int, for_one: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._in_all, self._for_one, self._clock = name, in_all, for_one, clock
        self._lock = threading.Lock()
        self._taken: Counter[Hashable] = Counter()
        self._moved_at: dict[Hashable, float] = {}
        self._line: deque[_Waiter] = deque()

    @contextlib.contextmanager
    def taken(
        self, workspace: Hashable, *, before_waiting: Callable[[], object] | None = None
    ) -> Iterator[None]:
        """A place for the time of the block.

        Args:
            before_waiting: called where no place is free; what it raises ends the waiting before it begins.

        Raises:
            PumbleNotAsked: there is none; the block was not entered.
        """
        if not self._took(workspace):
            if before_waiting is not None:
                before_waiting()
            self._wait_for(workspace)
        try:
            yield
        finally:
            self._leave(workspace)

    def _took(self, workspace: Hashable) -> bool:
        with self._lock:
            if not self._has_room(workspace):
                return False
            self._move(workspace, 1)
            return True

    def _wait_for(self, workspace: Hashable) -> None:
        waiter = _Waiter(workspace)
        with self._lock:
            self._line.append(waiter)
            self._let_in_the_first()
        while not waiter.let_in.is_set():
            with self._lock:
                patience = self._patience(workspace)
                gives_up = patience <= 0 and not waiter.let_in.is_set()
                if gives_up:
                    self._line.remove(waiter)
            if gives_up:
                metrics.PUMBLE_CROWDED.labels(self._name).inc()
                log.warning("pumble.crowded", extra={"places": self._name, "workspace": workspace})
                raise PumbleNotAsked(1)
            waiter.let_in.wait(max(0.0, patience))

    def _leave(self, workspace: Hashable) -> None:
        with self._lock:
            self._move(workspace, -1)
            self._let_in_the_first()

    def _let_in_the_first(self) -> None:
        following = next((waiter for waiter in self._line if self._has_room(waiter.workspace)), None)
        if following is not None:
            self._line.remove(following)
            self._move(following.workspace, 1)
            following.let_in.set()

    def _has_room(self, workspace: Hashable) -> bool:
        return self._taken[workspace] < self._for_one and self._taken.total() < self._in_all

    def _patience(self, workspace: Hashable) -> float:
        """For how many seconds more it is worth waiting."""
        own = self._taken[workspace] >= self._for_one
        moved_at = self._moved_at[workspace] if own else max(self._moved_at.values())
        return min(moved_at + PATIENCE_SECONDS - self._clock(), deadline.left())

    def _move(self, workspace: Hashable, difference: int) -> None:
        self._taken[workspace] += difference
        self._moved_at[workspace] = self._clock()


_eighth = max(1, settings.THREADS // 8)
CALLS = Places("calls", in_all=4 * _eighth, for_one=3 * _eighth)
CHAT = Places("chat", in_all=2 * _eighth, for_one=2 * _eighth)
PAGES = Places("pages", in_all=_eighth, for_one=_eighth)
