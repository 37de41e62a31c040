"""Takes calls of the API straight to their endpoint, past what only pages need: files, sessions, languages, forms, signals."""

from typing import Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation

from portal.api.operations import OPERATIONS
from portal.middleware import GetResponse, RequestIdMiddleware, SecurityHeadersMiddleware


class Shortcut(WSGIHandler):
    """Django's handler, but for the paths of endpoints. These stand in the map of the house as well, which describes them."""

    def __init__(self) -> None:
        super().__init__()
        self._endpoints = {
            f"/{one.operation}{slash}": one.as_view() for one in OPERATIONS for slash in ("", "/")
        }
        inner = cast(GetResponse, convert_exception_to_response(self._call))
        self._answer = RequestIdMiddleware(SecurityHeadersMiddleware(inner))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("PATH_INFO") not in self._endpoints:
            return super().__call__(environ, start_response)
        try:
            response = cast(HttpResponse, self._answer(WSGIRequest(environ)))
        finally:
            connection.close_if_unusable_or_obsolete()
        said = response.headers._store.values()  # noqa: SLF001 - its `items` looks each of them up anew
        headers = [*said, ("Content-Length", str(len(response.content)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]

    def _call(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # refuses a host that is not ours
        translation.activate("en")  # a program reads the same whoever was here before
        return self._endpoints[request.path_info](request)
