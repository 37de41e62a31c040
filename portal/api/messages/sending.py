"""Sending: to a channel, in a thread, to one person, to a group."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from keys.exceptions import ChannelNotAllowed
from portal.api.endpoint import Call, Endpoint
from portal.api.exceptions import PeopleNotValid
from portal.api.inputs import Blocks, ChannelInput, IdField, IdList, Input, Text, TextList
from portal.api.lookup import find_open_channel, find_people_ids
from portal.api.refusals import CHANNEL, NOT_ALLOWED, OBJECT, PEOPLE, PRIVATE_CHANNEL
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import PumbleRefused

REF_EXAMPLE = {"id": "65f0a1b2c3d4e5f607180004", "channelId": "65f0a1b2c3d4e5f607180003"}
MOST_RECIPIENTS = 8


class WhatToSend(Input):
    aliases = {"asbot": "asBot"}

    text = Text(help_text=_("Shown where blocks are not"))
    blocks = Blocks(required=False)
    asBot = serializers.BooleanField(required=False, help_text=_("Send as the app's bot"))  # noqa: N815 - the contract's


class SendMessageInput(ChannelInput, WhatToSend):
    threadRootId = IdField(required=False, help_text=_("Send as a reply in this message's thread"))  # noqa: N815


class SendMessage(Endpoint):
    operation = "sendMessage"
    method = "POST"
    scope = "messages:write"
    tag = "Messages"
    summary = _("Send a message to a channel")
    description = _(
        "As the key's owner, or as the app's bot with `asBot`. A private channel takes messages only where both the "
        "owner and the bot are members."
    )
    takes = SendMessageInput
    request_example = {"channel": "general", "text": "hello"}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "MessageRef"
    answer_example = REF_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        return _send(call, channel_id, given, thread_root_id=given.get("threadRootId"))


class SendReplyInput(ChannelInput, WhatToSend):
    messageId = IdField(help_text=_("The thread's root"))  # noqa: N815 - the contract's names
    alsoSendToChannel = serializers.BooleanField(  # noqa: N815
        required=False, help_text=_("Show the reply in the channel too")
    )


class SendReply(Endpoint):
    operation = "sendReply"
    method = "POST"
    scope = "messages:write"
    tag = "Messages"
    summary = _("Reply in a thread")
    description = _("`alsoSendToChannel` shows the reply in the channel too.")
    takes = SendReplyInput
    request_example = {"channel": "general", "messageId": "65f0a1b2c3d4e5f607180004", "text": "done"}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "MessageRef"
    answer_example = {"id": "65f0a1b2c3d4e5f607180007", "channelId": "65f0a1b2c3d4e5f607180003"}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        also = {"alsoSendToChannel": True} if given.get("alsoSendToChannel") else {}
        return _send(call, channel_id, given, thread_root_id=given["messageId"], **also)


class DmUserInput(WhatToSend):
    one_of = ("userId", "email")

    userId = IdField(required=False, help_text=_("The person's id; wins over email"))  # noqa: N815 - the contract's
    email = serializers.CharField(required=False, help_text=_("The person's e-mail"))


class DmUser(Endpoint):
    operation = "dmUser"
    method = "POST"
    scope = "messages:write"
    tag = "Messages"
    summary = _("Send a direct message to one person")
    description = _(
        "By `userId` or `email`. The direct channel is opened if there is none yet. Not to oneself."
    )
    takes = DmUserInput
    request_example = {"userId": "65f0a1b2c3d4e5f607180005", "text": "hello"}
    refusals = (PEOPLE, NOT_ALLOWED)
    answers = "MessageRef"
    answer_example = REF_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return _send_direct(call, find_people_ids(call, [given.get("userId") or given["email"]]), given)


class DmGroupInput(WhatToSend):
    one_of = ("userIds", "emails")

    userIds = IdList(required=False, help_text=_("The people's ids; win over emails"))  # noqa: N815 - the contract's
    emails = TextList(required=False, help_text=_("The people's e-mails"))


class DmGroup(Endpoint):
    operation = "dmGroup"
    method = "POST"
    scope = "messages:write"
    tag = "Messages"
    summary = _("Send a direct message to a group")
    description = _(
        "To 2 to 8 people; one's own id among them is ignored. The same people share one channel."
    )
    takes = DmGroupInput
    request_example = {"userIds": ["65f0a1b2c3d4e5f607180005", "65f0a1b2c3d4e5f607180008"], "text": "hello"}
    refusals = (PEOPLE, NOT_ALLOWED)
    answers = "MessageRef"
    answer_example = REF_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        people = find_people_ids(call, given.get("userIds") or given["emails"])
        return _send_direct(call, [person for person in people if person != call.owner_id], given)


def _send_direct(call: Call, people: list[str], given: Json) -> Json:
    if not 1 <= len(people) <= MOST_RECIPIENTS:
        raise PeopleNotValid
    sender, sender_id = (call.bot, call.bot_user_id) if given.get("asBot") else (call.pumble, call.owner_id)
    return _send(call, _direct_channel(call, sender, sender_id, people), given)


def _direct_channel(call: Call, sender: PumbleClient, sender_id: str, people: list[str]) -> str:
    """The id of the direct channel of the sender with these people, opened if there is none.

    Raises:
        ChannelNotAllowed: the key is bound to other channels.
    """
    try:
        info = sender.find_direct_channel([sender_id, *people])
    except PumbleRefused as error:
        if error.status != 404:
            raise
        if call.key.channels is not None:
            raise ChannelNotAllowed from error
        info = sender.open_direct_channel(people)
    channel_id = str(info["channel"]["id"])
    if not call.allows(channel_id):
        raise ChannelNotAllowed
    return channel_id


def _send(
    call: Call, channel_id: str, given: Json, *, thread_root_id: str | None = None, **more: Any
) -> Json:
    message: Json = (
        {"text": given["text"]} | ({"blocks": given["blocks"]} if given.get("blocks") else {}) | more
    )
    author = call.bot if given.get("asBot") else call.pumble
    sent = author.post_message(channel_id, message, thread_root_id=thread_root_id)
    return {"id": sent["id"], "channelId": sent["channelId"]}
