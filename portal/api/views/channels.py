"""Operations on channels and their members."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from keys.exceptions import ChannelNotAllowed, PrivateChannelNotForWorkspaceKeys
from keys.reasons import (
    CHANNEL_NAME_TAKEN,
    CHANNEL_NOT_ALLOWED,
    PRIVATE_CHANNEL_NOT_FOR_WORKSPACE_KEYS,
    UNKNOWN_CHANNEL,
    UNKNOWN_PEOPLE,
)
from portal.api import normalization
from portal.api.base import OperationView, WriteOperationView
from portal.api.calls import ApiCall
from portal.api.lookup import find_channel, get_channel, list_allowed_channels
from portal.api.serializers.base import ChannelInput
from portal.api.serializers.channels import AddUsersInput, CreateChannelInput, RemoveUserInput
from portal.api.serializers.responses.channels import ChannelInfo, ChannelListEntry, ChannelRef
from portal.api.serializers.responses.fields import Empty

CHANNEL_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180003",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "channelType": "PUBLIC",
    "name": "general",
    "description": "Company-wide announcements",
    "isMember": True,
    "isArchived": False,
}


class ListChannels(OperationView):
    operation = "listChannels"
    scope = "channels:list"
    tag = "Channels"
    summary = _("List channels")
    description = _(
        "Returns all channels that the key's owner can see, with their members' ids: public channels, private and direct channels of the owner, and archived channels. There are no pages. A key that is restricted to channels gets only these."
    )
    response_serializer = ChannelListEntry(many=True)
    response_example = [
        {"channel": CHANNEL_EXAMPLE, "users": ["65f0a1b2c3d4e5f607180002"], "pinnedMessages": []}
    ]

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        return [normalization.channel_entry(info) for info in list_allowed_channels(call)]


class GetChannel(OperationView):
    operation = "getChannel"
    scope = "channels:read"
    tag = "Channels"
    summary = _("Get one channel")
    description = _(
        "Finds the channel by `channelId`, or by `channel`, a name or an id. In a name, case and a leading # are ignored. Direct channels have no name; use their id."
    )
    input_serializer = ChannelInput
    request_example = {"channel": "general"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED)
    response_serializer = ChannelInfo
    response_example = {"channel": CHANNEL_EXAMPLE, "users": ["65f0a1b2c3d4e5f607180002"]}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        info = find_channel(call, data)
        return {"channel": normalization.channel(info["channel"]), "users": info["users"]}


class CreateChannel(WriteOperationView):
    operation = "createChannel"
    method = "POST"
    scope = "channels:write"
    tag = "Channels"
    summary = _("Create a channel")
    description = _(
        "The key's owner becomes its creator and first member. A name that already exists is refused."
    )
    input_serializer = CreateChannelInput
    request_example = {"name": "deploys", "type": "PUBLIC", "description": "What went live"}
    errors = (CHANNEL_NAME_TAKEN, CHANNEL_NOT_ALLOWED, PRIVATE_CHANNEL_NOT_FOR_WORKSPACE_KEYS)
    response_serializer = ChannelRef
    response_example = {"id": "65f0a1b2c3d4e5f607180003", "name": "deploys"}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        if call.key.channels is not None:
            raise ChannelNotAllowed(call.key.channels)
        if call.is_workspace_key and data["type"] == "PRIVATE":
            raise PrivateChannelNotForWorkspaceKeys
        created = call.pumble.create_channel(data)["channel"]
        call.observer.trace_ids(channel_id=created["id"])
        return {"id": created["id"], "name": str(created.get("name") or "")}


class AddUsersToChannel(WriteOperationView):
    operation = "addUsersToChannel"
    method = "POST"
    scope = "channels:write"
    tag = "Channels"
    summary = _("Add people to a channel")
    description = _(
        "People who are already members stay members. Each new member is announced by a system message."
    )
    input_serializer = AddUsersInput
    request_example = {"channelId": "65f0a1b2c3d4e5f607180003", "userIds": ["65f0a1b2c3d4e5f607180005"]}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, UNKNOWN_PEOPLE)
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_channel(call, data["channelId"])["channel"]["id"]
        call.pumble.add_users(channel_id, data["userIds"])
        return {}


class RemoveUserFromChannel(WriteOperationView):
    operation = "removeUserFromChannel"
    method = "POST"
    scope = "channels:write"
    tag = "Channels"
    summary = _("Remove someone from a channel")
    description = _("Refused if the person is not a member. The removal is announced by a system message.")
    input_serializer = RemoveUserInput
    request_example = {"channelId": "65f0a1b2c3d4e5f607180003", "userId": "65f0a1b2c3d4e5f607180005"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED)
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_channel(call, data["channelId"])["channel"]["id"]
        call.pumble.remove_user(channel_id, data["userId"])
        return {}
