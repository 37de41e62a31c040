"""Calls that wait for the next event of their workspace: who wakes them, and how many may wait.

With Redis, an event or a change of a key wakes the waiting calls of all processes. Without it, events wake those of this
process. A call also looks by itself, every second without Redis, so a lost announcement delays it and loses nothing.
A waiting call holds a thread, but no database connection and no slot for calls to Pumble.
"""

import contextlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import redis
from django.conf import settings

from keys import chain_numbers, redis_client
from pumble_bridge import metrics

log = logging.getLogger(__name__)

MAX_SECONDS = 25
# Followed by the workspace. The message is "" for an event, or names the key whose waiting call must end.
_CHANNEL = redis_client.PREFIX + "events:"
_NUMBERS = chain_numbers.redis_key("")
_POLL_SECONDS = 1.0
_POLL_SECONDS_WITH_REDIS = 5.0
_MIN_SECONDS = 0.1  # between two looks of a call: many events at once wake it once
_SIGNAL_SECONDS = 0.2  # a signal handler cannot wake a thread, so threads look for it
_RECONNECT_SECONDS = 1.0
_NONCE = secrets.token_hex(8)

# The server's SIGTERM handler sets it. It is a plain variable, because a signal handler must not wait for a lock.
is_stopping = False


@dataclass(eq=False)
class Wait:
    """One waiting call. `is_superseded` is set when the same key waits with another call."""

    workspace_id: str
    key_pk: int
    is_superseded: bool = False
    _may_have_changed: bool = False
    _looked_at: float = 0.0
    _woken: threading.Event = field(default_factory=threading.Event)

    def wake(self, *, key_changed: bool = False) -> None:
        if key_changed:
            self._may_have_changed = True
        self._woken.set()

    def pause(self, seconds: float) -> bool:
        """Wait until something happened, at most `seconds`. Return whether the key may have changed."""
        poll = _POLL_SECONDS_WITH_REDIS if _subscription.is_connected else _POLL_SECONDS
        end = time.monotonic() + min(seconds, poll)
        is_woken = False
        while (left := end - time.monotonic()) > 0 and not is_stopping:
            if is_woken := self._woken.wait(min(left, _SIGNAL_SECONDS)):
                time.sleep(max(0.0, self._looked_at + _MIN_SECONDS - time.monotonic()))
                break
        self._woken.clear()
        self._looked_at = time.monotonic()
        may_have_changed, self._may_have_changed = self._may_have_changed, False
        return may_have_changed or not is_woken

    @property
    def must_end(self) -> bool:
        return self.is_superseded or is_stopping


class Waits:
    """The waiting calls of this process, one for each key."""

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._by_key: dict[int, Wait] = {}

    @contextlib.contextmanager
    def join(self, workspace_id: str, key_pk: int) -> Iterator[Wait | None]:
        """Let a call of this key wait. An earlier one of the same key ends. Yield None if too many calls wait."""
        wait = Wait(workspace_id, key_pk)
        with self._lock:
            earlier = self._by_key.get(key_pk)
            if is_stopping or (earlier is None and len(self._by_key) >= self._max_waiting):
                wait_or_none = None
            else:
                wait_or_none = self._by_key[key_pk] = wait
        if wait_or_none is None:
            yield None
            return
        if earlier is not None:
            _supersede(earlier)
        with metrics.WAITING_CALLS.track_inprogress():
            try:
                yield wait
            finally:
                with self._lock:
                    if self._by_key.get(key_pk) is wait:
                        del self._by_key[key_pk]

    def count(self) -> int:
        return len(self._list())

    def wake(self, workspace_id: str, *, key_changed: bool = False) -> None:
        """Wake the calls of a workspace, for an event or for a change of one of its keys."""
        for wait in self._list():
            if wait.workspace_id == workspace_id:
                wait.wake(key_changed=key_changed)

    def wake_all(self) -> None:
        for wait in self._list():
            wait.wake(key_changed=True)

    def end(self, key_pk: int) -> None:
        """End the waiting call of a key, because the key waits in another process now."""
        with self._lock:
            wait = self._by_key.get(key_pk)
        if wait is not None:
            _supersede(wait)

    def _list(self) -> list[Wait]:
        with self._lock:
            return list(self._by_key.values())


class _Subscription:
    """The thread that receives the announcements of other processes. It starts with the first waiting call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.is_connected = False

    def start(self) -> None:
        with self._lock:
            if settings.REDIS_URL and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(
                    target=self._run, args=(settings.REDIS_URL,), name="events", daemon=True
                )
                self._thread.start()

    def _run(self, url: str) -> None:
        client = redis_client.get_subscriber(url)
        while not is_stopping:
            try:
                with client.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.psubscribe(f"{_CHANNEL}*", f"{_NUMBERS}*")
                    self._listen(pubsub)
            except redis.RedisError as error:
                log.warning("events.redis_away", extra={"kind": type(error).__name__})
            self.is_connected = False
            time.sleep(_RECONNECT_SECONDS)

    def _listen(self, pubsub: Any) -> None:
        while not is_stopping:
            message = pubsub.get_message(timeout=_SIGNAL_SECONDS)
            if not self.is_connected:
                self.is_connected = True
                waits.wake_all()  # they may have missed an announcement
            if message is not None:
                _receive(message["channel"].decode(), message["data"].decode())


class _Publisher:
    """Announces to other processes. After a failure it leaves Redis alone for two seconds: the others look by themselves."""

    _RETRY_SECONDS = 2.0

    def __init__(self) -> None:
        self._away_until = 0.0

    def publish(self, channel: str, message: str) -> None:
        if not settings.REDIS_URL or time.monotonic() < self._away_until:
            return
        try:
            redis_client.get_client(settings.REDIS_URL).publish(channel, message)
        except redis.RedisError as error:
            self._away_until = time.monotonic() + self._RETRY_SECONDS
            log.warning("events.not_announced", extra={"kind": type(error).__name__})


def announce_event(workspace_id: str) -> None:
    """Wake the calls that wait for events of the workspace, in all processes."""
    waits.wake(workspace_id)
    _publisher.publish(_CHANNEL + workspace_id, "")


@contextlib.contextmanager
def join(workspace_id: str, key_pk: int) -> Iterator[Wait | None]:
    """Let a call wait. Yield None if too many calls wait. An earlier call of the same key ends, in any process."""
    with waits.join(workspace_id, key_pk) as wait:
        if wait is not None:
            _subscription.start()
            _publisher.publish(_CHANNEL + workspace_id, f"{key_pk} {_process()}")
        yield wait


def _receive(channel: str, message: str) -> None:
    if channel.startswith(_NUMBERS):
        waits.wake(channel.removeprefix(_NUMBERS), key_changed=True)  # or the policy
        return
    key_pk, _, process = message.partition(" ")
    if not message:
        waits.wake(channel.removeprefix(_CHANNEL))
    elif process != _process() and key_pk.isdecimal():
        waits.end(int(key_pk))


def _process() -> str:
    """Return the name of this process. Processes of one server share the module that was loaded before the fork."""
    return f"{_NONCE}-{os.getpid()}"


def _supersede(wait: Wait) -> None:
    wait.is_superseded = True
    wait.wake()


waits = Waits(settings.MAX_WAITING_CALLS)
_subscription = _Subscription()
_publisher = _Publisher()
