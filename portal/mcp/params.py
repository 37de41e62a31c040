"""The parameters of tools: types that give both the schema for the model and the check of what it sends."""

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.utils import timezone
from msgspec import Meta

from portal.api.serializers.base import parse_id
from portal.mcp import text
from portal.mcp.errors import InvalidArgument

MAX_TEXT_LENGTH = 10_000
Json = dict[str, Any]

Channel = Annotated[str, Meta(min_length=1, description="Name or id")]
MessageId = Annotated[str, Meta(min_length=1)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_LENGTH)]
People = Annotated[list[str], Meta(min_length=1, max_length=100, description="Names, e-mails or ids")]
AsBot = Annotated[bool, Meta(description="Send as the app's bot")]


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """What one tool takes. A default of "" or [] stands for a parameter that was left out."""


def schema_of(params: type[Params]) -> Json:
    """Return the JSON Schema, flat and without references: some hosts take no other."""
    definition: Json = msgspec.json.schema(params)["$defs"][params.__name__]
    schema: Json = {"type": "object", "properties": {}, "additionalProperties": False}
    for name, prop in definition["properties"].items():
        if "enum" in prop:
            prop |= {"type": "string", "enum": [choice for choice in prop["enum"] if choice]}
        if prop.get("default") in ("", []):
            del prop["default"]
        schema["properties"][name] = prop
    if required := definition.get("required"):
        schema["required"] = required
    return schema


def read(params: type[Params], arguments: Json, schema: Json) -> Any:
    """Return the arguments as `params`. What is null counts as left out; a number may be a text.

    Raises:
        InvalidArgument: it names the parameter, what was sent and what is wanted.
    """
    try:
        return msgspec.convert({n: v for n, v in arguments.items() if v is not None}, params, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgument(_explain(str(error), arguments, schema)) from None


def read_time(value: str, name: str) -> int:
    """Return the moment in epoch milliseconds.

    Raises:
        InvalidArgument: it is no ISO 8601 time, or has no offset.
    """
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidArgument(
            f"{name}: send an ISO 8601 time with its offset, such as 2027-01-31T09:00:00+01:00. {now_text()}"
        )
    return int(moment.timestamp() * 1000)


def read_cursor(value: str, name: str) -> str:
    """Return a message's id, or a moment in epoch milliseconds.

    Raises:
        InvalidArgument: it is neither an id nor a time with an offset.
    """
    return parse_id(value.strip()) or str(read_time(value, name))


def read_id(value: str, name: str) -> str:
    """
    Raises:
        InvalidArgument: it is no id.
    """
    pumble_id = parse_id(value.strip())
    if pumble_id is None:
        raise InvalidArgument(f"{name}: send an id of 24 hexadecimal characters; results of tools show ids")
    return pumble_id


def read_emoji(value: str) -> str:
    """Return the emoji as `:code:`, with or without whose colons it may come."""
    return f":{value.strip().strip(':')}:"


def now_ms() -> int:
    return int(timezone.now().timestamp() * 1000)


def now_text() -> str:
    return f"It is now {text.moment(now_ms())}"


def _explain(message: str, arguments: Json, schema: Json) -> str:
    """Return what msgspec says, with the parameter before it, and with what was sent and what is wanted behind it."""
    problem = text.line(message, limit=300)
    properties: Json = schema["properties"]
    match = re.search(r" - at `\$\.(\w+)", problem)
    if match is None or match[1] not in properties:
        names = ", ".join(properties) or "none"
        return f"{problem.replace('Object missing', 'The call lacks the').replace('Object', 'The call')}. Parameters of this tool: {names}"
    name, choices = match[1], properties[match[1]].get("enum")
    wanted = f". Send one of {', '.join(choices)}" if choices else ""
    return f"{name}: {problem[: match.start()]}{wanted}. You sent {text.line(str(arguments[name]))}"
