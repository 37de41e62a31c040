"""The plain reference as HTML and Markdown.

`template_context` converts the OpenAPI description for the templates. The texts use the markup of `portal.reference.markup`, which
is also Markdown.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from portal.api.schema import ANY_REQUIRED
from portal.api.serializers.responses.fields import ID_PATTERN
from portal.reference import texts
from portal.reference.openapi import build_schema, cache_per_language

Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A row of a table: a parameter, or a field of a body or of an object."""

    name: str
    type: str
    required: bool
    text: str
    limits: list[str]


@dataclass(frozen=True)
class ErrorCase:
    status: str
    reason: str
    title: str
    text: str
    example: str


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    text: str
    fields: list[Field]
    headers: list[Field]
    any_required: list[str]
    body: str
    request: str
    samples: list[Json]
    response_type: str
    response: str
    errors: list[ErrorCase]

    @property
    def error_reasons(self) -> list[str]:
        """The reasons of the errors, each once."""
        return list(dict.fromkeys(error.reason for error in self.errors))


@dataclass(frozen=True)
class Group:
    slug: str
    title: str
    text: str
    operations: list[Operation]


@cache_per_language
def template_context() -> Json:
    """Return the context of both templates."""
    schema = build_schema()
    operations = {
        operation["operationId"]: (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    errors = {
        name: list(_errors(schema, operation)) for name, (_path, _method, operation) in operations.items()
    }
    common = [item for item in errors["keyInfo"] if all(item in cases for cases in errors.values())]
    groups = [
        Group(
            slug=tag["name"].replace(" ", "-"),
            title=str(texts.TAG_TITLES[tag["name"]]),
            text=tag["description"],
            operations=[
                _operation(schema, *parts, [item for item in errors[name] if item not in common])
                for name, parts in operations.items()
                if parts[2]["tags"] == [tag["name"]]
            ],
        )
        for tag in schema["tags"]
    ]
    schemas = schema["components"]["schemas"]
    bodies = {operation.body for group in groups for operation in group.operations}
    named = sorted(name for name in schemas if name not in bodies)
    return {
        "about": schema["info"]["description"],
        "server": schema["servers"][0]["url"],
        "version": schema["info"]["version"],
        "groups": groups,
        "common_errors": common,
        "other_errors": _distinct(item for cases in errors.values() for item in cases if item not in common),
        "all_errors": _by_reason(item for cases in errors.values() for item in cases),
        "quick_start": operations["sendMessage"][2]["x-codeSamples"][0]["source"],
        "write_headers": _parameters(operations["sendMessage"][2], "header"),
        "objects": [
            {"name": name, "text": schemas[name].get("description", ""), "fields": _fields(schemas[name])}
            for name in named
        ],
    }


def _by_reason(cases: Iterable[ErrorCase]) -> list[tuple[str, list[ErrorCase]]]:
    """Return the distinct errors by reason, in the order of their status."""
    by_reason: dict[str, list[ErrorCase]] = {}
    for case in sorted(_distinct(cases), key=lambda case: case.status):
        by_reason.setdefault(case.reason, []).append(case)
    return list(by_reason.items())


@cache_per_language
def as_markdown() -> str:
    """Return the plain reference as Markdown, with absolute URLs."""
    return _collapse_empty_lines(
        render_to_string("api_docs_plain.md", template_context() | {"base_url": settings.PUBLIC_URL})
    )


@cache_per_language
def as_llms_txt() -> str:
    """Return the text of /llms.txt. Source: https://llmstxt.org."""
    return _collapse_empty_lines(render_to_string("llms.txt", {"base_url": settings.PUBLIC_URL}))


def _collapse_empty_lines(text: str) -> str:
    """Return the text without the empty lines of template tags."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _operation(schema: Json, path: str, method: str, operation: Json, errors: list[ErrorCase]) -> Operation:
    body: Json = {}
    name = request = ""
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        body, name = _resolved(schema, content["schema"]), _name(content["schema"])
        request = _pretty(content["examples"]["Example"]["value"])
    [success] = operation["responses"]["200"]["content"].values()
    query, headers = (_parameters(operation, location) for location in ("query", "header"))
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation["description"],
        fields=query + _fields(body),
        headers=headers,
        any_required=(body | operation).get(ANY_REQUIRED, []),
        body=name,
        request=request,
        samples=operation["x-codeSamples"],
        response_type=_type(success["schema"]) if "examples" in success else _("the bytes of the file"),
        response=_pretty(success["examples"]["Example"]["value"]) if "examples" in success else "",
        errors=errors,
    )


def _errors(schema: Json, operation: Json) -> Iterator[ErrorCase]:
    for status, response in operation["responses"].items():
        if status != "200":
            content = _resolved(schema, response)["content"]["application/json"]
            for example in content["examples"].values():
                yield ErrorCase(
                    status=status,
                    reason=example["value"]["reason"],
                    title=example["summary"],
                    text=example["description"],
                    example=json.dumps(example["value"], ensure_ascii=False),
                )


def _distinct(errors: Iterable[ErrorCase]) -> list[ErrorCase]:
    """Return the errors without those that differ only in the example."""
    return list({(item.status, item.reason, item.title): item for item in errors}.values())


def _parameters(operation: Json, location: str) -> list[Field]:
    return [
        _field(item["name"], item["schema"] | {"description": item["description"]}, item.get("required"))
        for item in operation.get("parameters", [])
        if item["in"] == location
    ]


def _fields(schema: Json) -> list[Field]:
    required = schema.get("required", [])
    return [_field(name, field, name in required) for name, field in schema.get("properties", {}).items()]


def _field(name: str, schema: Json, required: Any) -> Field:
    return Field(
        name=name,
        type=_type(schema),
        required=bool(required),
        text=schema.get("description", ""),
        limits=list(_limits(schema)),
    )


def _type(schema: Json) -> str:
    """Return the type as text. Only names of objects are marked as code."""
    schema, nullable = without_null(schema)
    if "allOf" in schema:
        shown = _type(schema["allOf"][0])
    elif "$ref" in schema:
        shown = f"`{_name(schema)}`"
    elif schema["type"] == "array":
        shown = _("list of") + " " + _type(schema["items"])
    else:
        shown = _TYPES[schema["type"]]()
    return shown + " " + _("or null") if nullable else shown


def without_null(schema: Json) -> tuple[Json, bool]:
    """Return the schema without null, and whether null is allowed."""
    rest = {name: part for name, part in schema.items() if name not in {"oneOf", "type"}}
    if isinstance(schema.get("type"), list):
        (kind,) = (kind for kind in schema["type"] if kind != "null")
        return rest | {"type": kind}, True
    if {"type": "null"} in schema.get("oneOf", []):
        (other,) = (option for option in schema["oneOf"] if option != {"type": "null"})
        return rest | other, True
    return schema, False


def _name(schema: Json) -> str:
    return str(schema["$ref"].rsplit("/", 1)[1])


_TYPES = {
    "string": lambda: _("text"),
    "integer": lambda: _("whole number"),
    "boolean": lambda: _("true or false"),
    "object": lambda: _("object"),
}


def _limits(schema: Json) -> Iterator[str]:
    if "enum" in schema and len(schema["enum"]) > 1:
        yield _("One of %(words)s.") % {"words": ", ".join(f"`{word}`" for word in schema["enum"])}
    pattern = schema.get("pattern") or schema.get("items", {}).get("pattern")
    if pattern == ID_PATTERN:
        yield _("An id: 24 hexadecimal characters.")
    if "maxLength" in schema and not pattern:
        yield _("At most %(count)s characters.") % {"count": schema["maxLength"]}
    if "default" in schema:
        yield _("%(minimum)s to %(maximum)s. Default: %(default)s.") % {
            "minimum": schema["minimum"],
            "maximum": schema["maximum"],
            "default": schema["default"],
        }


def _resolved(schema: Json, part: Json) -> Json:
    """Return `part`, or the part that it refers to."""
    while "$ref" in part:
        target = schema
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
