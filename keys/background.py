"""Work beside answering: something that a process does again and again, on a thread of its own."""

import atexit
import logging
import threading
import time
from collections.abc import Callable

from django.db import connections

log = logging.getLogger(__name__)

STOP_TIMEOUT_SECONDS = 10.0


class BackgroundTask:
    """A daemon thread that does its work whenever it is woken, and every so many seconds.

    It begins with `start`, in the process that calls it, so a forked process starts one of its own. When the process ends,
    it finishes what it is doing. A failure is logged, and the next time is as any other.

    Args:
        work: what is done each time.
        every: seconds between; None where it is only done when woken.
        settle: seconds that it waits before each time, so that a burst is done at once.
        last: what is done once more at the end.
        failure: the log event of a failure.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        every: float | None = None,
        settle: float = 0,
        last: Callable[[], object] | None = None,
        failure: str = "",
    ) -> None:
        self._name, self._work, self._last = name, work, last
        self._every, self._settle = every, settle
        self._failure = failure or f"{name}.failed"
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._stopped_at = 0.0

    def start(self) -> None:
        """Begin, unless it runs already or was stopped."""
        if self._is_running() or self._stopped.is_set():
            return
        with self._starting:
            if not self._is_running():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def wake(self) -> None:
        """Have the work done soon, where it runs."""
        self._woken.set()

    def stop(self) -> None:
        """End it for good, after what it is doing. Waits for the end of that, but not for ever."""
        self._stopped_at = time.monotonic()
        self._stopped.set()
        self._woken.set()
        if self._thread is not None and self._is_running():
            self._thread.join(STOP_TIMEOUT_SECONDS)

    def has_been_stopped_for(self, seconds: float) -> bool:
        return self._stopped.is_set() and time.monotonic() > self._stopped_at + seconds

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait(self._every)
            self._woken.clear()
            self._stopped.wait(self._settle)
            if not self._stopped.is_set():
                self._do(self._work)
        if self._last is not None:
            self._do(self._last)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception(self._failure)
        finally:
            connections.close_all()
