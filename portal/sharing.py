"""A worker of gunicorn's that shares: connections spread evenly over the processes, threads stay with busy ones.

A connection goes to whichever process takes it first, and that is the one that is awake anyway: without more, one of two
processes often has all the work. So a process that has more connections than another gives that one a moment's start.
And gunicorn hands a kept connection from thread to thread between any two requests, which costs more than a small answer.
"""

import mmap
import socket
import struct
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from keys import sockets
from portal.client_socket import ClientSocket

_MOST_PROCESSES = 64
_HEAD_START_SECONDS = 0.02
_STAYS_SECONDS = 0.005
_COUNT = struct.Struct("i")
_NOBODY = -1
# Made before the server forks, and the same memory in all its processes.
_counts = mmap.mmap(-1, _MOST_PROCESSES * _COUNT.size)
_counts[:] = _COUNT.pack(_NOBODY) * _MOST_PROCESSES


def leave(process: int) -> None:
    """A process with that `age` is gone, however it ended."""
    _publish(process, _NOBODY)


class SharingWorker(ThreadWorker):  # type: ignore[misc]
    def notify(self) -> None:
        super().notify()
        _publish(self.age, self.nr_conns)

    def accept(self, listener: Any) -> None:
        if self.alive:
            _give_way(listener, self.nr_conns)
        super().accept(listener)
        _publish(self.age, self.nr_conns)

    def handle(self, conn: Any) -> Any:
        """Answer what comes on a connection, and stay with it for a moment as long as nobody waits for a thread."""
        if not isinstance(conn.sock, ClientSocket):
            conn.sock = ClientSocket(conn.sock)
        while (stays := self._answer(conn)) is True:
            may_stay = self.alive and not self._is_crowded()
            if not conn.sock.has_more(_STAYS_SECONDS if may_stay else 0):
                break
        if stays is False:
            conn.sock.part()
        return stays

    def _answer(self, conn: Any) -> Any:
        conn.sock.begin_answer()
        try:
            return super().handle(conn)
        finally:
            conn.sock.end_answer()

    def _is_crowded(self) -> bool:
        return bool(self.tpool._work_queue.qsize())  # noqa: SLF001 - it has no other name


def _publish(process: int, connections: int) -> None:
    _COUNT.pack_into(_counts, process % _MOST_PROCESSES * _COUNT.size, connections)


def _give_way(listener: socket.socket, connections: int) -> None:
    """Wait a moment where another process has fewer connections, so that it may take the one that waits."""
    until = time.monotonic() + _HEAD_START_SECONDS
    while connections > _fewest() and time.monotonic() < until:
        time.sleep(_HEAD_START_SECONDS / 10)
        if not sockets.has_something_to_read(listener.fileno()):
            return


def _fewest() -> int:
    return min((count for (count,) in _COUNT.iter_unpack(_counts) if count != _NOBODY), default=0)
