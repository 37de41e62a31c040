"""How other processes learn that something in a workspace has changed: by the number of its audit chain, kept in Redis.

Every change of what a call needs to know of a key records an audit event, and with it the database moves the number of
the workspace's chain. Redis holds the highest number it heard of. `chain_number.lua` has the rules.
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
_BURST_SECONDS = 0.1  # between the raises of one change at the most
# Four times as long as a call waits: a Redis that is too slow for a raise answers no call either.
_ANSWER_SECONDS = 4 * redis_client.TIMEOUT_SECONDS


def redis_key(workspace: str) -> str:
    """Return the name of the number in Redis; `workspace` is the workspace's Pumble id."""
    return f"{redis_client.PREFIX}number:{workspace}"


def raise_number(workspace: str, number: int) -> None:
    """Raise the number of a workspace in which a change was just committed, so that no process uses what it was before.

    Where Redis does not answer, the raise is repeated every second until it arrives.
    """
    if settings.REDIS_URL:
        _raises.make(settings.REDIS_URL, workspace, number)


class _PendingRaises:
    """Raises that have not arrived yet, and what repeats them. It begins with the first one that does not arrive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], int] = {}
        self._local = threading.local()
        self._task = BackgroundTask("chain_numbers", self.try_all, every=REPEAT_SECONDS, on_stop=self.try_all)

    def make(self, url: str, workspace: str, number: int) -> None:
        if not self._waits_in_vain() and self._arrives(url, workspace, number):
            return
        with self._lock:
            known = self._waiting.get((url, workspace), 0)
            self._waiting[url, workspace] = max(number, known)
        if not known:
            log.warning("chain_numbers.not_raised", extra={"workspace": workspace, "number": number})
        self._task.start()

    def try_all(self) -> None:
        """Try each raise that waits, until one does not arrive."""
        with self._lock:
            waiting = dict(self._waiting)
        for (url, workspace), number in waiting.items():
            if not self._arrives(url, workspace, number):
                return
            with self._lock:
                if self._waiting.get((url, workspace)) == number:
                    del self._waiting[url, workspace]
            log.info("chain_numbers.raised", extra={"workspace": workspace, "number": number})

    def _waits_in_vain(self) -> bool:
        """Whether this thread found Redis hanging a moment ago.

        A change may record hundreds of events, whose raises follow one another; only the first of them waits.
        """
        now = time.monotonic()
        hangs = now < getattr(self._local, "hangs_until", 0.0)
        if hangs:
            self._local.hangs_until = now + _BURST_SECONDS
        return hangs

    def _arrives(self, url: str, workspace: str, number: int) -> bool:
        """Whether Redis has the number now, or has none: no number is as good as another number."""
        client, name = redis_client.get_client(url, _ANSWER_SECONDS), redis_key(workspace)
        try:
            try:
                client.register_script(SCRIPT)(keys=[name], args=[number, ""])
            except redis.ResponseError:  # it is full, for example
                client.delete(name)
        except redis.RedisError as error:
            if isinstance(error, redis.TimeoutError):
                self._local.hangs_until = time.monotonic() + _BURST_SECONDS
            return False
        return True


_raises = _PendingRaises()
