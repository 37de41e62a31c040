"""Fault injection for the REST API: slow, wrong and broken answers, to test how an app handles them.

`drop`, `lose` and `truncate` use the socket itself, which gunicorn passes in the WSGI environment.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from sandbox.exceptions import PlatformError, TooManyRequests, error_response

_DO = re.compile(r"(?P<kind>[a-z_]+)(?::(?P<number>[0-9]{1,4}(?:\.[0-9]{1,3})?))?", re.ASCII)
# Kind -> whether it needs a number.
FAULT_KINDS = {
    "delay": True,
    "status": True,
    "rate_limit": True,
    "drip": True,
    "garbage": False,
    "html": False,
    "redirect": False,
    "drop": False,
    "lose": False,
    "truncate": False,
}


class InvalidFault(ValueError):
    """The fault is malformed. The message says why."""


@dataclass(slots=True)
class Fault:
    """`match` is `METHOD /path`. `*` stands for one path segment (or any method), `**` for anything."""

    match: str
    kind: str
    number: float
    times: int

    def matches(self, method: str, path: str) -> bool:
        method_pattern, _, path_pattern = self.match.partition(" ")
        if method_pattern not in {"*", method}:
            return False
        pattern = re.escape(path_pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
        return re.fullmatch(pattern, path) is not None


def parse(fault: object) -> Fault:
    """Parse `{match, do, times?}`; `times` defaults to 1.

    Raises:
        InvalidFault: a value is missing or malformed.
    """
    if not isinstance(fault, dict):
        raise InvalidFault("each fault must be an object {match, do, times}")
    match, do, times = fault.get("match"), fault.get("do"), fault.get("times", 1)
    if not isinstance(match, str) or not re.fullmatch(r"(\*|[A-Z]+) /\S*", match):
        raise InvalidFault('match must be "METHOD /path/with/*"')
    if not isinstance(times, int) or isinstance(times, bool) or not 0 < times <= 1_000_000:
        raise InvalidFault("times must be a whole number from 1 to 1000000")
    spec = _DO.fullmatch(do) if isinstance(do, str) else None
    if spec is None or spec["kind"] not in FAULT_KINDS:
        raise InvalidFault(
            f"do must be one of {', '.join(FAULT_KINDS)}; delay, status, rate_limit and drip take :NUMBER"
        )
    if FAULT_KINDS[spec["kind"]] is not (spec["number"] is not None):
        raise InvalidFault(f"{spec['kind']} {'needs' if FAULT_KINDS[spec['kind']] else 'takes no'} :NUMBER")
    number = float(spec["number"] or 0)
    if spec["kind"] == "status" and not 400 <= number <= 599:
        raise InvalidFault("the status must be from 400 to 599")
    return Fault(match, spec["kind"], number, times)


class FaultList:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._cleared = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait for this many seconds. Return False if the faults were cleared meanwhile."""
        return not self._cleared.wait(seconds)

    def add(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._faults.extend(faults)

    def pop_match(self, method: str, path: str) -> Fault | None:
        """Return the first fault that matches and use up one of its times, or return None."""
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.matches(method, path):
                    fault.times -= 1
                    return fault
        return None

    def remaining(self) -> list[dict[str, object]]:
        with self._lock:
            return [
                {
                    "match": fault.match,
                    "do": fault.kind + (f":{fault.number:g}" if FAULT_KINDS[fault.kind] else ""),
                    "times": fault.times,
                }
                for fault in self._faults
                if fault.times > 0
            ]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._cleared.set()
            self._cleared = threading.Event()


FAULTS = FaultList()


_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"


def drop_connection(request: HttpRequest) -> HttpResponse:
    """Close the connection without an answer."""
    return _sever(request, b"")


def truncate(request: HttpRequest, content: bytes) -> HttpResponse:
    """Send half of the content, with the `Content-Length` of all of it, and close the connection."""
    length = max(len(content), 2)
    return _sever(request, _HEAD.format(length=length).encode() + content[: length // 2])


def _sever(request: HttpRequest, data: bytes) -> HttpResponse:
    sock = request.META.get("gunicorn.socket")
    if isinstance(sock, socket.socket):
        try:
            if data:
                sock.sendall(data)
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    # The socket is shut, so gunicorn drops this response.
    response = HttpResponse(status=200)
    response["Connection"] = "close"
    return response


def respond(
    request: HttpRequest, fault: Fault, get_response: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """Return the response with this fault.

    `delay` waits before the view. `truncate` and `lose` (no answer) act after it, `drip` sends its answer slowly.
    Every other kind replaces the view.
    """
    if fault.kind == "delay":
        waited = FAULTS.wait(fault.number)
        return get_response(request) if waited else drop_connection(request)
    if fault.kind in {"truncate", "lose"}:
        response = get_response(request)
        content = response.content if isinstance(response, HttpResponse) else b""
        return truncate(request, content) if fault.kind == "truncate" else drop_connection(request)
    if fault.kind == "drip":
        return _drip(get_response(request), fault.number)
    return _replacement(request, fault)


def _replacement(request: HttpRequest, fault: Fault) -> HttpResponse:
    if fault.kind == "rate_limit":
        return error_response(TooManyRequests(int(fault.number)))
    if fault.kind == "status":
        failure = PlatformError("Injected fault")
        failure.status = int(fault.number)
        failure.code = failure.status * 1000
        return error_response(failure)
    if fault.kind == "garbage":
        return HttpResponse(b'{"id": "64a0\xff\xfe', content_type="application/json")
    if fault.kind == "html":
        return HttpResponse("<!doctype html><title>Gateway</title><h1>It works!</h1>")
    if fault.kind == "redirect":
        response = HttpResponse(status=302)
        response["Location"] = f"http://127.0.0.1:{settings.SANDBOX_PORT}/healthz"
        return response
    return drop_connection(request)


def _drip(response: HttpResponseBase, seconds: float) -> HttpResponseBase:
    """Return the same response, byte by byte, with this pause before each byte."""
    content = response.content if isinstance(response, HttpResponse) else b""

    def drops() -> Iterator[bytes]:
        for position in range(len(content)):
            time.sleep(seconds)
            yield content[position : position + 1]

    slow = StreamingHttpResponse(drops(), status=response.status_code, content_type="application/json")
    slow["Content-Length"] = str(len(content))
    return slow
