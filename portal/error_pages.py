"""Error responses: a page for browsers, the contract's JSON for programs."""

import contextlib
import difflib
import sys
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from keys import key_format
from portal.api import exceptions
from portal.api.authentication import has_key_header
from portal.api.urls import OPERATIONS

_OPERATIONS = {operation.operation for operation in OPERATIONS}
_MAX_COMPARED_LENGTH = 64
_MIN_SIMILARITY = 0.75
# URLs for programs, and URLs that accept only forms.
_NOT_PAGES = {
    *_OPERATIONS, "hook", "redirect", "healthz", "readyz", "metrics", "signout", "signout-everywhere", "set_language",
    "disable", "enable", "finish", "stop-listening", "remedy", "try-it", "doctor-probe",
}  # fmt: skip


def accepts_html(request: HttpRequest) -> bool:
    """Return whether the client is a browser that is_navigation: it accepts HTML and sends no API key."""
    is_navigation = request.method in {"GET", "POST"} and "text/html" in request.headers.get("Accept", "")
    return is_navigation and not has_key_header(request.META) and request.path.strip("/") not in _OPERATIONS


def error_page(
    request: HttpRequest,
    *,
    status: int,
    title: str,
    advice: str,
    action: str = "",
    link: tuple[str, str] | None = None,
) -> HttpResponse:
    """Return an error page: what happened, what to do next, and the request id.

    Args:
        action: `sign-in` or `install` shows a button for it.
        link: URL and text of another link.
    """
    context = {
        "title": title,
        "advice": advice,
        "action": action,
        "link": link,
        # Choosing a language reloads the page, which would lose a form.
        "languages": request.method != "POST",
        "request_id": getattr(request, "request_id", ""),
    }
    return render(request, "error.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if address := _corrected_url(request):
        return redirect(address)
    if not accepts_html(request):
        similar = _similar_operation(request.path)
        error = exceptions.PathSimilar(similar) if similar else exceptions.PathUnknown()
        return exceptions.error_response(error, request)
    title, advice = _("This page does not exist"), _("Check the address, or go back to the start page.")
    return error_page(request, status=404, title=title, advice=advice)


def _similar_operation(path: str) -> str:
    """Return the operation that the last part of a path probably means; "" if there is none.

    People write `/v1/sendMessage`, `send_message` or `sendmesage`.
    """
    last = path.rstrip("/").rpartition("/")[2][:_MAX_COMPARED_LENGTH]
    folded = {operation.lower(): operation for operation in _OPERATIONS}
    written = "".join(char for char in last.lower() if char.isalnum())
    similar = difflib.get_close_matches(written, folded, n=1, cutoff=_MIN_SIMILARITY)
    return folded[similar[0]] if similar else ""


def _corrected_url(request: HttpRequest) -> str:
    """Return the URL for a mistyped path, or "" if there is none or the client is a program.

    Corrected are a missing or added slash, spaces around the path, and capital letters.
    """
    path_text = request.path.strip("/ \t\r\n\u00a0")
    asks_for_page = request.method in {"GET", "HEAD"} and not has_key_header(request.META)
    if not asks_for_page or request.resolver_match or path_text in _OPERATIONS:
        return ""
    lower = path_text.lower()
    for path in (f"/{path_text}", f"/{path_text}/", f"/{lower}", f"/{lower}/"):
        with contextlib.suppress(Resolver404):
            match = resolve(path)
            if match.view_name in _NOT_PAGES or (
                match.kwargs and path_text not in path
            ):  # ids are case-sensitive
                continue
            address, query = quote(path), request.META.get("QUERY_STRING", "")
            if query and key_format.is_free_of_keys(query):
                address += f"?{query}"
            return address if key_format.is_free_of_keys(path) else ""
    return ""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if not accepts_html(request):
        unknown_host = isinstance(exception, DisallowedHost)
        return exceptions.error_response(
            exceptions.HostUnknown() if unknown_host else exceptions.InvalidBody(), request
        )
    if isinstance(exception, DisallowedHost):
        return error_page(
            request,
            status=400,
            title=_("Unknown host name"),
            advice=_("The portal does not serve this host name. Open it at the address below."),
            link=(settings.PUBLIC_URL, settings.PUBLIC_URL),
        )
    title, advice = _("The request is not valid"), _("Go back to the start page and try again.")
    return error_page(request, status=400, title=title, advice=advice)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a 503 page if the database cannot be reached, else a 500 page. Django calls this for unhandled exceptions."""
    error = sys.exception()
    is_unreachable = isinstance(error, OperationalError | InterfaceError)
    if not accepts_html(request):
        return exceptions.error_response(
            error if is_unreachable and isinstance(error, Exception) else RuntimeError(), request
        )
    if is_unreachable:
        advice = _("The service is not available right now. Try again in a moment.")
        response = error_page(request, status=503, title=_("The service is not available"), advice=advice)
        response["Retry-After"] = "2"
        return response
    title = _("Internal error")
    return error_page(
        request,
        status=500,
        title=title,
        advice=_("Try again. If the error stays, give your administrator the request id."),
    )
