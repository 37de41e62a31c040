"""Pages a browser sees when something is not there, not allowed, or broken; programs get the contract's JSON."""

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
# Programs ask for these, or only forms are sent there.
_NO_PAGES = {
    *_OPERATIONS, "hook", "redirect", "healthz", "readyz", "metrics", "signout", "signout-everywhere", "set_language",
    "disable", "enable", "finish", "remedy", "try-it",
}  # fmt: skip


def accepts_html(request: HttpRequest) -> bool:
    """A browser that navigates, as opposed to a program: it asks for HTML and presents no key."""
    navigates = request.method in {"GET", "POST"} and "text/html" in request.headers.get("Accept", "")
    return navigates and not has_key_header(request.META) and request.path.strip("/") not in _OPERATIONS


def error_page(
    request: HttpRequest,
    *,
    status: int,
    title: str,
    advice: str,
    action: str = "",
    link: tuple[str, str] | None = None,
) -> HttpResponse:
    """Our error page: what happened, what to do next, and the request id.

    Args:
        action: offers `sign-in` or `install`.
        link: the address and the words of another way on.
    """
    context = {
        "title": title,
        "advice": advice,
        "action": action,
        "link": link,
        # Another language means to load the page anew, which is no answer to what was sent.
        "languages": request.method != "POST",
        "request_id": getattr(request, "request_id", ""),
    }
    return render(request, "error.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if address := _meant(request):
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


def _meant(request: HttpRequest) -> str:
    """The page that a mistyped address means, with its query; "" where there is none, or a program asks.

    People leave a slash out or add one, paste a blank along, and phones begin with a capital letter.
    """
    bare = request.path.strip("/ \t\r\n\u00a0")
    asks_for_page = request.method in {"GET", "HEAD"} and not has_key_header(request.META)
    if not asks_for_page or request.resolver_match or bare in _OPERATIONS:
        return ""
    small = bare.lower()
    for path in (f"/{bare}", f"/{bare}/", f"/{small}", f"/{small}/"):
        with contextlib.suppress(Resolver404):
            match = resolve(path)
            if match.view_name in _NO_PAGES or (
                match.kwargs and bare not in path
            ):  # ids have capital letters
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
            title=_("This address is not the portal's"),
            advice=_("The portal does not answer under this host name. Open it at the address below."),
            link=(settings.PUBLIC_URL, settings.PUBLIC_URL),
        )
    title, advice = _("The request makes no sense"), _("Go back to the start page and try again.")
    return error_page(request, status=400, title=title, advice=advice)


def server_error(request: HttpRequest) -> HttpResponse:
    """What Django shows of an exception that nobody caught; of a database that is away, that it will be back."""
    error = sys.exception()
    away = isinstance(error, OperationalError | InterfaceError)
    if not accepts_html(request):
        return exceptions.error_response(
            error if away and isinstance(error, Exception) else RuntimeError(), request
        )
    if away:
        advice = _("The service is not available right now. Try again in a moment.")
        response = error_page(request, status=503, title=_("One moment, please"), advice=advice)
        response["Retry-After"] = "2"
        return response
    title = _("Something broke on our side")
    return error_page(
        request,
        status=500,
        title=title,
        advice=_("Try again; if it stays, tell your administrator the request id."),
    )
