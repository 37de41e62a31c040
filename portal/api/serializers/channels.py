"""Input of the operations on channels."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import AnyCaseChoiceField, ChannelIdField, IdField, IdListField, Input


class CreateChannelInput(Input):
    name = serializers.CharField(
        max_length=80,
        help_text=_("Letters, digits, spaces, _ and -. Stored in lower case, with - for spaces"),
    )
    type = AnyCaseChoiceField(
        choices=["PUBLIC", "PRIVATE"],
        help_text=_("PUBLIC: everyone can find and join it. PRIVATE: only people who are added"),
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=250, help_text=_("What the channel is for")
    )

    def to_internal_value(self, data: dict[str, Any]) -> Any:
        if "type" not in data and isinstance(data.get("isPrivate"), bool):  # some clients send this instead
            data = data | {"type": "PRIVATE" if data["isPrivate"] else "PUBLIC"}
        return super().to_internal_value(data)


class AddUsersInput(Input):
    channelId = ChannelIdField()  # noqa: N815 - the contract's names
    userIds = IdListField(help_text=_("The people's ids"))  # noqa: N815


class RemoveUserInput(Input):
    channelId = ChannelIdField()  # noqa: N815 - the contract's names
    userId = IdField(help_text=_("The person's id"))  # noqa: N815
