"""The fields of response serializers. `help_text` is their first argument."""

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
    """An id of Pumble. The description of a `CharField` would have a length beside the pattern."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)

    def to_representation(self, value: str) -> str:
        return value


@extend_schema_field(OpenApiTypes.INT64)
class Integer(serializers.IntegerField):
    """A whole number of 64 bits. Times are epoch milliseconds."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)


class Boolean(serializers.BooleanField):
    """True or false."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)


class DateTime(serializers.DateTimeField):
    """A time in ISO 8601."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(help_text=help_text, **options)


class IdList(serializers.ListField):
    """A list of ids."""

    def __init__(self, help_text: Any = None, **options: Any) -> None:
        super().__init__(child=Id(), help_text=help_text, **options)


class ObjectList(serializers.ListField):
    """A list of objects, which are passed on unchanged."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.DictField(), **options)


class Empty(Response):
    """An object without fields."""


class EmptySchema(OpenApiSerializerExtension):
    """Describe `Empty`, which drf-spectacular omits."""

    target_class = Empty

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        text = _("An empty object. The operation succeeded.")
        return {"type": "object", "additionalProperties": {}, "description": text}


@extend_schema_field({"type": "string", "enum": ["ok"]})
class Ok(Text):
    """The word "ok"."""


class StatusOk(Response):
    status = Ok()
