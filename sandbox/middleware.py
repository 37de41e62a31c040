"""Middleware: page headers, same-origin check, traffic list, faults and scheduled messages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from sandbox import faults
from sandbox.faults import FAULTS
from sandbox.scheduler import SCHEDULER
from sandbox.traffic import MAX_BODY_SIZE, TRAFFIC

GetResponse = Callable[[HttpRequest], HttpResponseBase]

CSP = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
API_PREFIXES = ("/v1/", "/oauth2/", "/upload/", "/files/")


class PageHeadersMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", CSP)
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Referrer-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response


class SameOriginMiddleware:
    """Refuses requests that pages of other sites send. Django refuses a foreign `Host` before.

    `/act/` has no sign-in, so `Sec-Fetch-Site` counts there, too. Elsewhere, links of the portal lead to the consent screen.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        own_origin = f"{request.scheme}://{request.get_host()}"
        foreign = request.headers.get("Origin", own_origin) != own_origin
        if request.path.startswith("/act/"):
            foreign |= request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
        if foreign:
            return JsonResponse(
                {"error": "only the chat page and programs without a browser may use this address"},
                status=403,
            )
        return self.get_response(request)


class TrafficMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API_PREFIXES):
            return self.get_response(request)
        entry = TRAFFIC.begin(
            "api", request.method or "", request.get_full_path(), sent=_request_body(request)
        )
        response = self.get_response(request)
        details = _caller(request)
        fault = getattr(request, "sandbox_fault", None)
        if fault:
            details["fault"] = fault
        content = response.content if isinstance(response, HttpResponse) else b""
        TRAFFIC.end(entry, response.status_code, received=content, **details)
        return response


class FaultMiddleware:
    """Applies the fault that was added for this call of the API, if any."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        fault = (
            FAULTS.pop_match(request.method or "", request.path)
            if request.path.startswith(API_PREFIXES)
            else None
        )
        if fault is None:
            return self.get_response(request)
        request.sandbox_fault = fault.kind  # type: ignore[attr-defined]
        return faults.respond(request, fault, self.get_response)


class ScheduleMiddleware:
    """Posts due messages before each request, so that no response misses one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(("/v1/", "/act/")):
            SCHEDULER.post_due()
        return self.get_response(request)


def _request_body(request: HttpRequest) -> bytes:
    """Return the body if it is short enough to be shown. Leave a longer one to the parser."""
    length = request.headers.get("Content-Length", "")
    return request.body if length.isdecimal() and int(length) <= MAX_BODY_SIZE else b""


def _caller(request: HttpRequest) -> dict[str, str]:
    """Return how the call was authenticated: `user` or `bot` with the name, `refused`, or `none`."""
    call = getattr(request, "sandbox_call", None)
    if call is not None:
        return {
            "token": "bot" if call.person.is_bot else "user",
            "who": call.person.name,
            "appId": call.app.id,
        }
    return {"token": "refused" if request.headers.get("token") else "none"}
