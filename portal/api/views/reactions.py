"""Operations on reactions."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from keys.exceptions import ReactionChannelMissing, ReactionChannelRequired
from keys.reasons import (
    BOT_NOT_IN_CHANNEL,
    CHANNEL_NOT_ALLOWED,
    NOT_FOUND,
    REACTION_CHANNEL_MISSING,
    REACTION_CHANNEL_REQUIRED,
    UNKNOWN_CHANNEL,
)
from portal.api.base import WriteOperationView
from portal.api.calls import ApiCall
from portal.api.lookup import get_accessible_channel
from portal.api.serializers.reactions import AddReactionInput, RemoveReactionInput
from portal.api.serializers.responses.fields import StatusOk

_ERRORS = (
    UNKNOWN_CHANNEL,
    CHANNEL_NOT_ALLOWED,
    REACTION_CHANNEL_MISSING,
    REACTION_CHANNEL_REQUIRED,
    BOT_NOT_IN_CHANNEL,
    NOT_FOUND,
)


class AddReaction(WriteOperationView):
    operation = "addReaction"
    method = "POST"
    scope = "reaction:write"
    tag = "Messages"
    summary = _("React to a message")
    description = _("If the reaction already exists, the call succeeds.")
    input_serializer = AddReactionInput
    errors = _ERRORS
    response_serializer = StatusOk
    request_example = {"messageId": "65f0a1b2c3d4e5f607180004", "reaction": ":+1:"}
    response_example = {"status": "ok"}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        _check_channel(call, data)
        tone = {"skinTone": data["skinTone"]} if "skinTone" in data else {}
        call.pumble.add_reaction(data["messageId"], {"code": data["reaction"]} | tone)
        return {"status": "ok"}


class RemoveReaction(WriteOperationView):
    operation = "removeReaction"
    method = "DELETE"
    scope = "reaction:write"
    tag = "Messages"
    summary = _("Remove a reaction")
    description = _("If the reaction does not exist, the call succeeds.")
    input_serializer = RemoveReactionInput
    errors = _ERRORS
    response_serializer = StatusOk
    request_example = {"messageId": "65f0a1b2c3d4e5f607180004", "reaction": ":+1:"}
    response_example = {"status": "ok"}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        _check_channel(call, data)
        call.pumble.remove_reaction(data["messageId"], {"code": data["reaction"]})
        return {"status": "ok"}


def _check_channel(call: ApiCall, data: dict[str, Any]) -> None:
    """Check that the key may use the channel, and that the message is in it.

    Pumble finds the message by its id alone, and does not return its channel. Without `channelId`, only Pumble's own
    permissions of the owner apply. Nothing is read this way. A key that is restricted to channels must send `channelId`, and
    a workspace key: the bot is a member of channels that do not exist for the key.
    """
    if call.key.channels is not None and not data.get("channelId"):
        raise ReactionChannelMissing(call.key.channels)
    if call.is_workspace_key and not data.get("channelId"):
        raise ReactionChannelRequired
    if data.get("channelId"):
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        call.pumble.get_message(channel_id, data["messageId"])
