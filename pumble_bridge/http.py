"""HTTP requests to Pumble with `requests`, each within the deadline of its thread.

Requests use a transport adapter directly. A session would add redirects, cookies shared between members, proxies of
the environment, and 75 µs per call. TLS is verified against the system's certificate authorities.
"""

import contextlib
import http.client
import io
import math
import re
import ssl
from dataclasses import dataclass
from functools import cache
from socket import SHUT_RDWR, socket
from typing import Any, BinaryIO

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests_toolbelt import MultipartEncoder
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, InvalidHeader, NewConnectionError
from urllib3.util import Retry

from pumble_bridge import deadline
from pumble_bridge.exceptions import PumbleError, PumbleTimeout, PumbleUnavailable, PumbleUnreachable

MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_RETRY_AFTER = 3600
_READ_SIZE = 64 * 1024
_TLS_RECORD_SIZE = 16 * 1024
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "pumble-api-keys"}


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file, which is read from its begin and sent piece by piece."""

    name: str
    media_type: str
    size: int
    content: BinaryIO


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after` is in whole seconds, None if the header is missing or invalid. `date` is the header, or ""."""

    status: int
    retry_after: int | None
    body: bytes
    date: str = ""


def send(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    body: bytes | None = None,
    form: dict[str, str] | None = None,
    file: OutgoingFile | None = None,
) -> Answer:
    """Send one request once and return the response. `form` and `file` are sent as `multipart/form-data`.

    Raises:
        PumbleTimeout, PumbleUnreachable.
        PumbleUnavailable: the response is compressed, too long, or its length is ambiguous.
        ValueError: the URL or a header has a character that is not allowed.
    """
    with contextlib.closing(
        open_stream(method, url, headers=headers, body=body, form=form, file=file)
    ) as stream:
        content = bytearray()
        while piece := stream.read():
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                raise PumbleUnavailable("the response is too long")
        return Answer(stream.status, stream.retry_after, bytes(content), stream.date)


class Stream:
    """A response whose body is read piece by piece. Close it in the end, also after an error.

    Attributes:
        length: the announced length of the body, None without one.
    """

    def __init__(self, raw: HTTPResponse) -> None:
        self.status = raw.status
        self.retry_after = _seconds(raw.headers.get("Retry-After", ""))
        self.date = raw.headers.get("Date", "")
        self.length = raw.length_remaining
        self._raw = raw

    def read(self) -> bytes:
        """Return the next piece, empty at the end.

        Raises:
            PumbleTimeout, PumbleUnreachable.
        """
        try:
            return self._raw.read1(_READ_SIZE, decode_content=False)
        except (HTTPError, OSError) as error:
            raise _failure(error, sent=True) from error

    def close(self) -> None:
        """Close the connection if the response was not read to its end."""
        self._raw.close()


def open_stream(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    body: bytes | None = None,
    form: dict[str, str] | None = None,
    file: OutgoingFile | None = None,
) -> Stream:
    """Send one request once, and return the response before its body is read.

    Raises:
        PumbleTimeout, PumbleUnreachable.
        PumbleUnavailable: the response is compressed, or its length is ambiguous.
        ValueError: the URL or a header has a character that is not allowed.
    """
    request = _prepare(method, url, headers, body, form, file)
    seconds = deadline.remaining()
    if seconds <= 0:
        raise _failure(deadline.DeadlineExceeded(), sent=False)
    try:
        # Half for each of two addresses of the host, or for the connection and the TLS handshake.
        raw = _adapter().send(request, stream=True, timeout=(seconds / 2, seconds)).raw
    except (HTTPError, OSError) as error:
        raise _failure(error, sent=True) from error
    try:
        _check_head(raw)
    except PumbleUnavailable:
        raw.close()
        raise
    return Stream(raw)


def _prepare(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    form: dict[str, str] | None,
    file: OutgoingFile | None,
) -> requests.PreparedRequest:
    """Prepare a request. The URL consists of settings and checked ids; parsing it again would take 15 µs."""
    if " " in url or _UNPRINTABLE.search("".join([url, *headers.values()])):
        raise ValueError("a character that is not allowed in a request")
    request = requests.PreparedRequest()
    request.method, request.url = method, url
    if file is not None:
        file.content.seek(0)
        # The `files` of requests takes twice the file in memory.
        encoder = MultipartEncoder({"file": (file.name, file.content, file.media_type)})
        request.prepare_headers(_HEADERS | headers | {"Content-Type": encoder.content_type})
        request.prepare_body(encoder, None)
        return request
    request.prepare_headers(_HEADERS | headers)
    request.prepare_body(body, form and {name: (None, value) for name, value in form.items()})
    return request


