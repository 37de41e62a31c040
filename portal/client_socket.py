"""The socket of a client's connection: the system ends what takes too long, and a head leaves together with its body."""

import errno
import socket
from typing import Any

from gunicorn.util import close_graceful

from keys import sockets

PATIENCE_SECONDS = 15
_PIECE_BYTES = 8192


class ClientSocket(socket.socket):
    """What gunicorn takes for its connection. Each piece that the client sends or takes may last 15 s.

    It always blocks: only threads read from it, and only where something came. So each system call is made once, where
    gunicorn's switching to and fro and Python's time-outs make three of it, and let another thread go first each time.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        super().settimeout(None)
        self._seconds: float = PATIENCE_SECONDS
        self._reads_take = self._writes_take = 0.0  # as the system knows it
        self._ahead: bytes | None = None
        self._head: bytes | None = None
        self._gave_up = False

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the signature of sockets
        pass

    def gettimeout(self) -> float:
        return self._seconds

    def settimeout(self, value: float | None) -> None:
        """For reads and writes to come: gunicorn changes it to and fro around each request."""
        if value is not None:
            self._seconds = value

    def has_more(self, seconds: float) -> bool:
        """Whether the client sends something, or ends the connection, in that time. It is kept for the next `recv`.

        What is kept already counts; without any time, only that does.
        """
        if self._ahead is None and seconds:
            try:
                self._ahead = self._read(_PIECE_BYTES, seconds)
            except BlockingIOError:
                return False
            except ConnectionError:
                self._ahead = b""
        return self._ahead is not None

    def recv(self, size: int, flags: int = 0) -> bytes:
        if self._ahead is not None:
            piece, rest = self._ahead[:size], self._ahead[size:]
            self._ahead = rest or None
            return piece
        try:
            return self._read(size, self._seconds)
        except BlockingIOError:
            raise self._give_up() from None

    def _read(self, size: int, seconds: float) -> bytes:
        if seconds != self._reads_take:
            sockets.let_reads_take(self, seconds)
            self._reads_take = seconds
        return super().recv(size)

    def begin_answer(self) -> None:
        """What is sent next waits for what follows it, or for the end of the answer."""
        self._head = b""

    def end_answer(self) -> None:
        head, self._head = self._head, None
        if head:
            self.sendall(head)

    def sendall(self, data: Any, flags: int = 0) -> None:
        if self._head == b"":
            self._head = data
            return
        head, self._head = self._head, None
        if self._seconds != self._writes_take:
            sockets.let_writes_take(self, self._seconds)
            self._writes_take = self._seconds
        try:
            super().sendall(head + data if head else data, flags)
        except BlockingIOError:
            raise self._give_up() from None

    def sendfile(self, *file: Any, **options: Any) -> int:
        self.end_answer()
        return super().sendfile(*file, **options)

    def part(self) -> None:
        """Close, and let the client read what it was sent before. This may take 2 s.

        Called where one client was answered. gunicorn would do it where it accepts all the others.
        """
        if self._gave_up:
            self.close()
        else:
            close_graceful(self)

    def _give_up(self) -> TimeoutError:
        self._gave_up = True
        # With the number of a connection that is gone: gunicorn takes note of any other as of a failure of its own.
        return TimeoutError(errno.ECONNRESET, "the client takes too long")
