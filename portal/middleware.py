"""What every answer gets: a request id, one log line, the headers that keep a browser safe; and who is signed in."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from keys import keyformat
from portal.signin import signed_in

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
_DOCS_POLICY = _POLICY + "; img-src 'self' data:"  # Swagger UI's stylesheet has its icons as data


class RequestIdMiddleware:
    """Every answer names its request; a sane incoming id is kept. One line in the log, without query and body."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        request_id = sane_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round((time.monotonic() - began) * 1000),
                "request_id": request_id,
            },
        )
        return response


class SecurityHeadersMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        docs = request.path.startswith("/api-docs/")
        response.headers.setdefault("Content-Security-Policy", _DOCS_POLICY if docs else _POLICY)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class SignedInMiddleware(AuthenticationMiddleware):
    """`request.user` is found when it is asked for: API calls never touch a session."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: signed_in(request))  # type: ignore[assignment]


def sane_request_id(incoming: str) -> str:
    sane = _SANE_ID.fullmatch(incoming) and not keyformat.looks_like_key(incoming)
    return incoming if sane else secrets.token_hex(12)
