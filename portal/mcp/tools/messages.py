"""Tools that read, send and change messages."""

from typing import Annotated, Literal

from msgspec import Meta

from portal.api.serializers.base import parse_id
from portal.api.views import messages, reactions, search
from portal.mcp import params as parameters
from portal.mcp import text
from portal.mcp.calls import ToolCall
from portal.mcp.errors import InvalidArgument
from portal.mcp.messages import entry, page
from portal.mcp.params import AsBot, Channel, MessageId, Params, Text
from portal.mcp.tool import tool
from pumble_bridge.client import Json

_CURSOR = "Message id, or time with offset"
_ORDERS = {"relevance": "MOST_RELEVANT", "newest": "NEWEST", "oldest": "OLDEST"}


class ReadChannel(Params):
    channel: Channel
    limit: Annotated[int, Meta(ge=1, le=100)] = 30
    before: Annotated[str, Meta(description=_CURSOR)] = ""
    after: Annotated[str, Meta(description=_CURSOR)] = ""
    around: Annotated[str, Meta(description=_CURSOR)] = ""


@tool(
    name="pumble_read_channel",
    title="Read a channel",
    description=(
        "Messages of a channel, oldest first: the newest ones, or those before, after or around a message or time. Replies "
        "in threads are not among them."
    ),
    operations=(messages.ListMessages,),
    params=ReadChannel,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)
def read_channel(call: ToolCall, params: ReadChannel) -> str:
    sides = {side: value for side in ("before", "after", "around") if (value := getattr(params, side))}
    if len(sides) > 1:
        raise InvalidArgument(f"send only one of {', '.join(sides)}")
    side, value = next(iter(sides.items()), ("before", ""))
    cursor = {"cursor": parameters.read_cursor(value, side)} if value else {}
    channel = call.find_channel(params.channel)
    results = call.run(
        messages.ListMessages, channelId=channel.id, limit=params.limit, strategy=side.upper(), **cursor
    )
    listed: list[Json] = results["messages"]
    if not listed:
        return f"{channel}: no messages{' there' if value else ''}. Try another time, or no before, after or around."
    ids = [message["id"] for message in listed]
    middle = ids.index(cursor["cursor"]) if cursor.get("cursor") in ids else len(ids) // 2

    def heading(shown: list[Json]) -> str:
        facts = [f"{channel}: {text.count(len(shown), 'message')}, oldest first"]
        if shown[0]["id"] != ids[0] or results["hasMoreBefore"] is not False:
            facts.append(f"Older: before={shown[0]['id']}")
        if (
            shown[-1]["id"] != ids[-1]
            or results["hasMoreAfter"]
            or (value and results["hasMoreAfter"] is None)
        ):
            facts.append(f"Newer: after={shown[-1]['id']}")
        return ". ".join(facts)

    entries = [entry(call, message) for message in listed]
    return page(heading, listed, entries, keep={"before": len(ids) - 1, "after": 0, "around": middle}[side])


class ReadThread(Params):
    channel: Channel
    message_id: MessageId
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    before: Annotated[str, Meta(description="Id of a reply, or time with offset")] = ""


@tool(
    name="pumble_read_thread",
    title="Read a thread",
    description="One message and the replies to it, oldest first. Takes the id of the first message or of any reply.",
    operations=(messages.FetchThreadReplies, messages.FetchMessage),
    params=ReadThread,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)