def _check_head(raw: HTTPResponse) -> None:
    if raw.status < 200:
        raise PumbleUnavailable("an interim response")  # another response would follow
    if raw.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise PumbleUnavailable("the response is compressed")
    encoding = raw.headers.get("Transfer-Encoding")
    if encoding is not None and (encoding.lower() != "chunked" or "Content-Length" in raw.headers):
        raise PumbleUnavailable("the response's length is ambiguous")


def _seconds(retry_after: str) -> int | None:
    """Return the seconds that a `Retry-After` header names, 1 to 3600, or None if it is neither a number nor a date."""
    try:
        seconds = Retry().parse_retry_after(retry_after)
    except (
        InvalidHeader,
        ValueError,
        OverflowError,
    ):  # the last two: a number that is too long, or an impossible date
        return None
    return max(1, min(math.ceil(seconds), MAX_RETRY_AFTER))


def _failure(error: Exception, *, sent: bool) -> PumbleError:
    timed_out = isinstance(error, TimeoutError | ConnectTimeoutError) and not isinstance(
        error, NewConnectionError
    )  # a subclass of ConnectTimeoutError: connection refused or unknown host
    kind = PumbleTimeout if timed_out or deadline.remaining() <= 0 else PumbleUnreachable
    failure = kind(repr(error))
    failure.may_have_happened = sent
    return failure


class _Bytes(io.RawIOBase):
    """The bytes of one response as they arrive. Every read ends at the deadline.

    Attributes:
        may_end: whether the end of the connection is a regular end of the response.
        complete: whether the response was read. Nothing more is read from the connection then.
    """

    may_end = complete = False

    def __init__(self, sock: socket, raw: io.RawIOBase) -> None:
        self._sock, self._raw = sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.complete:
            return None
        self._sock.settimeout(deadline.require_remaining())
        count = self._raw.readinto(buffer)
        if not count and not self.may_end:
            raise ConnectionResetError("the response was cut short")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """Buffers a response. Shuts the connection down if bytes are left, so that they do not become the next response.

    The pool itself notices bytes in the socket, but not in this buffer or in the TLS layer.
    """

    def __init__(self, sock: socket, source: _Bytes) -> None:
        super().__init__(source)
        self._sock, self._source = sock, source

    def close(self) -> None:
        if not self.closed and self._holds_bytes():
            with contextlib.suppress(OSError):
                self._sock.shutdown(SHUT_RDWR)
        super().close()

    def _holds_bytes(self) -> bool:
        self._source.complete = True
        return bool(self.peek()) or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0)


class _Response(http.client.HTTPResponse):
    """A response that is read within the deadline. It is an error if the connection ends before the response.

    http.client alone treats the end of the connection as the end of the headers, or as a chunk of length 0.
    """

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._bytes = _Bytes(sock, self.fp.detach())
        self.fp = _Reader(sock, self._bytes)

    def begin(self) -> None:
        super().begin()
        self._bytes.may_end = self.length is None and not self.chunked


class _Connection(HTTPConnection):
    """Connects and sends within the deadline. After a failure to connect, `may_have_happened` is False."""

    response_class = _Response

    def connect(self) -> None:
        try:
            super().connect()
            deadline.require_remaining()  # the DNS lookup may have taken longer
        except (HTTPError, OSError) as error:
            raise _failure(error, sent=False) from error

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # TLS sends record by record, and would apply the timeout to each record.
        for start in range(0, len(data), _TLS_RECORD_SIZE):
            self.sock.settimeout(deadline.require_remaining())
            super().send(data[start : start + _TLS_RECORD_SIZE])


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=ssl.create_default_context(), **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def cert_verify(self, *args: Any) -> None:
        """Verify with the SSL context alone. `requests` would also trust the authorities of the certifi package."""


@cache
def _adapter() -> _Adapter:
    return _Adapter(pool_maxsize=settings.THREADS)
