"""JSON as the contract sends it, and one media type whatever the client says it accepts."""

import json
from typing import Any

from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer


def answer(body: Any, *, status: int = 200) -> HttpResponse:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")


class OnlyJson(BaseContentNegotiation):
    """No `Accept` header and no `?format=` changes what is sent."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class JsonParser(JSONParser):
    """Names the media type in the description; bodies are read by `Endpoint.read_body`."""


class JsonRenderer(JSONRenderer):
    """Names the media type in the description; answers are written by `answer`."""
