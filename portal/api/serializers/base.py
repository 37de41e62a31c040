"""The base class and the fields of all input serializers.

They accept what existing clients send. The OpenAPI description has the strict form of each field.
"""

import re
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from keys.pumble_ids import PUMBLE_ID, is_pumble_id
from portal.api.exceptions import ANY_REQUIRED
from portal.api.serializers.responses.fields import ID_PATTERN
from portal.api.serializers.responses.messages import Block

MAX_TEXT_LENGTH = 100_000
MAX_FILES = 10
LOOKS_LIKE_SECONDS = "must be epoch milliseconds, and this looks like seconds: multiply it by 1000"
_MILLISECONDS = re.compile(r"(\d{1,15})(?:\.\d*)?", re.ASCII)
_ISO_TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z"
_ID_SCHEMA = {"type": "string", "pattern": ID_PATTERN}


class Input(serializers.Serializer[Any]):
    """The input of an operation. Unknown and null fields are ignored. `aliases` maps other spellings to field names."""

    aliases: ClassVar[dict[str, str]] = {}
    require_any_of: ClassVar[tuple[str, ...]] = ()  # at least one of these is required

    @cached_property
    def fields(self) -> Any:
        """Share the fields between calls. They keep no state, and copying them takes longer than validation."""
        return _shared_fields(type(self))

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return super().to_internal_value(data)  # raises the error
        sent = {name: value for name, value in data.items() if value is not None}
        renamed = {name: sent[other] for other, name in self.aliases.items() if other in sent}
        return super().to_internal_value(renamed | sent)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.require_any_of and not any(attrs.get(name) for name in self.require_any_of):
            raise serializers.ValidationError(
                {
                    name: serializers.ErrorDetail(_missing(name, self.require_any_of), ANY_REQUIRED)
                    for name in self.require_any_of
                }
            )
        return attrs


def parse_id(value: str) -> str | None:
    """Return `value` as an id of Pumble in lower case, or None if it is not an id."""
    return value.lower() if is_pumble_id(value.lower()) else None


class TextField(serializers.CharField):
    """A message's text, unchanged."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", MAX_TEXT_LENGTH)
        super().__init__(trim_whitespace=False, **options)


@extend_schema_field(_ID_SCHEMA)
class IdField(serializers.CharField):
    """An id of Pumble: 24 hexadecimal characters in upper or lower case."""

    default_error_messages = {"invalid_id": "must be an id"}

    def to_internal_value(self, data: Any) -> str:
        pumble_id = parse_id(super().to_internal_value(data))
        if pumble_id is None:
            self.fail("invalid_id")
        return pumble_id


@extend_schema_field(_ID_SCHEMA)
class ChannelIdField(serializers.CharField):
    """A channel's id. Any text is accepted. An invalid id means an unknown channel, not invalid input."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", _("The channel's id"))
        super().__init__(**options)


class LimitField(serializers.IntegerField):
    """The length of a page. Values above `max_limit` become `max_limit`."""

    default_error_messages = {"invalid": "must be a number", "too_small": "must be greater than 0"}

    def __init__(self, *, max_limit: int, default_limit: int, **options: Any) -> None:
        self.max_limit = max_limit
        self.default_limit = default_limit
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        number: int = super().to_internal_value(data)
        if number < 1:
            self.fail("too_small")
        return min(number, self.max_limit)


class LimitFieldSchema(OpenApiSerializerFieldExtension):
    target_class = LimitField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {
            "type": "integer",
            "minimum": 1,
            "maximum": self.target.max_limit,
            "default": self.target.default_limit,
        }


