"""Cache invalidation across processes, by the number of a workspace's audit chain in Redis.

Every change of a value in `key_cache.KeyRecord` records an audit event, which raises the number of the workspace's chain in
the database. Redis keeps the highest number that it received. `chain_number.lua` has the rules.
"""

import logging
import threading
import time
from pathlib import Path

import redis
from django.conf import settings

from keys import redis_client
from keys.background import BackgroundTask

log = logging.getLogger(__name__)

SCRIPT = (Path(__file__).parent / "chain_number.lua").read_text()
REPEAT_SECONDS = 1.0
_BURST_SECONDS = 0.1  # the longest pause between two updates of one change
# Four times the timeout of a call: a Redis that is too slow for an update answers no call either.
_ANSWER_SECONDS = 4 * redis_client.TIMEOUT_SECONDS


def redis_key(workspace: str) -> str:
    """Return the Redis key of the number. `workspace` is the Pumble id of the workspace."""
    return f"{redis_client.PREFIX}number:{workspace}"


def raise_number(workspace: str, number: int) -> None:
    """Raise the number of a workspace after a commit, so that no process uses records of before.

    If Redis does not answer, repeat it every second until it arrives.
    """
    if settings.REDIS_URL:
        _pending.send(settings.REDIS_URL, workspace, number)


class _PendingNumbers:
    """The numbers that have not reached Redis, and the task that sends them again. It starts with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[tuple[str, str], int] = {}
        self._local = threading.local()
        self._task = BackgroundTask("chain_numbers", self.try_all, every=REPEAT_SECONDS, on_stop=self.try_all)

    def send(self, url: str, workspace: str, number: int) -> None:
        if not self._is_unresponsive() and self._deliver(url, workspace, number):
            return
        with self._lock:
            known = self._numbers.get((url, workspace), 0)
            self._numbers[url, workspace] = max(number, known)
        if not known:
            log.warning("chain_numbers.not_raised", extra={"workspace": workspace, "number": number})
        self._task.start()

    def try_all(self) -> None:
        """Send each pending number. Stop at the first that does not arrive."""
        with self._lock:
            pending = dict(self._numbers)
        for (url, workspace), number in pending.items():
            if not self._deliver(url, workspace, number):
                return
            with self._lock:
                if self._numbers.get((url, workspace)) == number:
                    del self._numbers[url, workspace]
            log.info("chain_numbers.raised", extra={"workspace": workspace, "number": number})

    def _is_unresponsive(self) -> bool:
        """Return whether this thread ran into a timeout less than 0.1 seconds ago.

        A change can record hundreds of events. Only the first of them waits for a Redis that hangs.
        """
        now = time.monotonic()
        hangs = now < getattr(self._local, "hangs_until", 0.0)
        if hangs:
            self._local.hangs_until = now + _BURST_SECONDS
        return hangs

    def _deliver(self, url: str, workspace: str, number: int) -> bool:
        """Return whether Redis has the number now, or none. Without a number no record counts as current either."""
        client, name = redis_client.get_client(url, _ANSWER_SECONDS), redis_key(workspace)
        try:
            try:
                client.register_script(SCRIPT)(keys=[name], args=[number, ""])
            except redis.ResponseError:  # for example because it is full
                client.delete(name)
        except redis.RedisError as error:
            if isinstance(error, redis.TimeoutError):
                self._local.hangs_until = time.monotonic() + _BURST_SECONDS
            return False
        return True


_pending = _PendingNumbers()
