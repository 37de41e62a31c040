"""The description as what a template can walk: groups of operations, their fields, examples and errors, the objects."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.reference import texts
from portal.reference.description import describe, once_per_language
from portal.reference.fields import ANY_REQUIRED
from portal.reference.objects import ID_PATTERN, OBJECTS
from portal.reference.prose import inline, paragraphs

Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One row of a table: a parameter, a field of a body or of an object."""

    name: str
    type: SafeString
    required: bool
    text: SafeString
    limits: list[SafeString]


@dataclass(frozen=True)
class Failure:
    status: str
    reason: str
    title: str
    text: SafeString
    example: str


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    text: SafeString
    fields: list[Field]
    one_of: list[str]
    request: str
    samples: list[Json]
    answers: SafeString
    answer: str
    failures: list[Failure]


@dataclass(frozen=True)
class Group:
    slug: str
    title: str
    text: str
    operations: list[Operation]


@once_per_language
def context() -> Json:
    """What the plain page shows."""
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
    named = [*OBJECTS, *(name for name in schemas if name.endswith("Error") or name == "RecurrenceInput")]
    return {
        "about": paragraphs(whole["info"]["description"]),
        "server": whole["servers"][0]["url"],
        "version": whole["info"]["version"],
        "groups": groups,
        "everywhere": everywhere,
        "objects": [
            {"name": name, "text": schemas[name].get("description", ""), "fields": _fields(schemas[name])}
            for name in named
        ],
    }


def _operation(whole: Json, path: str, method: str, operation: Json, failures: list[Failure]) -> Operation:
    body: Json = {}
    request = ""
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        body = _resolved(whole, content["schema"])
        request = _pretty(content["examples"]["Example"]["value"])
    success = operation["responses"]["200"]["content"]["application/json"]
    parameters = [
        _field(one["name"], one["schema"] | {"description": one.get("description", "")}, one.get("required"))
        for one in operation.get("parameters", [])
    ]
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=paragraphs(operation["description"]),
        fields=parameters + _fields(body),
        one_of=body.get(ANY_REQUIRED, []),
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
                    text=inline(example["description"]),
                    example=json.dumps(example["value"], ensure_ascii=False),
                )


def _fields(schema: Json) -> list[Field]:
    required = schema.get("required", [])
    return [_field(name, one, name in required) for name, one in schema.get("properties", {}).items()]


def _field(name: str, schema: Json, required: Any) -> Field:
    return Field(
        name=name,
        type=_type(schema),
        required=bool(required),
        text=inline(schema.get("description", "")),
        limits=list(_limits(schema)),
    )


def _type(schema: Json) -> SafeString:
    """A type in words, an object's name as a link to it."""
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return format_html('<a href="#{}">{}</a>', f"object-{name}", name)
    if schema["type"] == "array":
        shown = format_html("{} {}", _("list of"), _type(schema["items"]))
    else:
        shown = format_html("{}", _TYPES[schema["type"]]())
    return format_html("{} {}", shown, _("or null")) if schema.get("nullable") else shown


_TYPES = {
    "string": lambda: _("text"),
    "integer": lambda: _("whole number"),
    "boolean": lambda: _("true or false"),
    "object": lambda: _("object"),
}


def _limits(schema: Json) -> Iterator[SafeString]:
    if "enum" in schema and len(schema["enum"]) > 1:
        yield inline(_("One of %(words)s.") % {"words": ", ".join(f"`{word}`" for word in schema["enum"])})
    pattern = schema.get("pattern") or schema.get("items", {}).get("pattern")
    if pattern == ID_PATTERN:
        yield inline(_("An id: 24 hexadecimal characters."))
    if "maxLength" in schema and not pattern:
        yield inline(_("At most %(count)s characters.") % {"count": schema["maxLength"]})
    if "default" in schema:
        yield inline(
            _("%(least)s to %(most)s; %(usual)s unless said.")
            % {"least": schema["minimum"], "most": schema["maximum"], "usual": schema["default"]}
        )


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
