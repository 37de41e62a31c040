"""The strict form of each input, which the description states; what is taken beyond it is kindness to old clients."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension

from keys.pumble_ids import PUMBLE_ID
from portal.api.serializers.responses.fields import ID_PATTERN
from portal.api.serializers.responses.messages import Block

Schema = dict[str, Any]


class OfId(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.IdField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "pattern": ID_PATTERN}


class OfChannelId(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.ChannelIdField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "pattern": ID_PATTERN}


class OfIdList(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.IdListField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "array", "items": {"type": "string", "pattern": ID_PATTERN}, "minItems": 1}


class OfLimit(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.LimitField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {
            "type": "integer",
            "minimum": 1,
            "maximum": self.target.max_limit,
            "default": self.target.default_limit,
        }


class OfCursor(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.CursorField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        iso = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z"
        return {"type": "string", "pattern": rf"^({PUMBLE_ID}|\d{{1,15}}|{iso})$"}


class OfChoice(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.AnyCaseChoiceField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "enum": list(self.target.choices)}


class OfBlocks(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.BlocksField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "array", "items": auto_schema.resolve_serializer(Block, direction).ref}


class OfEmpty(OpenApiSerializerExtension):
    """An object without fields, which drf-spectacular would leave out."""

    target_class = "portal.api.serializers.responses.fields.Empty"

    def map_serializer(self, auto_schema: Any, direction: Any) -> Schema:
        text = _("An empty object: it worked, and there is nothing to tell.")
        return {"type": "object", "additionalProperties": {}, "description": text}
