"""The WSGI application. A wrapper answers errors outside Django in the contract's shape."""

import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from portal.headers import SECURITY_HEADERS

log = logging.getLogger(__name__)

_PARAMETERS = re.compile(r";.*", re.DOTALL)
_CHARSET = re.compile(
    r';\s*charset\s*=\s*(?:"[^"]*"|[^;]*)', re.ASCII | re.IGNORECASE
)  # a form needs its boundary


class ErrorBoundary:
    """Drop charsets, refuse a body that is too large, and answer an exception that escapes Django with a 500."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from portal.api.multipart import is_form_type
        from portal.api.urls import FORM_PATHS
        from portal.health import PROBE_PATHS
        from portal.middleware import valid_request_id

        # The scheme comes from PUBLIC_URL, not from the connection or a header. CSRF checks and HSTS rely on it.
        environ["wsgi.url_scheme"] = settings.PUBLIC_URL.partition(":")[0]
        if environ.get("PATH_INFO") in PROBE_PATHS:
            environ["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        environ["HTTP_X_REQUEST_ID"] = request_id = valid_request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        # Bodies are UTF-8, whatever the charset. Django raises on an unknown one before any middleware runs, and Python
        # caches each codec lookup forever.
        has_files = is_form_type(environ.get("CONTENT_TYPE", "")) and _path(environ) in FORM_PATHS
        if "charset" in environ.get("CONTENT_TYPE", "").lower():
            pattern = _CHARSET if has_files else _PARAMETERS
            environ["CONTENT_TYPE"] = pattern.sub("", environ["CONTENT_TYPE"])
        try:
            fits = _measure_form(environ) if has_files else _measure_body(environ)
        except Exception as error:  # noqa: BLE001 - each server has its own exceptions for malformed chunks
            log.info("request.unreadable", extra={"kind": type(error).__name__, "request_id": request_id})
            text = "The request could not be read"
            return _refuse(start_response, "400 Bad Request", text, "validation", request_id)
        try:
            if not fits:
                text = f"The request {'is larger than 50' if has_files else 'body is larger than 1'} MiB"
                log.info("request.too_large", extra={"status": 413, "request_id": request_id})
                return _refuse(start_response, "413 Content Too Large", text, "too_large", request_id)
            return cast(Iterable[bytes], self._application(environ, start_response))
        except Exception:
            log.exception("request.escaped", extra={"request_id": request_id})
            return _refuse(
                start_response,
                "500 Internal Server Error",
                "Internal error",
                "internal",
                request_id,
                sys.exc_info(),
            )


def _path(environ: dict[str, Any]) -> str:
    return "/" + str(environ.get("PATH_INFO", "")).strip("/")


def _is_chunked(environ: dict[str, Any]) -> bool:
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    return chunked and not environ.get("CONTENT_LENGTH")


def _measure_form(environ: dict[str, Any]) -> bool:
    """Return whether a form is within the size limit, as far as that is known. Its body is read later, piece by piece."""
    from portal.api.multipart import CHUNKED

    if _is_chunked(environ):
        environ[CHUNKED], environ["CONTENT_LENGTH"] = True, str(settings.MAX_UPLOAD_BYTES + 1)
        return True
    return _fits(environ, settings.MAX_UPLOAD_BYTES)


def _measure_body(environ: dict[str, Any]) -> bool:
    """Return whether the body is within the size limit. Set the length of a chunked body."""
    if _is_chunked(environ):
        # Django reads a chunked body as empty, because it has no length.
        missing = 0
        try:
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        except OSError:
            body, missing = b"", 1  # the client stopped; declare a longer body, so that it is incomplete
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body) + missing)
    return _fits(environ, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _fits(environ: dict[str, Any], limit: int) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    return length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= limit


def _refuse(
    start_response: Any, status: str, error: str, reason: str, request_id: str, exc_info: Any = None
) -> list[bytes]:
    body = json.dumps({"error": error, "reason": reason, "requestId": request_id}).encode()
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Request-Id", request_id),
        *SECURITY_HEADERS.items(),
    ]
    start_response(status, headers, *([exc_info] if exc_info else []))
    return [body]


application = ErrorBoundary(get_wsgi_application())

# Load the URLs before the server forks, so that processes share them. Django loads them at the first request.
import portal.urls  # noqa: E402, F401 - Django must be set up first
