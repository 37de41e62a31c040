"""Events."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from portal.api.serializers.responses.fields import Boolean, DateTime, Response, Text
from pumble_bridge.events.contents import SCOPES


@extend_schema_field({"type": "string", "enum": list(SCOPES)})
class EventType(Text):
    """The type of an event."""


@extend_schema_serializer(description=_("Something that happened in Pumble."))
class Event(Response):
    id = Text(_("The same if the event is delivered again"))
    type = EventType()
    at = DateTime(_("When it reached this service"))
    data = serializers.DictField(  # type: ignore[assignment]  # the metaclass takes the field out of the class
        help_text=_(
            "A `Message`, for `message.created` and `message.updated`. The user, the emoji as `code` and the `messageId`, for "
            "`reaction.added`. The `channel` and its `users`, for `channel.created` and `channel.archived`. Fields that Pumble "
            "does not tell are absent"
        )
    )


class EventPage(Response):
    events = Event(many=True, help_text=_("In the order in which they arrived"))
    cursor = Text(_("For the next call. Keep it: the next call continues after these events"))
    hasMore = Boolean(_("Whether more events can be fetched at once"))
