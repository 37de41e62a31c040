"""Middleware: request ids, the log line of a request, default headers, the signed-in member and their clock.

The middleware of pages skips calls of the API.
"""

import logging
import random
import re
import time
from collections.abc import Callable
from typing import cast

from csp import middleware as csp
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseBase
from django.middleware import locale
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from keys import key_format, times
from keys.times import Clock
from portal import headers, metrics
from portal.accounts.clocks import get_clock
from portal.accounts.sessions import get_session_user
from portal.api.urls import CHECK_PATHS
from portal.api.urls import PATHS as OPERATION_PATHS
from portal.logging import request_id as logged_request_id
from portal.mcp.urls import PATHS as MCP_PATHS

log = logging.getLogger(__name__)

API_PATHS = OPERATION_PATHS | CHECK_PATHS | MCP_PATHS

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Set the request id on the response, count the request and log it.

    A valid incoming id is kept. The log line has neither query nor body. A view adds fields in `request.log_fields`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        request_id = valid_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        outer = logged_request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            logged_request_id.reset(outer)
        response["X-Request-Id"] = request_id
        seconds = time.monotonic() - started
        fields = getattr(request, "log_fields", None) or _page_log_fields(request, response)
        metrics.REQUESTS.labels(fields["operation"], fields["outcome"]).inc()
        metrics.REQUEST_SECONDS.labels(fields["operation"]).observe(seconds)
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round(seconds * 1000),
                "request_id": request_id,
                **fields,
            },
        )
        return response


class LeadingSlashesMiddleware:
    """Serve `//sendMessage` as `/sendMessage`: clients join a base URL with a last slash and a path with a first one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("//"):
            request.path = request.path_info = "/" + request.path_info.lstrip("/")
        return self.get_response(request)


class DefaultHeadersMiddleware:
    """Set `Permissions-Policy`, and `Cache-Control: no-store` except for static files. A view may override both."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", headers.PERMISSIONS_POLICY)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ApiCallMiddleware:
    """Drop the cookies of an API call, and answer it in English.

    The Content-Security-Policy is built once, because django-csp takes 28 µs to build it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in API_PATHS:
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        translation.activate("en")
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = headers.CONTENT_SECURITY_POLICY
        return response


class PageMiddleware(MiddlewareMixin):
    """Skip calls of the API, which need no session, language or messages."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        respond = self.get_response if request.path_info in API_PATHS else super().__call__
        return cast(HttpResponseBase, respond(request))


class CSPMiddleware(PageMiddleware, csp.CSPMiddleware):
    pass


class SessionMiddleware(PageMiddleware, sessions.SessionMiddleware):
    pass


class LocaleMiddleware(PageMiddleware, locale.LocaleMiddleware):
    pass


class SignedInMiddleware(PageMiddleware, AuthenticationMiddleware):
    """Look up `request.user` on first use."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: get_session_user(request))  # type: ignore[assignment]


class MessageMiddleware(PageMiddleware, messages.MessageMiddleware):
    pass


class ClockMiddleware:
    """Show times on the reader's clock: what Pumble tells of the member, or what the browser told in a cookie.

    The member is looked up with the first time that is shown, so other pages need no query.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in API_PATHS:
            return self.get_response(request)
        with times.use(cast(Clock, SimpleLazyObject(lambda: get_clock(request)))):
            return self.get_response(request)


def _page_log_fields(request: HttpRequest, response: HttpResponseBase) -> dict[str, str]:
    """Return the view's name and the outcome. Unknown paths share one name, which bounds the labels of metrics."""
    match = request.resolver_match
    name = match.view_name if match else "static" if request.path.startswith("/static/") else "unknown"
    return {
        "operation": name or "unknown",
        "outcome": "ok" if response.status_code < 400 else str(response.status_code),
    }


def valid_request_id(incoming: str) -> str:
    """Return `incoming` if it may serve as a request id, else a new one."""
    valid = _REQUEST_ID.fullmatch(incoming) and not key_format.contains_key_pattern(incoming)
    # The id is no secret, and a system call for randomness would release the GIL.
    return incoming if valid else f"{random.getrandbits(96):024x}"
