"""The WSGI application, wrapped once more: what fails before or behind Django is answered in the contract's shape."""

import io
import json
import logging
import os
from codecs import lookup
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from pumble_bridge.strict_json import MAX_BODY_BYTES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

log = logging.getLogger(__name__)


class Outermost:
    """Drops a charset that is no text encoding, and turns anything that escapes Django into a 500 with a request id."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from portal.middleware import sane_request_id

        _measure_chunked_body(environ)
        environ["CONTENT_TYPE"] = _readable_content_type(environ.get("CONTENT_TYPE", ""))
        environ["HTTP_X_REQUEST_ID"] = request_id = sane_request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        try:
            answer: Iterable[bytes] = self._application(environ, start_response)
        except Exception:
            log.exception("request.escaped", extra={"request_id": request_id})
            body = json.dumps(
                {"error": "Internal error", "reason": "internal", "requestId": request_id}
            ).encode()
            headers = [
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("X-Request-Id", request_id),
            ]
            start_response("500 Internal Server Error", headers)
            return [body]
        return answer


def _measure_chunked_body(environ: dict[str, Any]) -> None:
    """A body sent in chunks has no length, and Django takes it for empty: read it here, up to what is too large."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get("CONTENT_LENGTH"):
        body = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))


def _readable_content_type(content_type: str) -> str:
    """`content_type` without a charset that Django would fail on: it builds the request before any middleware."""
    kind, _, parameters = content_type.partition(";")
    if "charset" not in parameters.lower():
        return content_type
    charset = parameters.lower().rpartition("charset=")[2].strip().strip('"').partition(";")[0]
    try:
        sound = lookup(charset)._is_text_encoding  # noqa: SLF001 - no public name for it
    except (LookupError, ValueError):
        sound = False
    return content_type if sound else kind


application = Outermost(get_wsgi_application())
