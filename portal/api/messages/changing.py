"""Editing and deleting."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import Blocks, ChannelId, ChannelInput, IdField, Input, Text
from portal.api.lookup import find_open_channel
from portal.api.refusals import CHANNEL, NOT_ALLOWED, OBJECT, PRIVATE_CHANNEL


class EditMessageInput(Input):
    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's names
    channelId = ChannelId()  # noqa: N815
    text = Text(help_text=_("The new text"))
    blocks = Blocks(required=False)


class EditMessage(Endpoint):
    operation = "editMessage"
    method = "POST"
    scope = "messages:edit"
    tag = "Messages"
    summary = _("Edit a message")
    description = _("One of the owner's own. The change can be read at once.")
    takes = EditMessageInput
    request_example = {
        "channelId": "65f0a1b2c3d4e5f607180003",
        "messageId": "65f0a1b2c3d4e5f607180004",
        "text": "hello, corrected",
    }
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "Empty"
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        change = {"text": given["text"]} | ({"blocks": given["blocks"]} if given.get("blocks") else {})
        call.pumble.edit_message(channel_id, given["messageId"], change)
        return {}


class DeleteMessageInput(ChannelInput):
    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's name


class DeleteMessage(Endpoint):
    operation = "deleteMessage"
    method = "DELETE"
    scope = "messages:delete"
    tag = "Messages"
    summary = _("Delete a message")
    description = _(
        "A message with replies leaves an empty place with `deleted: true` in the channel's list."
    )
    takes = DeleteMessageInput
    request_example = {"channel": "general", "messageId": "65f0a1b2c3d4e5f607180004"}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "Empty"
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        call.pumble.delete_message(find_open_channel(call, given)["channel"]["id"], given["messageId"])
        return {}
