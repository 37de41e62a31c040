"""Work in the background: a thread of the process that repeats a task."""

import atexit
import logging
import threading
import time
from collections.abc import Callable

from django.db import connections

log = logging.getLogger(__name__)

STOP_TIMEOUT_SECONDS = 10.0


class BackgroundTask:
    """A daemon thread that runs a task at an interval, and whenever it is woken.

    It starts with `start`, in the process that calls it, so a forked process starts its own. When the process ends, the
    thread finishes the running task. A failure is logged, and the task runs again at the next interval.

    Args:
        work: the task.
        every: seconds between two runs; None to run only when woken.
        debounce: seconds to wait before each run, so that several calls of `wake` cause one run.
        max_debounce: seconds for which each further call of `wake` prolongs that wait.
        on_stop: a task that runs once at the end.
        failure: the log event of a failure; `NAME.failed` by default.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        every: float | None = None,
        debounce: float = 0,
        max_debounce: float = 0,
        on_stop: Callable[[], object] | None = None,
        failure: str = "",
    ) -> None:
        self._name, self._work, self._on_stop = name, work, on_stop
        self._every, self._debounce, self._max_debounce = every, debounce, max_debounce
        self._failure = failure or f"{name}.failed"
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._stopped_at = 0.0

    def start(self) -> None:
        """Start the thread, unless it is running or was stopped."""
        if self._is_running() or self._stopped.is_set():
            return
        with self._starting:
            if not self._is_running():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def wake(self) -> None:
        """Run the task soon, if the thread is running."""
        self._woken.set()

    def stop(self) -> None:
        """Stop the thread for good. Wait for the running task, at most 10 seconds."""
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
            self._wait_for_quiet()
            if not self._stopped.is_set():
                self._do(self._work)
        if self._on_stop is not None:
            self._do(self._on_stop)

    def _wait_for_quiet(self) -> None:
        end = time.monotonic() + self._max_debounce
        self._stopped.wait(self._debounce)
        while self._woken.is_set() and not self._stopped.is_set() and time.monotonic() < end:
            self._woken.clear()
            self._stopped.wait(self._debounce)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception(self._failure)
        finally:
            connections.close_all()
