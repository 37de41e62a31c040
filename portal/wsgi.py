"""The WSGI application, wrapped once more: what fails before or behind Django is answered in the contract's shape."""

import io
import json
import logging
import os
import sys
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from portal.headers import SAFE_AND_FRESH
from pumble_bridge.strict_json import MAX_BODY_BYTES

log = logging.getLogger(__name__)


class Outermost:
    """Drops charsets, refuses a body that is too large before anybody reads it, and turns anything that escapes Django into a 500 with a request id."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from portal.health import PROBED
        from portal.middleware import sane_request_id

        # Who speaks to the portal came by PUBLIC_URL, whatever the last stretch or a header says: by it a browser's
        # forms are known to be ours, and answers ask browsers to keep to https.
        environ["wsgi.url_scheme"] = settings.PUBLIC_URL.partition(":")[0]
        if environ.get("PATH_INFO") in PROBED:
            environ["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        environ["HTTP_X_REQUEST_ID"] = request_id = sane_request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        # Django builds the request before any middleware and fails on a charset that is no text encoding. Bodies are
        # UTF-8 whatever it says, and looking a name up would keep it in memory for ever.
        if "charset" in environ.get("CONTENT_TYPE", "").lower():
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
        try:
            fits = _measure_body(environ)
        except Exception as error:  # noqa: BLE001 - each server has errors of its own for chunks that are none
            log.info("request.unreadable", extra={"kind": type(error).__name__, "request_id": request_id})
            said = "The request could not be read"
            return _refuse(start_response, "400 Bad Request", said, "validation", request_id)
        try:
            if not fits:
                said = "The request body is larger than 1 MiB"
                log.info("request.too_large", extra={"status": 413, "request_id": request_id})
                return _refuse(start_response, "413 Content Too Large", said, "too_large", request_id)
            answer: Iterable[bytes] = self._application(environ, start_response)
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
        return answer


def _measure_body(environ: dict[str, Any]) -> bool:
    """Whether the body is of a size that may come in."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get("CONTENT_LENGTH"):
        # A body in chunks has no length, and Django takes it for empty: read it here, up to what is too large.
        missing = 0
        try:
            body = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
        except OSError:
            body, missing = (
                b"",
                1,
            )  # the client stopped sending: whoever reads the body finds it shorter than its length
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body) + missing)
    length = environ.get("CONTENT_LENGTH") or "0"
    return length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= MAX_BODY_BYTES


def _refuse(
    start_response: Any, status: str, error: str, reason: str, request_id: str, exc_info: Any = None
) -> list[bytes]:
    body = json.dumps({"error": error, "reason": reason, "requestId": request_id}).encode()
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Request-Id", request_id),
        *SAFE_AND_FRESH.items(),
    ]
    start_response(status, headers, *([exc_info] if exc_info else []))
    return [body]


application = Outermost(get_wsgi_application())

# Django loads the URLs with the first request, which is after the server forked: each process would load its own.
import portal.urls  # noqa: E402, F401 - not before Django is set up
