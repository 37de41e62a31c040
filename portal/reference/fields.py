"""The strict form of each input, which the description states; what is taken beyond it is kindness to old clients."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension

from portal.reference.objects import ID_PATTERN, ref

Schema = dict[str, Any]

ANY_REQUIRED = "x-any-required"  # the fields of which at least one is needed


class OfInput(OpenApiSerializerExtension):
    """The fields; where at least one of several is needed, that too. The class's docstring is for its readers.

    `anyOf` could say it, but generators of clients make classes of its parts, or code that does not compile.
    """

    target_class = "portal.api.serializers.base.Input"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Schema:
        schema: Schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001 - the documented way
        schema.pop("description", None)
        if self.target.require_any_of:
            names = [f"`{name}`" for name in self.target.require_any_of]
            schema["description"] = _("At least one of these is needed: %(names)s") % {
                "names": ", ".join(names)
            }
            schema[ANY_REQUIRED] = list(self.target.require_any_of)
        return schema


class OfId(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.IdField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "pattern": ID_PATTERN}


class OfChannelId(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.ChannelId"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "pattern": ID_PATTERN}


class OfIdList(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.IdList"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "array", "items": {"type": "string", "pattern": ID_PATTERN}, "minItems": 1}


class OfLimit(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.Limit"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {
            "type": "integer",
            "minimum": 1,
            "maximum": self.target.max_limit,
            "default": self.target.default_limit,
        }


class OfCursor(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.Cursor"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        iso = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z"
        return {"type": "string", "pattern": rf"^([0-9a-f]{{24}}|\d{{1,15}}|{iso})$"}


class OfChoice(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.Choice"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "enum": list(self.target.choices)}


class OfBlocks(OpenApiSerializerFieldExtension):
    target_class = "portal.api.serializers.base.Blocks"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "array", "items": ref("Block")}
