"""What Python's own sockets do not offer, or only in more system calls: each lets another thread go first."""

import select
import socket
import ssl
import struct

_TIME = struct.Struct("@ll")


def has_something_to_read(descriptor: int, *, milliseconds: int = 0) -> bool:
    """Whether bytes, or the end of the connection, are there or come in that time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(milliseconds))


def wait_at_most(sock: socket.socket, seconds: float) -> None:
    """Each read and write of this blocking socket ends by then: the system sees to it, which is a `BlockingIOError`.

    Python's own time-out, which first asks each time whether the read or write may begin, is left to TLS: there Python
    would read again when the system has given up. It ends in a `TimeoutError`.
    """
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(seconds)
        return
    whole, part = divmod(max(seconds, 0.001), 1)  # none at all would be for ever
    limit = _TIME.pack(int(whole), int(part * 1_000_000))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
