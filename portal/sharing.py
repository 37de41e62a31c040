"""Connections spread evenly over the server's processes.

A connection goes to whichever process takes it first, and that is the one that is awake anyway: without more, one of two
processes often has all the work. So a process that has more connections than another gives that one a moment's start.
"""

import mmap
import select
import socket
import struct
import time

MOST_PROCESSES = 64
_HEAD_START_SECONDS = 0.02
_COUNT = struct.Struct("i")
_NOBODY = -1
# Made before the server forks, and the same memory in all its processes.
_counts = mmap.mmap(-1, MOST_PROCESSES * _COUNT.size)
_counts[:] = _COUNT.pack(_NOBODY) * MOST_PROCESSES


def publish(process: int, connections: int) -> None:
    """`process` is any number that no other living process has, up to `MOST_PROCESSES`."""
    _COUNT.pack_into(_counts, process % MOST_PROCESSES * _COUNT.size, connections)


def leave(process: int) -> None:
    """The process is gone, however it ended."""
    publish(process, _NOBODY)


def give_way(listener: socket.socket, connections: int) -> None:
    """Wait a moment where another process has fewer connections, so that it may take the one that waits."""
    until = time.monotonic() + _HEAD_START_SECONDS
    while connections > _fewest() and time.monotonic() < until:
        time.sleep(_HEAD_START_SECONDS / 10)
        if not select.select([listener], [], [], 0)[0]:
            return


def _fewest() -> int:
    return min((count for (count,) in _COUNT.iter_unpack(_counts) if count != _NOBODY), default=0)
