"""Channels: list, get, create, add and remove members."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from keys.exceptions import ChannelNotAllowed
from portal.api import shapes
from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import ChannelId, ChannelInput, Choice, IdField, IdList, Input
from portal.api.lookup import channel_by_id, find_channel, list_allowed_channels
from portal.api.refusals import CHANNEL, NAME_TAKEN, NOT_ALLOWED, PEOPLE

CHANNEL_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180003",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "channelType": "PUBLIC",
    "name": "general",
    "description": "Company-wide announcements",
    "isMember": True,
    "isArchived": False,
}


class ListChannels(Endpoint):
    operation = "listChannels"
    scope = "channels:list"
    tag = "Channels"
    summary = _("List channels")
    description = _(
        "Every channel that the key's owner can see, with its members' ids: public ones, private and direct ones they "
        "are in, archived ones. Everything in one answer. A key that is bound to channels is shown only these."
    )
    answers = ["ChannelListEntry"]
    answer_example = [
        {"channel": CHANNEL_EXAMPLE, "users": ["65f0a1b2c3d4e5f607180002"], "pinnedMessages": []}
    ]

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return [shapes.channel_entry(info) for info in list_allowed_channels(call)]


class GetChannel(Endpoint):
    operation = "getChannel"
    scope = "channels:read"
    tag = "Channels"
    summary = _("Get one channel")
    description = _(
        "By `channelId`, or by `channel`: a name (case does not matter, a leading # is ignored) or an id. Direct "
        "channels have no name and are found by id."
    )
    takes = ChannelInput
    request_example = {"channel": "general"}
    refusals = (CHANNEL, NOT_ALLOWED)
    answers = "ChannelInfo"
    answer_example = {"channel": CHANNEL_EXAMPLE, "users": ["65f0a1b2c3d4e5f607180002"]}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        info = find_channel(call, given)
        return {"channel": shapes.channel(info["channel"]), "users": info["users"]}


class CreateChannelInput(Input):
    name = serializers.CharField(
        max_length=80,
        help_text=_("Letters, digits, blanks, _ and -; stored in lower case, blanks as -"),
    )
    type = Choice(
        choices=["PUBLIC", "PRIVATE"],
        help_text=_("Whether everybody can find and join it, or only who is added"),
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=250, help_text=_("What the channel is for")
    )

    def to_internal_value(self, data: dict[str, Any]) -> Any:
        if "type" not in data and isinstance(data.get("isPrivate"), bool):  # how some clients say it
            data = data | {"type": "PRIVATE" if data["isPrivate"] else "PUBLIC"}
        return super().to_internal_value(data)


class CreateChannel(Endpoint):
    operation = "createChannel"
    method = "POST"
    scope = "channels:write"
    tag = "Channels"
    summary = _("Create a channel")
    description = _("The key's owner becomes its creator and first member. A name that is taken is refused.")
    takes = CreateChannelInput
    request_example = {"name": "deploys", "type": "PUBLIC", "description": "What went live"}
    refusals = (NAME_TAKEN, NOT_ALLOWED)
    answers = "ChannelRef"
    answer_example = {"id": "65f0a1b2c3d4e5f607180003", "name": "deploys"}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        if call.key.channels is not None:
            raise ChannelNotAllowed
        created = call.pumble.create_channel(given)["channel"]
        return {"id": created["id"], "name": str(created.get("name") or "")}


class AddUsersInput(Input):
    channelId = ChannelId()  # noqa: N815 - the contract's names
    userIds = IdList(help_text=_("The people's ids"))  # noqa: N815


class AddUsersToChannel(Endpoint):
    operation = "addUsersToChannel"
    method = "POST"
    scope = "channels:write"
    tag = "Channels"
    summary = _("Add people to a channel")
    description = _("Someone who is a member already stays one. Each addition leaves a system message.")
    takes = AddUsersInput
    request_example = {"channelId": "65f0a1b2c3d4e5f607180003", "userIds": ["65f0a1b2c3d4e5f607180005"]}
    refusals = (CHANNEL, NOT_ALLOWED, PEOPLE)
    answers = "Empty"
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = channel_by_id(call, given["channelId"])["channel"]["id"]
        call.pumble.add_users(channel_id, given["userIds"])
        return {}


class RemoveUserInput(Input):
    channelId = ChannelId()  # noqa: N815 - the contract's names
    userId = IdField(help_text=_("The person's id"))  # noqa: N815


class RemoveUserFromChannel(Endpoint):
    operation = "removeUserFromChannel"
    method = "POST"
    scope = "channels:write"
    tag = "Channels"
    summary = _("Remove someone from a channel")
    description = _("Refused where they are no member. Leaves a system message.")
    takes = RemoveUserInput
    request_example = {"channelId": "65f0a1b2c3d4e5f607180003", "userId": "65f0a1b2c3d4e5f607180005"}
    refusals = (CHANNEL, NOT_ALLOWED)
    answers = "Empty"
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = channel_by_id(call, given["channelId"])["channel"]["id"]
        call.pumble.remove_user(channel_id, given["userId"])
        return {}
