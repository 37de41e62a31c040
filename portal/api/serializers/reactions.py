"""Input of the operations on reactions."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import ChannelIdField, IdField, Input, Int64Field

_CODE = r"^:[A-Za-z0-9_+\-]+:$"


class ReactionInput(Input):
    aliases = {"emoji": "reaction"}

    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's names
    reaction = serializers.RegexField(
        _CODE,
        min_length=3,
        max_length=100,
        error_messages={"invalid": "must be an emoji as :code:"},
        help_text=_("An emoji as :code:, such as :+1:"),
    )
    channelId = ChannelIdField(  # noqa: N815
        required=False,
        help_text=_("The channel of the message. Required for a key that is restricted to channels"),
    )


class AddReactionInput(ReactionInput):
    skinTone = Int64Field(  # noqa: N815 - the contract's name
        required=False, min_value=1, max_value=6, help_text=_("1 (none) to 6 (darkest)")
    )


class RemoveReactionInput(ReactionInput):
    def to_internal_value(self, data: dict[str, Any]) -> Any:
        reaction = data.get("reaction")
        if isinstance(reaction, str):  # an unencoded + arrives as a space
            data = data | {"reaction": reaction.replace(" ", "+")}
        return super().to_internal_value(data)
