"""What a call sends: query parameters, and strict JSON whatever its `Content-Type` says."""

import codecs
from collections.abc import Mapping
from typing import Any, cast

from django.http import UnreadablePostError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from portal.api.exceptions import InvalidBody
from pumble_bridge import hints, strict_json
from pumble_bridge.hints import Hint


class StrictJsonParser(BaseParser):
    """One JSON object; an empty body is an empty one."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Raises:
            InvalidBody: the body is no JSON object, or ended before it was complete.
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
    """Return the body without the mark that some editors put before UTF-8. Django limits its size.

    Raises:
        InvalidBody: the body ended before it was complete.
    """
    try:
        body: bytes = request.body
    except UnreadablePostError as error:  # the connection broke, or waited too long for the rest
        raise InvalidBody(Hint.CUT_SHORT) from error
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and len(body) < int(length):  # some servers say nothing of a connection that closed
        raise InvalidBody(Hint.CUT_SHORT)
    return body.removeprefix(codecs.BOM_UTF8)


def read_input(request: Request) -> dict[str, Any]:
    """Return the query of a GET or DELETE, the JSON object of a POST or of what a DELETE's query leaves out.

    What is null, or empty in a query, counts as absent.
    """
    query = {} if request.method == "POST" else {n: v for n, v in request.query_params.items() if v != ""}
    if request.method in {"GET", "HEAD"}:
        return query
    body = cast(dict[str, Any], request.data)
    return {name: value for name, value in body.items() if value is not None} | query


def find_misplaced_input(request: Request) -> Hint | None:
    """Return where fields were sent that are missing, if nothing is where the operation takes them from."""
    if request.method in {"GET", "HEAD"}:
        has_body = request.META.get("CONTENT_LENGTH", "0") not in {"", "0"}
        return Hint.FIELDS_IN_BODY if has_body and not request.query_params else None
    if read_body(request).strip() or (request.query_params and request.method == "DELETE"):
        return None
    return Hint.FIELDS_IN_QUERY if request.query_params else Hint.EMPTY
