"""HTTP requests over kept-alive connections, each within the deadline of its thread.

No redirect is followed, no proxy of the environment used, TLS verified against the system's authorities. An answer is
read to 8 MiB and no further, unpacked as well.
"""

import atexit
import http.client
import ssl
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from keys import sockets
from pumble_bridge import deadline
from pumble_bridge.errors import PumbleError, PumbleTimeout, PumbleUnavailable, PumbleUnreachable

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_ALWAYS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "pumble-api-keys"}


@dataclass(frozen=True, slots=True)
class Answer:
    """`raw` as it came, and cut off one byte after the most that is read; `packed` is its content encoding."""

    status: int
    retry_after: str
    packed: str
    raw: bytes


class _Connection(http.client.HTTPConnection):
    sock: Any

    def connect(self) -> None:
        self.sock = deadline.Socket(deadline.connect(self.host, self.port))

    def holds_bytes(self) -> bool:
        """Whether something was received that nobody has read."""
        return False


class _SecureConnection(_Connection):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        plain = deadline.connect(self.host, self.port)
        try:
            plain.settimeout(deadline.remaining())
            self.sock = deadline.Socket(_tls().wrap_socket(plain, server_hostname=self.host))
        except BaseException:
            plain.close()
            raise

    def holds_bytes(self) -> bool:
        return bool(self.sock.pending())


# By base URL; the connection used last is used next.
_idle: defaultdict[str, deque[_Connection]] = defaultdict(deque)


@atexit.register
def close_idle() -> None:
    """The other side need not wait for a next request."""
    for kept in _idle.values():
        while kept:
            kept.pop().close()


def send(method: str, base_url: str, path: str, *, headers: dict[str, str], body: bytes | None) -> Answer:
    """The answer to one request, sent once.

    Raises:
        PumbleTimeout, PumbleUnreachable.
        PumbleUnavailable: what came is no HTTP.
    """
    left = keeps = False
    connection = _reuse(base_url) or _new(base_url)
    try:
        if connection.sock is None:
            connection.connect()
        deadline.remaining()
        left = True
        connection.request(method, _prefix(base_url) + path, body, _ALWAYS | headers)
        with connection.getresponse() as response:
            raw = response.read(MAX_ANSWER_BYTES + 1)
            # After an interim answer (103 and the like) the real one is still to come: for nobody else.
            keeps = response.isclosed() and not response.will_close and response.status >= 200
            cut = bool(response.length) and len(raw) <= MAX_ANSWER_BYTES
    except TimeoutError as error:
        raise _failure(PumbleTimeout, error, left=left) from error
    except (OSError, http.client.IncompleteRead) as error:
        raise _failure(PumbleUnreachable, error, left=left) from error
    except http.client.HTTPException as error:
        raise _failure(PumbleUnavailable, error, left=left) from error
    finally:
        if keeps:
            _idle[base_url].append(connection)
        else:
            connection.close()
    if cut:
        raise PumbleUnreachable("answer cut short")
    said = response.headers
    return Answer(response.status, said.get("Retry-After", ""), said.get("Content-Encoding", ""), raw)


def _failure(kind: type[PumbleError], error: Exception, *, left: bool) -> PumbleError:
    failure = kind(repr(error))
    failure.may_have_happened = left
    return failure


def unpack(answer: Answer) -> bytes:
    """The answer's body; cut off one byte after the most that is read, as that of a small answer of many zeros may be.

    Raises:
        PumbleUnavailable: it cannot be unpacked.
    """
    packed = answer.packed.lower()
    if packed in {"", "identity"} or not answer.raw:
        return answer.raw
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(answer.raw, MAX_ANSWER_BYTES + 1) if packed == "gzip" else None
    except zlib.error:
        unpacked = None
    if unpacked is None or not (unpacker.eof or len(unpacked) > MAX_ANSWER_BYTES):
        raise PumbleUnavailable("answer cannot be unpacked")
    return unpacked


def _reuse(base_url: str) -> _Connection | None:
    """A kept connection that the other side has not closed meanwhile."""
    kept = _idle[base_url]
    while True:
        try:
            connection = kept.pop()
        except IndexError:
            return None
        # Between two requests that would be the end of the connection, or bytes that belong to no answer.
        if not (sockets.has_something_to_read(connection.sock.fileno()) or connection.holds_bytes()):
            return connection
        connection.close()


def _new(base_url: str) -> _Connection:
    parts = urlsplit(base_url)
    kind = _SecureConnection if parts.scheme == "https" else _Connection
    return kind(parts.hostname or "", parts.port)


@cache
def _prefix(base_url: str) -> str:
    return urlsplit(base_url).path.rstrip("/")


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
