"""The pages of the reference, and the description as files."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from portal.reference import plain
from portal.reference.openapi import as_json, as_yaml

# The icons of Swagger UI's stylesheet are images in `data:` addresses. For each view that shows Swagger UI.
allow_swagger_icons = csp_update({"img-src": [SELF, "data:"]})


@allow_swagger_icons
@require_safe
def interactive(request: HttpRequest) -> HttpResponse:
    """Swagger UI."""
    return _by_language(render(request, "api_docs.html"))


@require_safe
def plain_html(request: HttpRequest) -> HttpResponse:
    """The same without JavaScript, to be read aloud, searched or printed."""
    return _by_language(render(request, "api_docs_plain.html", plain.context()))


@require_safe
def plain_markdown(request: HttpRequest) -> HttpResponse:
    """The same for programs that read: agents, editors, search."""
    return _by_language(HttpResponse(plain.as_markdown(), content_type="text/markdown; charset=utf-8"))


@require_safe
def llms_txt(request: HttpRequest) -> HttpResponse:
    """What this service is, how a program starts, and where everything else stands."""
    return _by_language(HttpResponse(plain.as_llms_txt(), content_type="text/plain; charset=utf-8"))


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    return _by_language(HttpResponse(as_json(), content_type="application/json; charset=utf-8"))


@require_safe
def openapi_yaml(request: HttpRequest) -> HttpResponse:
    return _by_language(HttpResponse(as_yaml(), content_type="application/yaml; charset=utf-8"))


def _by_language(response: HttpResponse) -> HttpResponse:
    """The language comes from the cookie of whoever chose one, else from what the browser asks for."""
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response
