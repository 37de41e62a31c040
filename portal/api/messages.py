"""Messages: send, list."""

from typing import Any

from rest_framework import serializers

from portal.api import shapes
from portal.api.channels import find_open_channel
from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import ChannelInput, Choice, Cursor, IdField, Limit, Text
from pumble_bridge.client import Json

MESSAGE_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180004",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "channelId": "65f0a1b2c3d4e5f607180003",
    "author": "65f0a1b2c3d4e5f607180002",
    "text": "hello",
    "timestamp": "2026-11-22T10:00:00Z",
    "timestampMilli": 1795341600000,
}


class SendMessageInput(ChannelInput):
    aliases = {"asbot": "asBot"}

    text = Text(help_text="1 to 100,000 characters; shown where blocks are not")
    asBot = serializers.BooleanField(required=False, help_text="Send as the app's bot")  # noqa: N815 - the contract's
    threadRootId = IdField(required=False, help_text="Send as a reply in this message's thread")  # noqa: N815 - names
    blocks = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Rich-text blocks"
    )


class SendMessage(Endpoint):
    operation = "sendMessage"
    method = "POST"
    scope = "messages:write"
    tag = "Messages"
    summary = "Send a message to a channel"
    description = (
        "As the key's owner, or as the app's bot with `asBot`. A private channel takes messages only where both the "
        "owner and the bot are members."
    )
    takes = SendMessageInput
    request_example = {"channel": "general", "text": "hello"}
    answer_example = {"id": "65f0a1b2c3d4e5f607180004", "channelId": "65f0a1b2c3d4e5f607180003"}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        message: Json = {"text": given["text"]} | ({"blocks": given["blocks"]} if given.get("blocks") else {})
        author = call.bot if given.get("asBot") else call.pumble
        sent = author.post_message(channel_id, message, thread_root_id=given.get("threadRootId"))
        return {"id": sent["id"], "channelId": sent["channelId"]}


class ListMessagesInput(ChannelInput):
    cursor = Cursor(
        required=False, help_text="A message's id, epoch milliseconds or an ISO time; it is not included"
    )
    limit = Limit(most=200, required=False, help_text="1 to 200, 100 unless said")
    strategy = Choice(
        choices=["BEFORE", "AFTER", "AROUND"],
        required=False,
        help_text="Which side of the cursor, BEFORE unless said",
    )


class ListMessages(Endpoint):
    operation = "listMessages"
    scope = "messages:read"
    tag = "Messages"
    summary = "List a channel's messages"
    description = (
        "Oldest first within the page; without a cursor the newest. Messages of a private channel are served only "
        "where both the key's owner and the app's bot are members."
    )
    takes = ListMessagesInput
    request_example = {"channel": "general", "limit": 20}
    answer_example = {"messages": [MESSAGE_EXAMPLE], "hasMoreBefore": True, "hasMoreAfter": None}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        cursor, limit = given.get("cursor"), given.get("limit", 100)
        if cursor is None:
            page = call.pumble.list_messages(channel_id, limit=limit, strategy="BEFORE", cursor=None)
            # Without a cursor both sides are looked at, so neither flag may be null.
            page |= {side: bool(page.get(side)) for side in ("hasMoreBefore", "hasMoreAfter")}
        else:
            strategy = given.get("strategy", "BEFORE")
            turn = _from_moment if isinstance(cursor, int) else _from_message
            page = turn(call, channel_id, cursor, strategy, limit)
        return {
            "messages": [shapes.message(message) for message in reversed(page["messages"])],
            "hasMoreBefore": page.get("hasMoreBefore"),
            "hasMoreAfter": page.get("hasMoreAfter"),
        }


def _from_message(call: Call, channel_id: str, cursor: str, strategy: str, limit: int) -> Json:
    return call.pumble.list_messages(channel_id, limit=limit, strategy=strategy, cursor=cursor)


def _from_moment(call: Call, channel_id: str, moment: int, strategy: str, limit: int) -> Json:
    """The page on one side of a moment, or around it: Pumble's cursors are ids, so the nearest message is looked up."""
    later = strategy == "AFTER"
    nearest = _nearest(call, channel_id, moment if strategy != "AROUND" else moment + 1, later=later)
    if nearest is None and strategy == "AROUND":
        nearest = _nearest(call, channel_id, moment, later=True)
    if nearest is None:
        return {
            "messages": [],
            "hasMoreBefore": None if later else False,
            "hasMoreAfter": False if later else None,
        }
    if strategy == "AROUND":
        return _from_message(call, channel_id, nearest["id"], strategy, limit)
    if limit == 1:
        beyond = _from_message(call, channel_id, nearest["id"], strategy, 1)
        side = "hasMoreAfter" if later else "hasMoreBefore"
        return beyond | {"messages": [nearest], side: bool(beyond["messages"])}
    page = _from_message(call, channel_id, nearest["id"], strategy, limit - 1)
    rest = page["messages"]
    return page | {"messages": [*rest, nearest] if later else [nearest, *rest]}


def _nearest(call: Call, channel_id: str, moment: int, *, later: bool) -> Json | None:
    """The channel's own message next to a moment, not counting it. A reply inside a thread is no message of the page."""
    criteria: Json = {"in": [channel_id], "limit": 20, "strategy": "OLDEST" if later else "NEWEST"}
    side = "afterTs" if later else "beforeTs"
    while True:
        hits = call.pumble.search_messages(criteria | {side: moment})
        for hit in hits:
            reply = hit.get("threadReplyInfo")
            if not isinstance(reply, dict) or reply.get("replySentToChannel"):
                return {name: value for name, value in hit.items() if name != "highlightedBlocks"}
        if not hits or not isinstance(edge := hits[-1].get("timestampMilli"), int) or edge == moment:
            return None
        moment = edge
