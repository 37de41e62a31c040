"""Reactions."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from keys.exceptions import ChannelNotAllowed
from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import ChannelId, IdField, Input, WholeNumber
from portal.api.lookup import find_open_channel
from portal.api.refusals import CHANNEL, NOT_ALLOWED, OBJECT, PRIVATE_CHANNEL

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
    channelId = ChannelId(  # noqa: N815
        required=False,
        help_text=_("The channel the message is in; needed for a key that is bound to channels"),
    )


class AddReactionInput(ReactionInput):
    skinTone = WholeNumber(  # noqa: N815 - the contract's name
        required=False, min_value=1, max_value=6, help_text=_("1 (none) to 6 (darkest)")
    )


class AddReaction(Endpoint):
    operation = "addReaction"
    method = "POST"
    scope = "reaction:write"
    tag = "Messages"
    summary = _("React to a message")
    description = _("Reacting twice with the same emoji is no error.")
    takes = AddReactionInput
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "StatusOk"
    request_example = {"messageId": "65f0a1b2c3d4e5f607180004", "reaction": ":+1:"}
    answer_example = {"status": "ok"}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        _check_channel(call, given)
        tone = {"skinTone": given["skinTone"]} if "skinTone" in given else {}
        call.pumble.add_reaction(given["messageId"], {"code": given["reaction"]} | tone)
        return {"status": "ok"}


class RemoveReactionInput(ReactionInput):
    def to_internal_value(self, data: dict[str, Any]) -> Any:
        reaction = data.get("reaction")
        if isinstance(reaction, str):  # a plus that nobody encoded arrives as a blank
            data = data | {"reaction": reaction.replace(" ", "+")}
        return super().to_internal_value(data)


class RemoveReaction(Endpoint):
    operation = "removeReaction"
    method = "DELETE"
    scope = "reaction:write"
    tag = "Messages"
    summary = _("Take a reaction back")
    description = _("Taking back what is not there is no error.")
    takes = RemoveReactionInput
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "StatusOk"
    request_example = {"messageId": "65f0a1b2c3d4e5f607180004", "reaction": ":+1:"}
    answer_example = {"status": "ok"}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        _check_channel(call, given)
        call.pumble.remove_reaction(given["messageId"], {"code": given["reaction"]})
        return {"status": "ok"}


def _check_channel(call: Call, given: dict[str, Any]) -> None:
    """The rule on private channels, and that the message is in the channel that is named.

    Pumble reacts by message id alone and tells nobody which channel a message is in. So where `channelId` is left out
    the rule cannot be checked, and only Pumble's own permissions of the owner hold; nothing is read this way. A key that
    is bound to channels has to name it.
    """
    if call.key.channels is not None and not given.get("channelId"):
        raise ChannelNotAllowed
    if given.get("channelId"):
        channel_id = find_open_channel(call, given)["channel"]["id"]
        call.pumble.get_message(channel_id, given["messageId"])
