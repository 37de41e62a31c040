"""The pages of the reference, and the OpenAPI description as JSON and YAML."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from portal.reference import plain
from portal.reference.openapi import as_json, as_yaml

# For views with Swagger UI: its stylesheet has icons as `data:` URLs.
allow_swagger_icons = csp_update({"img-src": [SELF, "data:"]})


@allow_swagger_icons
@require_safe
def interactive(request: HttpRequest) -> HttpResponse:
    """Swagger UI."""
    return _vary_by_language(render(request, "api_docs.html"))


@require_safe
def plain_html(request: HttpRequest) -> HttpResponse:
    """Return the reference without JavaScript, for screen readers, search and print."""
    return _vary_by_language(render(request, "api_docs_plain.html", plain.template_context()))


@require_safe
def plain_markdown(request: HttpRequest) -> HttpResponse:
    """Return the reference as Markdown, for agents and editors."""
    return _vary_by_language(HttpResponse(plain.as_markdown(), content_type="text/markdown; charset=utf-8"))


@require_safe
def llms_txt(request: HttpRequest) -> HttpResponse:
    """Return a short introduction for programs that read. Source: https://llmstxt.org."""
    return _vary_by_language(HttpResponse(plain.as_llms_txt(), content_type="text/plain; charset=utf-8"))


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    return _vary_by_language(HttpResponse(as_json(), content_type="application/json; charset=utf-8"))


@require_safe
def openapi_yaml(request: HttpRequest) -> HttpResponse:
    return _vary_by_language(HttpResponse(as_yaml(), content_type="application/yaml; charset=utf-8"))


def _vary_by_language(response: HttpResponse) -> HttpResponse:
    """Set `Vary`, because the language depends on a cookie or on `Accept-Language`."""
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response
