"""The plain reference: the description as what templates can walk, and as Markdown.

The texts have the few marks of `prose`, which are Markdown's too: the HTML page turns them into elements, the Markdown
keeps them.
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
from portal.reference.openapi import cache_per_language, describe

Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One row of a table: a parameter, a field of a body or of an object."""

    name: str
    type: str
    required: bool
    text: str
    limits: list[str]


@dataclass(frozen=True)
class Failure:
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
    one_of: list[str]
    body: str
    request: str
    samples: list[Json]
    answers: str
    answer: str
    failures: list[Failure]


@dataclass(frozen=True)
class Group:
    slug: str
    title: str
    text: str
    operations: list[Operation]


@cache_per_language
def context() -> Json:
    """Return what both forms of the plain reference show."""
    whole = describe()
    operations = {
        operation["operationId"]: (path, method, operation)
        for path, methods in whole["paths"].items()
        for method, operation in methods.items()
    }
    failures = {name: list(_failures(whole, one)) for name, (_path, _method, one) in operations.items()}
    everywhere = [item for item in failures["keyInfo"] if all(item in given for given in failures.values())]
    groups = [
        Group(
            slug=tag["name"].replace(" ", "-"),
            title=str(texts.TAG_TITLES[tag["name"]]),
            text=tag["description"],
            operations=[
                _operation(whole, *parts, [item for item in failures[name] if item not in everywhere])
                for name, parts in operations.items()
                if parts[2]["tags"] == [tag["name"]]
            ],
        )
        for tag in whole["tags"]
    ]
    schemas = whole["components"]["schemas"]
    bodies = {operation.body for group in groups for operation in group.operations}
    named = sorted(name for name in schemas if name not in bodies)
    return {
        "about": whole["info"]["description"],
        "server": whole["servers"][0]["url"],
        "version": whole["info"]["version"],
        "groups": groups,
        "everywhere": everywhere,
        "elsewhere": _different(
            item for given in failures.values() for item in given if item not in everywhere
        ),
        "write_headers": _parameters(operations["sendMessage"][2], "header"),
        "objects": [
            {"name": name, "text": schemas[name].get("description", ""), "fields": _fields(schemas[name])}
            for name in named
        ],
    }


@cache_per_language
def as_markdown() -> str:
    """Return the plain reference as Markdown, with whole addresses: its readers take it out of its place."""
    return _tidy(render_to_string("api_docs_plain.md", context() | {"base_url": settings.PUBLIC_URL}))


@cache_per_language
def as_llms_txt() -> str:
    """Return what a program reads first. Source: https://llmstxt.org."""
    return _tidy(render_to_string("llms.txt", {"base_url": settings.PUBLIC_URL}))


def _tidy(text: str) -> str:
    """Return the text without the empty lines that a template's tags leave."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _operation(whole: Json, path: str, method: str, operation: Json, failures: list[Failure]) -> Operation:
    body: Json = {}
    name = request = ""
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        body, name = _resolved(whole, content["schema"]), _name(content["schema"])
        request = _pretty(content["examples"]["Example"]["value"])
    success = operation["responses"]["200"]["content"]["application/json"]
    query, headers = (_parameters(operation, place) for place in ("query", "header"))
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation["description"],
        fields=query + _fields(body),
        headers=headers,
        one_of=(body | operation).get(ANY_REQUIRED, []),
        body=name,
        request=request,
        samples=operation["x-codeSamples"],
        answers=_type(success["schema"]),
        answer=_pretty(success["examples"]["Example"]["value"]),
        failures=failures,
    )


def _failures(whole: Json, operation: Json) -> Iterator[Failure]:
    for status, response in operation["responses"].items():
        if status != "200":
            content = _resolved(whole, response)["content"]["application/json"]
            for example in content["examples"].values():
                yield Failure(
                    status=status,
                    reason=example["value"]["reason"],
                    title=example["summary"],
                    text=example["description"],
                    example=json.dumps(example["value"], ensure_ascii=False),
                )


def _different(failures: Iterable[Failure]) -> list[Failure]:
    """Return the failures without those that differ in the example only."""
    return list({(item.status, item.reason, item.title): item for item in failures}.values())


def _parameters(operation: Json, place: str) -> list[Field]:
    return [
        _field(item["name"], item["schema"] | {"description": item["description"]}, item.get("required"))
        for item in operation.get("parameters", [])
        if item["in"] == place
    ]


def _fields(schema: Json) -> list[Field]:
    required = schema.get("required", [])
    return [_field(name, one, name in required) for name, one in schema.get("properties", {}).items()]


def _field(name: str, schema: Json, required: Any) -> Field:
    return Field(
        name=name,
        type=_type(schema),
        required=bool(required),
        text=schema.get("description", ""),
        limits=list(_limits(schema)),
    )


def _type(schema: Json) -> str:
    """Return the type in words. An object's name is marked as code, and nothing else is."""
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
    """Return the schema of what is not null, and whether null may come instead."""
    rest = {name: part for name, part in schema.items() if name not in {"oneOf", "type"}}
    if isinstance(schema.get("type"), list):
        (kind,) = (kind for kind in schema["type"] if kind != "null")
        return rest | {"type": kind}, True
    if {"type": "null"} in schema.get("oneOf", []):
        (other,) = (one for one in schema["oneOf"] if one != {"type": "null"})
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
        yield _("%(least)s to %(most)s; %(usual)s unless said.") % {
            "least": schema["minimum"],
            "most": schema["maximum"],
            "usual": schema["default"],
        }


def _resolved(whole: Json, part: Json) -> Json:
    """`part`, or what it refers to."""
    while "$ref" in part:
        found = whole
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
