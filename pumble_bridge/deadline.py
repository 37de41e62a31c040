"""Wall-clock deadlines for `requests`.

A read time-out starts anew with every byte, so a peer that drips its headers outlives it. Here each wait on the
socket gets what is left of one budget: connecting, sending, headers and body together.
"""

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_current = threading.local()


class DeadlinePassed(TimeoutError):
    """The budget of the call is spent."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls on this thread through a `DeadlineAdapter` end after `seconds` in all; an outer deadline stays in force."""
    outer: float | None = getattr(_current, "at", None)
    own = time.monotonic() + seconds
    _current.at = own if outer is None else min(own, outer)
    try:
        yield
    finally:
        _current.at = outer


def remaining() -> float:
    """Seconds left.

    Raises:
        DeadlinePassed
    """
    at: float | None = getattr(_current, "at", None)
    left = 60.0 if at is None else at - time.monotonic()
    if left <= 0:
        raise DeadlinePassed
    return left


class _Reader(io.RawIOBase):
    def __init__(self, sock: Any) -> None:
        super().__init__()
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(remaining())
        return int(self._sock.recv_into(buffer))


class _Socket:
    """The connection's socket, waiting no longer than the deadline. Everything else is the socket's own."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: Any) -> None:
        # A socket's time-out covers the whole of one sendall.
        self._sock.settimeout(remaining())
        self._sock.sendall(data)

    def makefile(self, *_args: Any, **_options: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock))


class _WithDeadline:
    sock: Any
    timeout: Any

    def connect(self) -> None:
        self.timeout = remaining()
        super().connect()  # type: ignore[misc]
        self.sock = _Socket(self.sock)


class _Connection(_WithDeadline, HTTPConnection):
    pass


class _SecureConnection(_WithDeadline, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """A kept-alive pool whose connections obey `within`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
