"""Operations on messages: send, read, edit and delete."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from keys.exceptions import ChannelNotAllowed, SendsAsBotOnly
from keys.reasons import (
    BOT_NOT_IN_CHANNEL,
    CHANNEL_NOT_ALLOWED,
    NOT_FOUND,
    SENDS_AS_BOT_ONLY,
    UNKNOWN_CHANNEL,
    UNKNOWN_CURSOR,
    UNKNOWN_PEOPLE,
)
from portal.api import normalization, pagination
from portal.api.base import OperationView, WriteOperationView
from portal.api.calls import ApiCall
from portal.api.exceptions import PeopleNotValid
from portal.api.lookup import find_user_ids, get_accessible_channel
from portal.api.message_view import MessageView, upload_files
from portal.api.serializers.messages import (
    DeleteMessageInput,
    DmGroupForm,
    DmGroupInput,
    DmUserForm,
    DmUserInput,
    EditMessageInput,
    FetchMessageInput,
    FetchThreadRepliesInput,
    MessagePageInput,
    SendMessageForm,
    SendMessageInput,
    SendReplyForm,
    SendReplyInput,
)
from portal.api.serializers.responses.fields import Empty
from portal.api.serializers.responses.messages import Message, MessagePage, MessageRef
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import PumbleRefused

REF_EXAMPLE = {"id": "65f0a1b2c3d4e5f607180004", "channelId": "65f0a1b2c3d4e5f607180003"}
MAX_RECIPIENTS = 8
MESSAGE_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180004",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "channelId": "65f0a1b2c3d4e5f607180003",
    "author": "65f0a1b2c3d4e5f607180002",
    "text": "hello",
    "timestamp": "2026-11-22T10:00:00Z",
    "timestampMilli": 1795341600000,
}
ROOT_EXAMPLE = MESSAGE_EXAMPLE | {
    "reactions": [{"user": "65f0a1b2c3d4e5f607180005", "code": ":+1:"}],
    "threadRootInfo": {
        "repliesCount": 1,
        "replyCount": 1,
        "repliers": ["65f0a1b2c3d4e5f607180005"],
        "lastReplyTimestamp": "2026-11-22T10:05:00Z",
        "lastReplyTimestampMilli": 1795341900000,
    },
    "threadReplyInfo": None,
}
REPLY_EXAMPLE = MESSAGE_EXAMPLE | {
    "id": "65f0a1b2c3d4e5f607180007",
    "author": "65f0a1b2c3d4e5f607180005",
    "text": "done",
    "timestamp": "2026-11-22T10:05:00Z",
    "timestampMilli": 1795341900000,
    "threadReplyInfo": {
        "rootId": "65f0a1b2c3d4e5f607180004",
        "replySentToChannel": False,
        "rootText": "hello",
    },
}


class SendMessage(MessageView):
    operation = "sendMessage"
    summary = _("Send a message to a channel")
    description = _(
        "Sends as the key's owner, or as the app's bot with `asBot`. A workspace key sends as the bot. In a private channel, both the owner and the bot must be members."
    )
    input_serializer = SendMessageInput
    form_serializer = SendMessageForm
    request_example = {"channel": "general", "text": "hello"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND, SENDS_AS_BOT_ONLY)
    response_serializer = MessageRef
    response_example = REF_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        author, _author_id = _author(call, data)
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        return _send(call, author, channel_id, data, thread_root_id=data.get("threadRootId"))


class SendReply(MessageView):
    operation = "sendReply"
    summary = _("Reply in a thread")
    description = _("`alsoSendToChannel` shows the reply in the channel too.")
    input_serializer = SendReplyInput
    form_serializer = SendReplyForm
    request_example = {"channel": "general", "messageId": "65f0a1b2c3d4e5f607180004", "text": "done"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND, SENDS_AS_BOT_ONLY)
    response_serializer = MessageRef
    response_example = {"id": "65f0a1b2c3d4e5f607180007", "channelId": "65f0a1b2c3d4e5f607180003"}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        author, _author_id = _author(call, data)
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        also = {"alsoSendToChannel": True} if data.get("alsoSendToChannel") else {}
        return _send(call, author, channel_id, data, thread_root_id=data["messageId"], **also)


class DmUser(MessageView):
    operation = "dmUser"
    summary = _("Send a direct message to one person")
    description = _(
        "Finds the person by `userId` or `email`. Creates the direct channel if it does not exist. You cannot write to yourself."
    )
    input_serializer = DmUserInput
    form_serializer = DmUserForm
    request_example = {"userId": "65f0a1b2c3d4e5f607180005", "text": "hello"}
    errors = (UNKNOWN_PEOPLE, CHANNEL_NOT_ALLOWED, SENDS_AS_BOT_ONLY)
    response_serializer = MessageRef
    response_example = REF_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        author = _author(call, data)
        return _send_direct(call, author, find_user_ids(call, [data.get("userId") or data["email"]]), data)


class DmGroup(MessageView):
    operation = "dmGroup"
    summary = _("Send a direct message to a group")
    description = _(
        "Sends to 2 to 8 people. Your own id is ignored. The same people always get the same channel."
    )
    input_serializer = DmGroupInput
    form_serializer = DmGroupForm
    request_example = {"userIds": ["65f0a1b2c3d4e5f607180005", "65f0a1b2c3d4e5f607180008"], "text": "hello"}
    errors = (UNKNOWN_PEOPLE, CHANNEL_NOT_ALLOWED, SENDS_AS_BOT_ONLY)
    response_serializer = MessageRef
    response_example = REF_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        author = _author(call, data)
        people = find_user_ids(call, data.get("userIds") or data["emails"])
        return _send_direct(call, author, [person for person in people if person != call.owner_id], data)


class FetchMessage(OperationView):
    operation = "fetchMessage"
    scope = "messages:read"
    tag = "Messages"
    summary = _("Fetch one message")
    description = _("A message with replies has `threadRootInfo`. A reply has `threadReplyInfo`.")
    input_serializer = FetchMessageInput
    request_example = {"channel": "general", "messageId": "65f0a1b2c3d4e5f607180004"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = Message
    response_example = ROOT_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        return normalization.message(call.pumble.get_message(channel_id, data["messageId"]))


class ListMessages(OperationView):
    operation = "listMessages"
    scope = "messages:read"
    tag = "Messages"
    summary = _("List a channel's messages")
    description = _(
        "Each page is sorted oldest first. Without a cursor you get the newest messages. The message of the cursor is not included, except with AROUND. In a private channel, both the key's owner and the app's bot must be members."
    )
    input_serializer = MessagePageInput
    request_example = {"channel": "general", "limit": 20}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, UNKNOWN_CURSOR)
    response_serializer = MessagePage
    response_example = {"messages": [ROOT_EXAMPLE], "hasMoreBefore": True, "hasMoreAfter": None}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        strategy, limit = data.get("strategy", "BEFORE"), data.get("limit", 100)
        page = pagination.list_channel_messages(call.pumble, channel_id, data.get("cursor"), strategy, limit)
        return page | {"messages": [normalization.message(message) for message in page["messages"]]}


class FetchThreadReplies(OperationView):
    operation = "fetchThreadReplies"
    scope = "messages:read"
    tag = "Messages"
    summary = _("List a thread's replies")
    description = _(
        "Each page is sorted newest first. The message that started the thread is not included. With a `cursor`, its reply comes first, then up to `limit` older ones. If there are no older ones, the list is empty."
    )
    input_serializer = FetchThreadRepliesInput
    request_example = {"channel": "general", "rootMessageId": "65f0a1b2c3d4e5f607180004"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND, UNKNOWN_CURSOR)
    response_serializer = Message(many=True)
    response_example = [REPLY_EXAMPLE]

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        strategy, limit = data.get("strategy", "BEFORE"), data.get("limit", 100)
        thread = pagination.Thread(call.pumble, channel_id, data["rootMessageId"])
        return [normalization.message(reply) for reply in thread.page(data.get("cursor"), strategy, limit)]


class EditMessage(WriteOperationView):
    operation = "editMessage"
    method = "POST"
    scope = "messages:edit"
    tag = "Messages"
    summary = _("Edit a message")
    description = _("The message must be the owner's own. The change is visible at once.")
    input_serializer = EditMessageInput
    request_example = {
        "channelId": "65f0a1b2c3d4e5f607180003",
        "messageId": "65f0a1b2c3d4e5f607180004",
        "text": "hello, corrected",
    }
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        change = {"text": data["text"]} | ({"blocks": data["blocks"]} if data.get("blocks") else {})
        call.pumble.edit_message(channel_id, data["messageId"], change)
        return {}


class DeleteMessage(WriteOperationView):
    operation = "deleteMessage"
    method = "DELETE"
    scope = "messages:delete"
    tag = "Messages"
    summary = _("Delete a message")
    description = _("A message with replies stays in the channel's list, empty and with `deleted: true`.")
    input_serializer = DeleteMessageInput
    request_example = {"channel": "general", "messageId": "65f0a1b2c3d4e5f607180004"}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        call.pumble.delete_message(get_accessible_channel(call, data)["channel"]["id"], data["messageId"])
        return {}


def _author(call: ApiCall, data: Json) -> tuple[PumbleClient, str]:
    """Return the client and the user id of the author: the owner, or the bot with `asBot` and for a workspace key.

    Raises:
        SendsAsBotOnly: `asBot` is false, and the key is a workspace key.
    """
    if call.is_workspace_key and data.get("asBot") is False:
        raise SendsAsBotOnly
    return (call.bot, call.bot_user_id) if data.get("asBot") else (call.pumble, call.owner_id)


def _send_direct(call: ApiCall, author: tuple[PumbleClient, str], people: list[str], data: Json) -> Json:
    if not 1 <= len(people) <= MAX_RECIPIENTS:
        raise PeopleNotValid
    sender, sender_id = author
    return _send(call, sender, _direct_channel(call, sender, sender_id, people), data)


def _direct_channel(call: ApiCall, sender: PumbleClient, sender_id: str, people: list[str]) -> str:
    """Return the id of the direct channel of the sender with these people. Create it if it does not exist.

    Raises:
        ChannelNotAllowed: the key is restricted to other channels.
    """
    try:
        info = sender.find_direct_channel([sender_id, *people])
    except PumbleRefused as error:
        if error.status != 404:
            raise
        if call.key.channels is not None:
            raise ChannelNotAllowed(call.key.channels) from error
        info = sender.open_direct_channel(people)
    channel_id = str(info["channel"]["id"])
    if call.key.channels is not None and channel_id not in call.key.channels:
        raise ChannelNotAllowed(call.key.channels)
    return channel_id


def _send(
    call: ApiCall,
    author: PumbleClient,
    channel_id: str,
    data: Json,
    *,
    thread_root_id: str | None = None,
    **more: Any,
) -> Json:
    message: Json = {"text": data.get("text", "")} | more
    if data.get("blocks"):
        message["blocks"] = data["blocks"]
    if files := upload_files(author, data):
        message["files"] = files
    sent = author.post_message(channel_id, message, thread_root_id=thread_root_id)
    call.observer.trace_ids(channel_id=sent["channelId"], message_id=sent["id"])
    return {"id": sent["id"], "channelId": sent["channelId"]}
