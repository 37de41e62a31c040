"""Render the contract's JSON, whatever media type the client accepts."""

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
            renderer_context.clear()  # break the reference cycle of view and response
        return msgspec.json.encode(data)


class IgnoreClientNegotiation(BaseContentNegotiation):
    """Use the one renderer, and the first parser unless the view found a form. What the client says is ignored.

    That is `Accept`, `?format=`, and the `Content-Type` of JSON.
    """

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[-1] if getattr(request, "is_form", False) else parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def json_response(data: Any, *, status: int = 200) -> HttpResponse:
    """Return a response in the form of a view's, for errors that arise outside views."""
    return rendered_response(JsonRenderer().render(data), status=status)


def rendered_response(rendered: bytes, *, status: int = 200) -> HttpResponse:
    """Return a response with a body that is already rendered."""
    return HttpResponse(rendered, status=status, content_type="application/json; charset=utf-8")