def read_thread(call: ToolCall, params: ReadThread) -> str:
    message_id = parameters.read_id(params.message_id, "message_id")
    before = parameters.read_cursor(params.before, "before") if params.before else ""
    channel = call.find_channel(params.channel)
    root = call.run(messages.FetchMessage, channelId=channel.id, messageId=message_id)
    if root_id := parse_id(str((root.get("threadReplyInfo") or {}).get("rootId") or "")):
        root = call.run(messages.FetchMessage, channelId=channel.id, messageId=root_id)
    cursor = {"cursor": before, "strategy": "BEFORE"} if before else {}
    replies = call.run(
        messages.FetchThreadReplies,
        channelId=channel.id,
        rootMessageId=root["id"],
        limit=params.limit,
        **cursor,
    )
    listed = [reply for reply in reversed(replies) if reply["id"] != before]
    first = entry(call, root)

    def heading(shown: list[Json]) -> str:
        begin = f"Thread of {root['id']} in {channel}: the first message and {text.count(len(shown), 'reply', 'replies')}"
        more = shown and (len(shown) < len(listed) or len(listed) >= params.limit)
        return f"{begin}, oldest first" + (f". Older replies: before={shown[0]['id']}" if more else "")

    entries = [entry(call, reply, in_thread=True) for reply in listed]
    shown = text.fit(entries, keep=len(listed) - 1, limit=text.MAX_RESULT_LENGTH - len(first))
    return "\n".join([heading(listed[shown]), text.NOTICE, "", first, *entries[shown]])


class SearchMessages(Params):
    query: Annotated[str, Meta(max_length=1000)] = ""
    channels: Annotated[list[str], Meta(max_length=50, description="Only in these: names or ids")] = []
    people: Annotated[list[str], Meta(max_length=50, description="Only by these: names, e-mails or ids")] = []
    after: Annotated[str, Meta(description="Time with offset")] = ""
    before: Annotated[str, Meta(description="Time with offset")] = ""
    order: Literal["relevance", "newest", "oldest"] = "relevance"
    limit: Annotated[int, Meta(ge=1, le=20)] = 10


@tool(
    name="pumble_search_messages",
    title="Search messages",
    description=(
        "Search in every channel you can read, threads included. Needs a query, channels or people. A message sent just now "
        "may not be found yet."
    ),
    operations=(search.SearchMessages,),
    params=SearchMessages,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)
def search_messages(call: ToolCall, params: SearchMessages) -> str:
    if not (params.query.strip() or params.channels or params.people):
        raise InvalidArgument("send at least one of query, channels, people")
    times = {
        field: parameters.read_time(value, name)
        for field, name, value in (("beforeTs", "before", params.before), ("afterTs", "after", params.after))
        if value
    }
    criteria = {
        "text": params.query,
        "in": [call.find_channel(channel).id for channel in params.channels],
        "from": call.find_people(params.people),
    }
    results = call.run(
        search.SearchMessages,
        limit=params.limit,
        strategy=_ORDERS[params.order],
        **{name: value for name, value in criteria.items() if value},
        **times,
    )
    hits: list[Json] = results["content"]
    if not hits:
        return "No messages match. Try fewer or other words, or leave out people, channels or times."
    label = call.channel_names()

    def heading(shown: list[Json]) -> str:
        more = (
            f"; {len(shown)} shown, narrow the search for others"
            if results["totalElements"] > len(shown)
            else ""
        )
        return f"{text.count(results['totalElements'], 'message')} found{more}"

    entries = [entry(call, hit, place=f" in {label(hit['channelId'])}") for hit in hits]
    return page(heading, hits, entries, keep=0)


class SendMessage(Params):
    channel: Channel
    text: Text
    reply_to: Annotated[str, Meta(description="Message id: send as a reply in its thread")] = ""
    also_send_to_channel: Annotated[bool, Meta(description="Show the reply in the channel too")] = False
    as_bot: AsBot = False


@tool(
    name="pumble_send_message",
    title="Send a message",
    description="Send plain text to a channel, or as a reply in a thread. All members see it at once.",
    operations=(messages.SendMessage, messages.SendReply),
    params=SendMessage,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=True,
)
def send_message(call: ToolCall, params: SendMessage) -> str:
    if params.also_send_to_channel and not params.reply_to:
        raise InvalidArgument("also_send_to_channel: only a reply has it; send reply_to with it")
    reply_to = parameters.read_id(params.reply_to, "reply_to") if params.reply_to else ""
    channel = call.find_channel(params.channel)
    message = {"channelId": channel.id, "text": params.text, **_author(params.as_bot)}
    if reply_to:
        thread = {"messageId": reply_to, "alsoSendToChannel": params.also_send_to_channel}
        sent = call.run(messages.SendReply, **message, **thread)
    else:
        sent = call.run(messages.SendMessage, **message)
    where = f"to {channel}{f' in the thread of {reply_to}' if reply_to else ''} as {call.sender(as_bot=params.as_bot)}"
    return call.report(f"Sent {where}: message {sent['id']}", f"send {where}")


