"""Editing and deleting."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import Blocks, ChannelInput, IdField, Input, Text
from portal.api.lookup import find_open_channel


class EditMessageInput(Input):
    messageId = IdField()  # noqa: N815 - the contract's names
    channelId = serializers.CharField()  # noqa: N815
    text = Text()
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
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        change = {"text": given["text"]} | ({"blocks": given["blocks"]} if given.get("blocks") else {})
        call.pumble.edit_message(channel_id, given["messageId"], change)
        return {}


class DeleteMessageInput(ChannelInput):
    messageId = IdField()  # noqa: N815 - the contract's name


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
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        call.pumble.delete_message(find_open_channel(call, given)["channel"]["id"], given["messageId"])
        return {}