@extend_schema_field({"type": "string", "pattern": rf"^({PUMBLE_ID}|\d{{1,15}}|{_ISO_TIME})$"})
class CursorField(serializers.CharField):
    """A message's id (str), or a time in epoch milliseconds (int)."""

    default_error_messages = {
        "unknown": "cursor must be an id, epoch milliseconds or an ISO time",
        "seconds": f"cursor {LOOKS_LIKE_SECONDS}",
    }

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if pumble_id := parse_id(text):
            return pumble_id
        if number := _MILLISECONDS.fullmatch(text):
            if looks_like_seconds(int(number[1])):
                self.fail("seconds")
            return int(number[1])
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            self.fail("unknown")
        return _milliseconds(moment)


class Int64Field(serializers.IntegerField):
    """A whole number of up to 64 bits, as in Pumble. Text is accepted."""

    default_error_messages = {"invalid": "must be a number"}

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        options.setdefault("max_value", 2**63 - 1)
        super().__init__(**options)


class MillisecondsField(Int64Field):
    """A time in epoch milliseconds. Fractions are dropped."""

    default_error_messages = {"seconds": LOOKS_LIKE_SECONDS}

    def __init__(self, *, accept_old_times: bool = False, **options: Any) -> None:
        self.accept_old_times = accept_old_times
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        fraction = _MILLISECONDS.fullmatch(str(data)) if isinstance(data, float | str) else None
        number: int = super().to_internal_value(fraction[1] if fraction else data)
        if looks_like_seconds(number) and not self.accept_old_times:
            self.fail("seconds")
        return number


class BoundedListField(serializers.ListField):
    """A list whose length is checked before its items, which bounds the number of errors."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        items: list[Any] = super().to_internal_value(data)
        return items


class TextListField(BoundedListField):
    """Up to 100 texts. A single text counts as a list of one."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("child", serializers.CharField())
        options.setdefault("max_length", 100)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> list[str]:
        return super().to_internal_value([data] if isinstance(data, str) else data)


@extend_schema_field({"type": "array", "items": _ID_SCHEMA, "minItems": 1})
class IdListField(TextListField):
    """One or more ids of Pumble."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=IdField(), allow_empty=False, **options)


@extend_schema_field(Block(many=True))
class BlocksField(BoundedListField):
    """Up to 1,000 rich-text blocks, which are passed on unchanged."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=serializers.DictField(),
            max_length=1000,
            help_text=_("Rich-text blocks. They are passed on unchanged, and shown instead of the text"),
            **options,
        )


@extend_schema_field(
    {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1, "maxItems": MAX_FILES}
)
class FilesField(serializers.ListField):
    """The files of a form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.FileField(), **options)


class AnyCaseChoiceField(serializers.ChoiceField):
    """A choice. Upper-case choices are accepted in any case."""

    default_error_messages = {"invalid_choice": "Allowed values are {choices}"}

    def __init__(self, *, to_upper: bool = True, **options: Any) -> None:
        self.to_upper = to_upper
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        choice = str(data).upper() if self.to_upper else str(data)
        if choice not in self.choices:
            self.fail("invalid_choice", choices="|".join(self.choices))
        return choice


class AnyCaseChoiceFieldSchema(OpenApiSerializerFieldExtension):
    target_class = AnyCaseChoiceField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.target.choices)}


class ChannelInput(Input):
    """A channel. `channelId` takes precedence over `channel`, a name or an id."""

    require_any_of = ("channelId", "channel")

    channelId = ChannelIdField(  # noqa: N815 - the contract's name
        required=False, help_text=_("The channel's id. Takes precedence over `channel`")
    )
    channel = serializers.CharField(
        required=False, help_text=_("The channel's name or id, if `channelId` is not given")
    )


def _missing(name: str, one_of: tuple[str, ...]) -> str:
    others = " or ".join(other for other in one_of if other != name)
    return f"must not be null unless {others} is given"


@cache
def _shared_fields(kind: type[Input]) -> Any:
    return super(Input, kind()).fields


def looks_like_seconds(number: int) -> bool:
    """Return whether the number is probably in seconds. As milliseconds it is a time from 1970 to 1973."""
    return 10**9 <= number < 10**11


def _milliseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)
