"""Reading: one message, a channel page by page, a thread page by page."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.api import shapes
from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import ChannelInput, Choice, Cursor, IdField, Limit
from portal.api.lookup import find_open_channel
from portal.api.messages import paging
from portal.api.refusals import CHANNEL, CURSOR, NOT_ALLOWED, OBJECT, PRIVATE_CHANNEL

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


class FetchMessageInput(ChannelInput):
    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's name


class FetchMessage(Endpoint):
    operation = "fetchMessage"
    scope = "messages:read"
    tag = "Messages"
    summary = _("Fetch one message")
    description = _("A thread's root has `threadRootInfo`, a reply `threadReplyInfo`.")
    takes = FetchMessageInput
    request_example = {"channel": "general", "messageId": "65f0a1b2c3d4e5f607180004"}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "Message"
    answer_example = ROOT_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        return shapes.message(call.pumble.get_message(channel_id, given["messageId"]))


class PageInput(ChannelInput):
    cursor = Cursor(required=False, help_text=_("A message's id, epoch milliseconds or an ISO time"))
    limit = Limit(most=200, usual=100, required=False, help_text=_("How many a page may have"))
    strategy = Choice(
        choices=["BEFORE", "AFTER", "AROUND"],
        required=False,
        help_text=_("Which side of the cursor, BEFORE unless said"),
    )


class ListMessages(Endpoint):
    operation = "listMessages"
    scope = "messages:read"
    tag = "Messages"
    summary = _("List a channel's messages")
    description = _(
        "Oldest first within the page; without a cursor the newest. The message of the cursor itself is not included, "
        "except with AROUND. Messages of a private channel are served only where both the key's owner and the app's "
        "bot are members."
    )
    takes = PageInput
    request_example = {"channel": "general", "limit": 20}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, CURSOR)
    answers = "MessagePage"
    answer_example = {"messages": [ROOT_EXAMPLE], "hasMoreBefore": True, "hasMoreAfter": None}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        strategy, limit = given.get("strategy", "BEFORE"), given.get("limit", 100)
        page = paging.of_channel(call.pumble, channel_id, given.get("cursor"), strategy, limit)
        return page | {"messages": [shapes.message(message) for message in page["messages"]]}


class FetchThreadRepliesInput(PageInput):
    rootMessageId = IdField(help_text=_("The id of the message that began the thread"))  # noqa: N815 - the contract's name


class FetchThreadReplies(Endpoint):
    operation = "fetchThreadReplies"
    scope = "messages:read"
    tag = "Messages"
    summary = _("List a thread's replies")
    description = _(
        "Newest first, without the root. The reply whose id is the `cursor` comes first again, followed by up to `limit` "
        "older ones; where nothing is older the answer is empty."
    )
    takes = FetchThreadRepliesInput
    request_example = {"channel": "general", "rootMessageId": "65f0a1b2c3d4e5f607180004"}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT, CURSOR)
    answers = ["Message"]
    answer_example = [REPLY_EXAMPLE]

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        strategy, limit = given.get("strategy", "BEFORE"), given.get("limit", 100)
        thread = paging.Thread(call.pumble, channel_id, given["rootMessageId"])
        return [shapes.message(reply) for reply in thread.page(given.get("cursor"), strategy, limit)]
