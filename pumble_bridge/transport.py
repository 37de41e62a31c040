"""HTTP requests over kept-alive connections, each within the deadline of its thread.

No redirect is followed, no proxy of the environment used, TLS verified against the system's authorities. An answer is
read to 8 MiB and no further, unpacked as well.
"""

import atexit
import re
import ssl
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httptools

from keys import sockets
from pumble_bridge import deadline
from pumble_bridge.errors import PumbleError, PumbleTimeout, PumbleUnavailable, PumbleUnreachable

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_MAX_HEAD_BYTES = 64 * 1024
_PIECE_BYTES = 32 * 1024
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Answer:
    """`raw` as it came, and cut off one byte after the most that is read; `packed` is its content encoding."""

    status: int
    retry_after: str
    packed: str
    raw: bytes


# By base URL; the connection used last is used next.
_idle: defaultdict[str, deque[deadline.Socket]] = defaultdict(deque)


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
    request = _written(method, base_url, path, headers, body)
    left = False
    try:
        deadline.remaining()
        connection = _reuse(base_url) or _connect(base_url)
        left = True
        return _exchange(connection, base_url, request)
    except TimeoutError as error:
        raise _failure(PumbleTimeout, error, left=left) from error
    except OSError as error:
        raise _failure(PumbleUnreachable, error, left=left) from error
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        raise _failure(PumbleUnavailable, error, left=left) from error


def _exchange(connection: deadline.Socket, base_url: str, request: bytes) -> Answer:
    keeps = False
    try:
        connection.sendall(request)
        answer, keeps = _receive(connection)
    finally:
        if keeps:
            _idle[base_url].append(connection)
        else:
            connection.close()
    return answer


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


def _reuse(base_url: str) -> deadline.Socket | None:
    """A kept connection that the other side has not closed meanwhile."""
    kept = _idle[base_url]
    while True:
        try:
            connection = kept.pop()
        except IndexError:
            return None
        # Between two requests that would be the end of the connection, or bytes that belong to no answer.
        if not (sockets.has_something_to_read(connection.fileno()) or connection.holds_bytes()):
            return connection
        connection.close()


def _connect(base_url: str) -> deadline.Socket:
    parts = urlsplit(base_url)
    secure = parts.scheme == "https"
    plain = deadline.connect(parts.hostname or "", parts.port or (443 if secure else 80))
    if not secure:
        return deadline.Socket(plain)
    try:
        plain.settimeout(deadline.remaining())
        return deadline.Socket(_tls().wrap_socket(plain, server_hostname=parts.hostname))
    except BaseException:
        plain.close()
        raise


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@cache
def _always(base_url: str) -> tuple[str, str]:
    """What comes before each path, and the headers of each request."""
    parts = urlsplit(base_url)
    host = parts.netloc.rpartition("@")[2]
    headers = f"Host: {host}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nUser-Agent: pumble-api-keys\r\n"
    return parts.path.rstrip("/"), headers


def _written(method: str, base_url: str, path: str, headers: dict[str, str], body: bytes | None) -> bytes:
    """
    Raises:
        ValueError: something in it would end its line.
    """
    if " " in path or _UNPRINTABLE.search("".join([path, *headers.values()])):
        raise ValueError("not to be put into a request")
    prefix, always = _always(base_url)
    own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    length = f"Content-Length: {len(body or b'')}\r\n" if body is not None or method != "GET" else ""
    return f"{method} {prefix}{path} HTTP/1.1\r\n{always}{own}{length}\r\n".encode() + (body or b"")


def _receive(connection: deadline.Socket) -> tuple[Answer, bool]:
    """The next answer, and whether the connection may be kept for another request.

    Raises:
        OSError: it was cut short, or came too late.
        httptools.HttpParserError, httptools.HttpParserUpgrade: it is none.
    """
    coming = _Coming()
    parser = coming.parser = httptools.HttpResponseParser(coming)
    try:
        while coming.answer is None:
            piece = connection.recv(_PIECE_BYTES)
            if not piece:
                return coming.ended(), False
            parser.feed_data(piece)
            coming.measure(len(piece))
    finally:
        coming.parser = None  # or both would stay until somebody collects garbage
    # After an interim answer (103 and the like) the real one is still to come: for nobody else.
    return coming.answer, coming.keeps and coming.answer.status >= 200


class _Coming:
    """What the parser has told of an answer so far."""

    def __init__(self) -> None:
        self.parser: Any = None
        self.answer: Answer | None = None
        self.keeps = False
        self._headers: dict[bytes, bytes] = {}
        self._head_is_whole = False
        self._body: list[bytes] = []
        self._received = 0

    def on_message_begin(self) -> None:
        self.keeps = False  # a second one that nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._head_is_whole = True
        self.keeps = self.answer is None and self.parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        if self.answer is None:
            self.answer = self._made()

    def measure(self, more: int) -> None:
        """Stop at what is too much of a head, or of a body."""
        self._received += more
        if not self._head_is_whole and self._received > _MAX_HEAD_BYTES:
            raise httptools.HttpParserError("a head without end")
        if self.answer is None and sum(map(len, self._body)) > MAX_ANSWER_BYTES:
            self.answer, self.keeps = self._made(), False

    def ended(self) -> Answer:
        """The answer that ends with its connection."""
        framed = {b"content-length", b"transfer-encoding"} & self._headers.keys()
        if framed or not self._head_is_whole:
            raise ConnectionResetError("answer cut short")
        return self._made()

    def _made(self) -> Answer:
        retry_after, packed = (
            self._headers.get(name, b"").decode("latin-1") for name in (b"retry-after", b"content-encoding")
        )
        raw = b"".join(self._body)[: MAX_ANSWER_BYTES + 1]
        return Answer(self.parser.get_status_code(), retry_after, packed, raw)
