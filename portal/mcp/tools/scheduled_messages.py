"""Tools for messages that are sent later."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from portal.api.views import scheduled_messages
from portal.mcp import params as parameters
from portal.mcp import text
from portal.mcp.calls import ToolCall
from portal.mcp.errors import InvalidArgument
from portal.mcp.messages import body, page
from portal.mcp.params import Channel, Params, Text
from portal.mcp.tool import tool
from pumble_bridge.client import Json

Repeat = Literal[
    "",
    "daily",
    "businessdays",
    "weekly",
    "biweekly",
    "monthly_nth_weekday",
    "monthly_last_weekday",
    "quarterly_nth_weekday",
    "quarterly_last_weekday",
    "annually",
]


class ListScheduledMessages(Params):
    channel: Annotated[str, Meta(description="Name or id; all channels if left out")] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(description="Id of the last one of the page before")] = ""


@tool(
    name="pumble_list_scheduled_messages",
    title="List scheduled messages",
    description="Your messages that are still to be sent, with their ids and times.",
    operations=(scheduled_messages.FetchScheduledMessages,),
    params=ListScheduledMessages,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)
def list_scheduled_messages(call: ToolCall, params: ListScheduledMessages) -> str:
    criteria: dict[str, Any] = {"limit": params.limit}
    if params.channel:
        criteria["channelId"] = call.find_channel(params.channel).id
    if params.cursor:
        criteria["cursor"] = parameters.read_id(params.cursor, "cursor")
    results = call.run(scheduled_messages.FetchScheduledMessages, **criteria)
    listed: list[Json] = results["scheduledMessages"]
    if not listed:
        return "No scheduled messages. pumble_schedule_message makes one."
    label = call.channel_names()

    def entry(message: Json) -> str:
        repeat = message.get("recurrence")
        facts = [f"{text.moment(message['sendAt'])} to {label(message['channelId'])} ({message['id']})"]
        if isinstance(repeat, dict) and repeat.get("recurrenceType"):
            facts.append(f"repeats {text.line(str(repeat['recurrenceType']).lower())}")
        return f"{', '.join(facts)}\n{text.quote(body(call, message))}"

    def heading(shown: list[Json]) -> str:
        more = len(shown) < len(listed) or results["hasMore"]
        return text.count(len(shown), "scheduled message") + (
            f". More: cursor={shown[-1]['id']}" if more else ""
        )

    return page(heading, listed, [entry(message) for message in listed], keep=0)


class ScheduleMessage(Params):
    channel: Channel
    text: Text
    send_at: Annotated[str, Meta(description="Time with offset, such as 2027-01-31T09:00:00+01:00")]
    reply_to: Annotated[str, Meta(description="Message id: send as a reply in its thread")] = ""
    repeat: Repeat = ""
    repeat_until: Annotated[str, Meta(description="Time with offset")] = ""


@tool(
    name="pumble_schedule_message",
    title="Schedule a message",
    description="Send plain text later, once or repeatedly.",
    operations=(scheduled_messages.CreateScheduledMessage,),
    params=ScheduleMessage,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=True,
)
def schedule_message(call: ToolCall, params: ScheduleMessage) -> str:
    send_at = parameters.read_time(params.send_at, "send_at")
    if send_at <= parameters.now_ms():
        raise InvalidArgument(f"send_at is in the past. {parameters.now_text()}")
    if params.repeat_until and not params.repeat:
        raise InvalidArgument("repeat_until: send repeat with it")
    more: dict[str, Any] = {}
    if params.repeat:
        end = (
            {"endDate": parameters.read_time(params.repeat_until, "repeat_until")}
            if params.repeat_until
            else {}
        )
        more["recurrence"] = {"recurrenceType": params.repeat, **end}
    if params.reply_to:
        more["threadRootId"] = parameters.read_id(params.reply_to, "reply_to")
    channel = call.find_channel(params.channel)
    made = call.run(
        scheduled_messages.CreateScheduledMessage,
        channelId=channel.id,
        text=params.text,
        sendAt=send_at,
        **more,
    )
    what = f"to {channel} at {text.moment(send_at)}{f', repeated {params.repeat}' if params.repeat else ''}"
    return call.report(f"Scheduled {what}: scheduled message {made['id']}", f"schedule a message {what}")


class CancelScheduledMessage(Params):
    scheduled_message_id: Annotated[str, Meta(min_length=1)]


@tool(
    name="pumble_cancel_scheduled_message",
    title="Cancel a scheduled message",
    description="Cancel a message that was not sent yet. To change one, cancel it and schedule it anew.",
    operations=(scheduled_messages.DeleteScheduledMessage,),
    params=CancelScheduledMessage,
    read_only=False,
    destructive=True,
    idempotent=True,
    open_world=False,
)
def cancel_scheduled_message(call: ToolCall, params: CancelScheduledMessage) -> str:
    scheduled_id = parameters.read_id(params.scheduled_message_id, "scheduled_message_id")
    call.run(scheduled_messages.DeleteScheduledMessage, scheduledMessageId=scheduled_id)
    return call.report(
        f"Canceled scheduled message {scheduled_id}", f"cancel scheduled message {scheduled_id}"
    )
