"""One HTTP call with a wall-clock deadline, which also holds for an answer that arrives byte by byte.

A read timeout starts again with each byte. So a timer shuts the socket down at the deadline.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MAX_RESPONSE_SIZE = 2 * 1024 * 1024


class Unreachable(Exception):
    """There was no complete answer before the deadline. The message is a short reason without content."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = field(repr=False)


def request(
    method: str,
    url: str,
    *,
    deadline: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send a request and return the response. Redirects are not followed.

    Args:
        deadline: `time.monotonic()` value at which the call must have ended.

    Raises:
        Unreachable: there is no complete response, whatever the reason.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Unreachable("bad address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unreachable("bad address")
    try:
        sock = _connect(parts.hostname, port, deadline, secure=parts.scheme == "https")
    except OSError:
        raise Unreachable("no connection") from None
    overdue = threading.Event()

    def end() -> None:
        overdue.set()
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(parts.hostname, port)
    connection.sock = sock
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        content = response.read(MAX_RESPONSE_SIZE + 1)
        if response.length or overdue.is_set():
            raise Unreachable("incomplete answer")
        if len(content) > MAX_RESPONSE_SIZE:
            raise Unreachable("answer too large")
        return Response(response.status, content)
    except (OSError, http.client.HTTPException, ValueError):
        raise Unreachable("no answer in time" if overdue.is_set() else "connection broke") from None
    finally:
        timer.cancel()
        connection.close()
        sock.close()


def _connect(host: str, port: int, deadline: float, *, secure: bool) -> socket.socket:
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            sock.connect(address)
            if not secure:
                return sock
            return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        except OSError as exc:
            sock.close()
            failure = exc
    raise failure
