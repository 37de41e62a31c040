"""Input of `listEvents`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.serializers.base import ChannelIdField, Input, LimitField
from pumble_bridge.events import cursors, waiting
from pumble_bridge.events.contents import SCOPES

MAX_EVENTS = 100


@extend_schema_field({"type": "string", "pattern": r"^[a-z]+\.[a-z]+(,[a-z]+\.[a-z]+)*$"})
class EventTypesField(serializers.CharField):
    """Types of events, separated by commas."""

    default_error_messages = {"unknown_type": "Allowed values are {types}"}

    def to_internal_value(self, data: Any) -> Any:
        names = [name.strip() for name in super().to_internal_value(data).split(",")]
        if not all(name in SCOPES for name in names):
            self.fail("unknown_type", types="|".join(SCOPES))
        return list(dict.fromkeys(names))


class ListEventsInput(Input):
    types = EventTypesField(
        required=False,
        help_text=_("Types of events, separated by commas. Without it, all that the key's scopes allow"),
    )
    channelId = ChannelIdField(required=False, help_text=_("Only events of this channel"))  # noqa: N815 - the contract's name
    cursor = serializers.CharField(
        required=False,
        max_length=cursors.MAX_LENGTH,
        help_text=_("The cursor of the last answer. Without it, the key hears what happens from now on"),
    )
    limit = LimitField(
        max_limit=MAX_EVENTS,
        default_limit=MAX_EVENTS,
        required=False,
        help_text=_("The maximum number of events"),
    )
    wait = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=waiting.MAX_SECONDS,
        help_text=_("How many seconds to wait for the next event, if there is none yet. Default: 0"),
    )
    includeOwn = serializers.BooleanField(  # noqa: N815 - the contract's name
        required=False,
        help_text=_("Also what the key's owner and the app's bot did. Default: false"),
    )
