"""The OpenAPI description as a whole, in one language."""

import json
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

import yaml
from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

from portal.reference import error_responses, texts

Json = dict[str, Any]
Made = TypeVar("Made")


def cache_per_language(make: Callable[[], Made]) -> Callable[[], Made]:
    """Calls `make` once per process for each language and whatever else the description depends on beside the code.

    What it returns is shared: nobody may change it.
    """

    @lru_cache(maxsize=8)
    def remember(language: str, public_url: str, api_status: str) -> Made:
        return make()

    @wraps(make)
    def remembered() -> Made:
        return remember(translation.get_language(), settings.PUBLIC_URL, settings.API_STATUS)

    return remembered


@cache_per_language
def describe() -> Json:
    """The description in the language that is active."""
    description: Json = SchemaGenerator().get_schema(request=None, public=True)
    return description


@cache_per_language
def as_json() -> str:
    return json.dumps(describe(), ensure_ascii=False)


@cache_per_language
def as_yaml() -> str:
    plain = json.loads(as_json())  # noqa: TID251 - our own text; without shared parts YAML needs no anchors
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)


def complete(result: Json, generator: Any, request: Any, public: Any) -> Json:
    """Puts beside the operations what all of them share; a hook of drf-spectacular's."""
    components = result["components"]
    components["schemas"] |= error_responses.schemas()
    components["responses"] = error_responses.shared_responses()
    components["headers"] = error_responses.headers()
    components["securitySchemes"] = {
        "ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "ApiKey", "description": texts.API_KEY},
        "BearerAuth": {"type": "http", "scheme": "bearer", "description": texts.BEARER},
    }
    result["info"] |= {
        "title": texts.TITLE,
        "description": "\n\n".join(str(paragraph) for paragraph in texts.ABOUT),
    }
    result["servers"] = [{"url": settings.PUBLIC_URL}]
    result["tags"] = [{"name": name, "description": text} for name, text in texts.TAGS.items()]
    result["security"] = [{"ApiKeyAuth": []}, {"BearerAuth": []}]
    return result
