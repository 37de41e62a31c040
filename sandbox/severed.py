"""Answers that break off, on the socket itself: gunicorn hands it over in the WSGI environment."""

import socket

from django.http import HttpRequest, HttpResponse

_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"


def at_once(request: HttpRequest) -> HttpResponse:
    """The connection ends without a byte of an answer."""
    return _sever(request, b"")


def after(request: HttpRequest, content: bytes) -> HttpResponse:
    """Half of the answer arrives, with a header that promised all of it."""
    promised = max(len(content), 2)
    return _sever(request, _HEAD.format(length=promised).encode() + content[: promised // 2])


def _sever(request: HttpRequest, sent: bytes) -> HttpResponse:
    sock = request.META.get("gunicorn.socket")
    if isinstance(sock, socket.socket):
        try:
            if sent:
                sock.sendall(sent)
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    # Goes to a socket that is shut; gunicorn drops it.
    response = HttpResponse(status=200)
    response["Connection"] = "close"
    return response
