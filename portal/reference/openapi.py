"""The OpenAPI description in the active language."""

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
T = TypeVar("T")


def cache_per_language(make: Callable[[], T]) -> Callable[[], T]:
    """Cache the result of `make` per process, for each language and setting that the description depends on.

    The result is shared and must not be changed.
    """

    @lru_cache(maxsize=8)
    def cached(language: str, public_url: str, api_status: str) -> T:
        return make()

    @wraps(make)
    def for_settings() -> T:
        return cached(translation.get_language(), settings.PUBLIC_URL, settings.API_STATUS)

    return for_settings


@cache_per_language
def build_schema() -> Json:
    """Return the description in the active language."""
    schema: Json = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@cache_per_language
def as_json() -> str:
    return json.dumps(build_schema(), ensure_ascii=False)


@cache_per_language
def as_yaml() -> str:
    plain = json.loads(as_json())  # noqa: TID251 - our own text; a copy without shared parts, which YAML would write as anchors
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)


def postprocess(result: Json, generator: Any, request: Any, public: Any) -> Json:
    """Add what all operations share. drf-spectacular calls this hook."""
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
