"""Wall-clock deadlines.

A read time-out starts anew with every byte, so a peer that drips its headers outlives it. Here each wait gets what is
left of one budget: looking up the name, connecting, the handshake, sending, headers and body together.
"""

import contextlib
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from keys import sockets

Given = TypeVar("Given")
Made = TypeVar("Made")

_current = threading.local()


class DeadlinePassed(TimeoutError):
    """The budget of the call is spent."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls on this thread end after `seconds` in all; an outer deadline stays in force."""
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
    seconds = left()
    if seconds <= 0:
        raise DeadlinePassed
    return seconds


def left() -> float:
    """Seconds left, none or fewer once the budget is spent; a minute where nobody set a deadline."""
    at: float | None = getattr(_current, "at", None)
    return 60.0 if at is None else at - time.monotonic()


def connect(host: str, port: int) -> socket.socket:
    """A connection to the first address of `host` that takes one.

    Raises:
        OSError: none does, or the name is unknown; `TimeoutError` where the deadline came first.
    """
    failure: OSError = OSError(f"no address of {host}")
    for *_ignored, address in _look_up(host, port):
        try:
            found = socket.create_connection(address[:2], remaining())
        except OSError as error:
            failure = error
        else:
            found.settimeout(None)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return found
    raise failure


def _look_up(host: str, port: int) -> list[Any]:
    """The system's resolver takes no deadline, so another thread waits for it as long as it likes."""
    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            found.put(error)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=remaining())
    except queue.Empty:
        raise DeadlinePassed from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class Socket:
    """A connection that waits no longer than the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.fileno, self.close = sock.fileno, sock.close

    def sendall(self, data: bytes) -> None:
        # Piece by piece, because under TLS each piece would get the whole time-out.
        rest = memoryview(data)
        while rest:
            sockets.let_writes_take(self._sock, remaining())
            rest = rest[_in_time(self._sock.send, rest) :]

    def recv(self, size: int) -> bytes:
        """What came, so many bytes at most; nothing at the end of the connection."""
        sockets.let_reads_take(self._sock, remaining())
        return _in_time(self._sock.recv, size)

    def holds_bytes(self) -> bool:
        """Whether something was received that nobody has read."""
        return isinstance(self._sock, ssl.SSLSocket) and bool(self._sock.pending())


def _in_time(act: Callable[[Given], Made], given: Given) -> Made:
    try:
        return act(given)
    except BlockingIOError:
        raise DeadlinePassed from None
