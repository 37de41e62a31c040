"""JSON as the contract sends it, and one media type whatever the client says it accepts."""

import math
from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer

from keys.limits import Standing


def answer(body: Any, *, status: int = 200) -> HttpResponse:
    return raw_answer(msgspec.json.encode(body), status=status)


def raw_answer(text: bytes, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")


def set_limit_headers(response: HttpResponse, tightest: Standing | None) -> None:
    """Say how the tightest limit stands that the call was under; the reset in seconds from now."""
    if tightest is not None:
        response["X-RateLimit-Limit"] = str(tightest.window.limit)
        response["X-RateLimit-Remaining"] = str(tightest.remaining)
        response["X-RateLimit-Reset"] = str(max(1, math.ceil(tightest.reset_seconds)))


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
