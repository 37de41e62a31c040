"""Channels: list, get; and how every operation finds the channel it is told."""

from typing import Any

from portal.api import shapes
from portal.api.endpoint import Call, Endpoint
from portal.api.errors import BotNotInChannel, ChannelNotFound
from portal.api.inputs import ChannelInput, as_id
from pumble_bridge.client import Json, PumbleRefused, TokenRejected

_ALL_TYPES = ("PUBLIC", "PRIVATE", "DIRECT", "SELF")
_NAMED_TYPES = ("PUBLIC", "PRIVATE")
_OPEN_TYPES = {"PUBLIC", "DIRECT", "SELF"}  # a type nobody knows yet is treated as private

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
    summary = "List channels"
    description = (
        "Every channel that the key's owner can see, with its members' ids; everything in one answer."
    )
    answer_example = [
        {"channel": CHANNEL_EXAMPLE, "users": ["65f0a1b2c3d4e5f607180002"], "pinnedMessages": []}
    ]

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return [shapes.channel_entry(info) for info in call.pumble.list_channels(_ALL_TYPES)]


class GetChannel(Endpoint):
    operation = "getChannel"
    scope = "channels:read"
    tag = "Channels"
    summary = "Get one channel"
    description = (
        "By `channelId`, or by `channel`: a name (case does not matter, a leading # is ignored) or an id."
    )
    takes = ChannelInput
    request_example = {"channel": "general"}
    answer_example = {"channel": CHANNEL_EXAMPLE, "users": ["65f0a1b2c3d4e5f607180002"]}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        info = find_channel(call, given)
        return {"channel": shapes.channel(info["channel"]), "users": info["users"]}


def find_channel(call: Call, given: dict[str, Any]) -> Json:
    """ChannelInfo of the channel that `given` names by `channelId` or else by `channel`, as the key's owner sees it.

    Raises:
        ChannelNotFound: there is none, or none the owner can see.
    """
    if given.get("channelId"):
        return _by_id(call, as_id(given["channelId"].strip()))
    wanted = given["channel"].strip()
    if found := as_id(wanted):
        try:
            return _by_id(call, found)
        except ChannelNotFound:
            pass  # then it may be a name of that form
    name = wanted.removeprefix("#").casefold()
    for info in call.pumble.list_channels(_NAMED_TYPES):
        if name and str(info["channel"].get("name") or "").casefold() == name:
            return info
    raise ChannelNotFound


def find_open_channel(call: Call, given: dict[str, Any]) -> Json:
    """As `find_channel`, for operations on messages: a private channel only where owner and bot are both members.

    Without the owner's membership the bot would become a way around Pumble's own permissions.

    Raises:
        ChannelNotFound, BotNotInChannel.
    """
    info = find_channel(call, given)
    if info["channel"].get("channelType") not in _OPEN_TYPES:
        if call.owner_id not in info["users"]:
            raise ChannelNotFound
        if call.bot_user_id not in info["users"]:
            raise BotNotInChannel
    return info


def _by_id(call: Call, channel_id: str | None) -> Json:
    if channel_id is None:
        raise ChannelNotFound
    try:
        return call.pumble.get_channel(channel_id)
    except TokenRejected:
        raise
    except PumbleRefused as error:
        if error.status in {400, 403, 404}:
            raise ChannelNotFound from error
        raise