class SendDirectMessage(Params):
    people: Annotated[list[str], Meta(min_length=1, max_length=8, description="Names, e-mails or ids")]
    text: Text
    as_bot: AsBot = False


@tool(
    name="pumble_send_direct_message",
    title="Send a direct message",
    description="Send plain text privately to 1 to 8 people. Several people share one conversation.",
    operations=(messages.DmUser, messages.DmGroup),
    params=SendDirectMessage,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=True,
)
def send_direct_message(call: ToolCall, params: SendDirectMessage) -> str:
    ids = list(dict.fromkeys(call.find_people(params.people)))
    message = {"text": params.text, **_author(params.as_bot)}
    if len(ids) == 1:
        sent = call.run(messages.DmUser, userId=ids[0], **message)
    else:
        sent = call.run(messages.DmGroup, userIds=ids, **message)
    where = f"to {call.list_names(ids)} as {call.sender(as_bot=params.as_bot)}"
    return call.report(
        f"Sent {where}: message {sent['id']} in channel {sent['channelId']}", f"send a direct message {where}"
    )


def _author(as_bot: bool) -> dict[str, bool]:  # noqa: FBT001
    """Return the field of the operation. Without it, the key decides: a workspace key always sends as the bot."""
    return {"asBot": True} if as_bot else {}


class EditMessage(Params):
    channel: Channel
    message_id: MessageId
    text: Text


@tool(
    name="pumble_edit_message",
    title="Edit a message",
    description="Replace the text of one of your own messages. The old text is lost.",
    operations=(messages.EditMessage,),
    params=EditMessage,
    read_only=False,
    destructive=True,
    idempotent=True,
    open_world=True,
)
def edit_message(call: ToolCall, params: EditMessage) -> str:
    message_id = parameters.read_id(params.message_id, "message_id")
    channel = call.find_channel(params.channel)
    call.run(messages.EditMessage, channelId=channel.id, messageId=message_id, text=params.text)
    what = f"the text of message {message_id} in {channel.label}"
    return call.report(f"Replaced {what}", f"replace {what}")


class DeleteMessage(Params):
    channel: Channel
    message_id: MessageId


@tool(
    name="pumble_delete_message",
    title="Delete a message",
    description="Delete a message for good.",
    operations=(messages.DeleteMessage,),
    params=DeleteMessage,
    read_only=False,
    destructive=True,
    idempotent=True,
    open_world=False,
)
def delete_message(call: ToolCall, params: DeleteMessage) -> str:
    message_id = parameters.read_id(params.message_id, "message_id")
    channel = call.find_channel(params.channel)
    call.run(messages.DeleteMessage, channelId=channel.id, messageId=message_id)
    what = f"message {message_id} in {channel.label}"
    return call.report(f"Deleted {what}", f"delete {what}")


class React(Params):
    channel: Channel
    message_id: MessageId
    emoji: Annotated[str, Meta(min_length=1, description="Such as :+1:")]
    remove: Annotated[bool, Meta(description="Take it back")] = False


@tool(
    name="pumble_react",
    title="React to a message",
    description="Add your emoji to a message, or take it back.",
    operations=(reactions.AddReaction, reactions.RemoveReaction),
    params=React,
    read_only=False,
    destructive=False,
    idempotent=True,
    open_world=True,
)
def react(call: ToolCall, params: React) -> str:
    message_id, code = (
        parameters.read_id(params.message_id, "message_id"),
        parameters.read_emoji(params.emoji),
    )
    channel = call.find_channel(params.channel)
    operation = reactions.RemoveReaction if params.remove else reactions.AddReaction
    call.run(operation, channelId=channel.id, messageId=message_id, reaction=code)
    what = (
        f"your {text.line(code)} {'from' if params.remove else 'to'} message {message_id} in {channel.label}"
    )
    did, would = ("Removed", "remove") if params.remove else ("Added", "add")
    return call.report(f"{did} {what}", f"{would} {what}")
