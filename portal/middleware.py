"""What every answer gets: a request id, one log line, the headers that keep a browser safe; and who is signed in."""

import logging
import random
import re
import time
from collections.abc import Callable
from typing import cast

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseBase
from django.middleware import locale
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from keys import keyformat
from portal import headers, logs, metrics
from portal.api.operations import PATHS as API_PATHS
from portal.signin import signed_in

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Every answer names its request; a sane incoming id is kept. Each is counted, and has one line in the log.

    The line has no query and no body, but what an endpoint says of its call in `request.facts`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        request_id = sane_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        outer = logs.request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(outer)
        response["X-Request-Id"] = request_id
        seconds = time.monotonic() - began
        facts = getattr(request, "facts", None) or _facts_of_a_page(request, response)
        metrics.REQUESTS.labels(facts["operation"], facts["outcome"]).inc()
        metrics.REQUEST_SECONDS.labels(facts["operation"]).observe(seconds)
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round(seconds * 1000),
                "request_id": request_id,
                **facts,
            },
        )
        return response


class LeadingSlashesMiddleware:
    """Serves `//sendMessage` as `/sendMessage`: clients join a base URL that ends with a slash and a path that begins with one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("//"):
            request.path = request.path_info = "/" + request.path_info.lstrip("/")
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """What an answer says of these itself stands."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/api-docs/"):
            response.headers.setdefault("Content-Security-Policy", headers.POLICY_OF_THE_REFERENCE)
        ours = headers.SAFE if request.path.startswith("/static/") else headers.SAFE_AND_FRESH
        for name, value in ours.items():
            response.headers.setdefault(name, value)
        return response


class ApiCallMiddleware:
    """A call of the API has no cookies, whatever it sends, and is answered in English, whoever the thread answered before."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in API_PATHS:
            request.META.pop("HTTP_COOKIE", None)
            translation.activate("en")
        return self.get_response(request)


class PageMiddleware(MiddlewareMixin):
    """Does nothing for a call of the API, which needs no session, no choice of a language and no messages."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response if request.path_info in API_PATHS else super().__call__
        return cast(HttpResponseBase, answer(request))


class SessionMiddleware(PageMiddleware, sessions.SessionMiddleware):
    pass


class LocaleMiddleware(PageMiddleware, locale.LocaleMiddleware):
    pass


class SignedInMiddleware(PageMiddleware, AuthenticationMiddleware):
    """`request.user` is found when it is asked for."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: signed_in(request))  # type: ignore[assignment]


class MessageMiddleware(PageMiddleware, messages.MessageMiddleware):
    pass


def _facts_of_a_page(request: HttpRequest, response: HttpResponseBase) -> dict[str, str]:
    """What is asked for goes by its name in the map; what is not there has one name for all of it."""
    match = request.resolver_match
    name = match.view_name if match else "static" if request.path.startswith("/static/") else "unknown"
    return {
        "operation": name or "unknown",
        "outcome": "ok" if response.status_code < 400 else str(response.status_code),
    }


def sane_request_id(incoming: str) -> str:
    sane = _SANE_ID.fullmatch(incoming) and not keyformat.looks_like_key(incoming)
    # It names and opens nothing, and asking the system for chance would let another thread go first.
    return incoming if sane else f"{random.getrandbits(96):024x}"
