"""Read the input of a call: query parameters, and strict JSON whatever the `Content-Type`."""

import codecs
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.http import UnreadablePostError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from portal.api.exceptions import InvalidBody
from pumble_bridge import hints, strict_json
from pumble_bridge.hints import Hint


class StrictJsonParser(BaseParser):
    """Parse the body as one JSON object. An empty body is an empty object."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Raises:
            InvalidBody: the body is not a JSON object, or is incomplete.
        """
        request: Request = (parser_context or {})["request"]
        raw = read_body(request)
        try:
            return strict_json.loads_object(raw or b"{}")
        except strict_json.InvalidJson as error:
            raise InvalidBody(
                hints.for_body(
                    raw,
                    content_type=request.META.get("CONTENT_TYPE", ""),
                    content_encoding=request.META.get("HTTP_CONTENT_ENCODING", ""),
                )
            ) from error


def read_body(request: Request) -> bytes:
    """Return the body without a byte order mark. Django limits its size.

    Raises:
        InvalidBody: the body is incomplete.
    """
    try:
        body: bytes = request.body
    except UnreadablePostError as error:  # the connection broke or timed out
        raise InvalidBody(Hint.CUT_SHORT) from error
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and len(body) < int(length):  # some servers do not report a closed connection
        raise InvalidBody(Hint.CUT_SHORT)
    return body.removeprefix(codecs.BOM_UTF8)


def read_input(request: Request) -> dict[str, Any]:
    """Return the input of the operation as one dictionary.

    GET reads the query, POST the JSON body, DELETE both; there the query takes precedence. Null fields and empty query
    parameters count as absent.
    """
    query = {} if request.method == "POST" else {n: v for n, v in request.query_params.items() if v != ""}
    if request.method in {"GET", "HEAD"}:
        return query
    body = cast(dict[str, Any], request.data)
    return {name: value for name, value in body.items() if value is not None} | query


def closest_field(name: str, fields: Iterable[str]) -> str | None:
    """Return the field that an unknown name probably means, or None."""
    return next(iter(difflib.get_close_matches(name[:64], fields, 1)), None)


def find_misplaced_input(request: Request) -> Hint | None:
    """Return a hint if the fields were sent in the body instead of the query, in the query instead of the body, or not at all."""
    if request.method in {"GET", "HEAD"}:
        has_body = request.META.get("CONTENT_LENGTH", "0") not in {"", "0"}
        return Hint.FIELDS_IN_BODY if has_body and not request.query_params else None
    if read_body(request).strip() or (request.query_params and request.method == "DELETE"):
        return None
    return Hint.FIELDS_IN_QUERY if request.query_params else Hint.EMPTY
