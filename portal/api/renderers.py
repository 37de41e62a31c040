"""JSON as the contract sends it, whatever media type the client says it accepts."""

from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        if renderer_context:
            renderer_context.clear()  # view and response hold each other through it, until the garbage collector comes
        return msgspec.json.encode(data)


class IgnoreClientNegotiation(BaseContentNegotiation):
    """The one parser and the one renderer: `Accept`, `?format=` and `Content-Type` change nothing."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def json_response(data: Any, *, status: int = 200) -> HttpResponse:
    """Return what the view's own responses look like, for answers that are made outside it."""
    return stored_response(JsonRenderer().render(data), status=status)


def stored_response(rendered: bytes, *, status: int = 200) -> HttpResponse:
    """Return an answer that is rendered already."""
    return HttpResponse(rendered, status=status, content_type="application/json; charset=utf-8")
