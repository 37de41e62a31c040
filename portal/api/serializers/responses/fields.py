"""The kinds of fields that answers have."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from keys.pumble_ids import PUMBLE_ID

ID_PATTERN = f"^{PUMBLE_ID}$"


class Response(serializers.Serializer[Any]):
    """An object of the contract. A field that is not required may be absent; `allow_null` says which may be null."""


class Text(serializers.CharField):
    """A text, which may be empty."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, allow_blank=True, **options)


@extend_schema_field({"type": "string", "pattern": ID_PATTERN})
class Id(serializers.Field[str, Any, str, Any]):
    """An id of Pumble's. A `CharField` would be described with a length, which the pattern says already."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)

    def to_representation(self, value: str) -> str:
        return value


@extend_schema_field(OpenApiTypes.INT64)
class WholeNumber(serializers.IntegerField):
    """A whole number; times are epoch milliseconds, which need 64 bits."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)


class Flag(serializers.BooleanField):
    """True or false."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)


class Moment(serializers.DateTimeField):
    """A moment in ISO 8601."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)


class Ids(serializers.ListField):
    """A list of ids."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(child=Id(), help_text=help_text, **options)


class Objects(serializers.ListField):
    """A list of objects that are passed on as Pumble sends them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.DictField(), **options)


class Empty(Response):
    """An object without fields."""


class EmptySchema(OpenApiSerializerExtension):
    """Describes `Empty`, which drf-spectacular would leave out."""

    target_class = Empty

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        text = _("An empty object: it worked, and there is nothing to tell.")
        return {"type": "object", "additionalProperties": {}, "description": text}


@extend_schema_field({"type": "string", "enum": ["ok"]})
class Ok(Text):
    """The word "ok"."""


class StatusOk(Response):
    status = Ok()
