"""What Python's own sockets do not offer, or only in more system calls: each lets another thread go first."""

import select
import socket
import ssl
import struct

_TIME = struct.Struct("@ll")


def has_something_to_read(descriptor: int) -> bool:
    """Whether bytes, or the end of the connection, are there."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def let_reads_take(sock: socket.socket, seconds: float) -> None:
    """Each read of this blocking socket ends by then: the system sees to it, which is a `BlockingIOError`.

    Python's own time-out, which first asks each time whether the read may begin, is left to TLS, and is one for reads and
    writes: there Python would read again when the system has given up. It ends in a `TimeoutError`.
    """
    _let_take(sock, socket.SO_RCVTIMEO, seconds)


def let_writes_take(sock: socket.socket, seconds: float) -> None:
    """As `let_reads_take`, for writes."""
    _let_take(sock, socket.SO_SNDTIMEO, seconds)


def _let_take(sock: socket.socket, option: int, seconds: float) -> None:
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(seconds)
        return
    whole, part = divmod(max(seconds, 0.001), 1)  # none at all would be for ever
    sock.setsockopt(socket.SOL_SOCKET, option, _TIME.pack(int(whole), int(part * 1_000_000)))
