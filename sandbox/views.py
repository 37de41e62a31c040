"""The chat page, the health check, and JSON for errors."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from sandbox.exceptions import NotFound, PlatformError


def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@ensure_csrf_cookie
def chat(request: HttpRequest) -> HttpResponse:
    return render(request, "sandbox/chat.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _json(request, NotFound())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _json(request, PlatformError())


def server_error(request: HttpRequest) -> HttpResponse:
    failure = PlatformError("Internal error")
    failure.status, failure.code = 500, 500000
    return _json(request, failure)


def _json(request: HttpRequest, failure: PlatformError) -> HttpResponse:
    body = {"error": failure.message} if request.path.startswith("/act/") else failure.body()
    return JsonResponse(body, status=failure.status)
