"""How many of the server's threads may wait for Pumble at once, so that while it hangs there are others for the rest.

Calls of keys, chat and pages each have places of their own: none of them can take those of another. An eighth of the
threads is nobody's, for what asks Pumble nothing.
"""

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator

from django.conf import settings

from pumble_bridge.errors import PumbleNotAsked

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0


class Places:
    """At most `in_all` at once, for one workspace at most `for_one`.

    Where there is no place, one waits as long as others come and go. Where nobody did for a second, they hang, and
    waiting would only take one more thread.
    """

    def __init__(
        self, name: str, *, in_all: int, for_one: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._in_all, self._for_one, self._clock = name, in_all, for_one, clock
        self._changed = threading.Condition()
        self._taken: Counter[Hashable] = Counter()
        self._moved_at: dict[Hashable, float] = {}

    @contextlib.contextmanager
    def taken(self, workspace: Hashable) -> Iterator[None]:
        """A place for the time of the block.

        Raises:
            PumbleNotAsked: there is none; the block was not entered.
        """
        with self._changed:
            while (since := self._full_since(workspace)) is not None:
                patience = since + PATIENCE_SECONDS - self._clock()
                if patience <= 0:
                    log.warning("pumble.crowded", extra={"places": self._name, "workspace": workspace})
                    raise PumbleNotAsked(1)
                self._changed.wait(patience)
            self._move(workspace, 1)
        try:
            yield
        finally:
            with self._changed:
                self._move(workspace, -1)
                self._changed.notify_all()

    def _full_since(self, workspace: Hashable) -> float | None:
        """When somebody last came or went among those who are in the way; None where there is a place."""
        if self._taken[workspace] >= self._for_one:
            return self._moved_at[workspace]
        if self._taken.total() >= self._in_all:
            return max(self._moved_at.values())
        return None

    def _move(self, workspace: Hashable, difference: int) -> None:
        self._taken[workspace] += difference
        self._moved_at[workspace] = self._clock()


_eighth = max(1, settings.THREADS // 8)
CALLS = Places("calls", in_all=4 * _eighth, for_one=3 * _eighth)
CHAT = Places("chat", in_all=2 * _eighth, for_one=2 * _eighth)
PAGES = Places("pages", in_all=_eighth, for_one=_eighth)
