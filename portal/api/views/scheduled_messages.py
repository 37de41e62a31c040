"""Operations on the owner's scheduled messages."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from keys.reasons import BOT_NOT_IN_CHANNEL, CHANNEL_NOT_ALLOWED, NOT_FOUND, UNKNOWN_CHANNEL
from portal.api import normalization
from portal.api.base import OperationView, WriteOperationView
from portal.api.calls import ApiCall
from portal.api.lookup import get_accessible_channel, list_accessible_channel_ids
from portal.api.serializers.responses.fields import Empty
from portal.api.serializers.responses.messages import MessageRef
from portal.api.serializers.responses.scheduled_messages import ScheduledMessage, ScheduledMessagePage
from portal.api.serializers.scheduled_messages import (
    CreateScheduledMessageInput,
    EditScheduledMessageInput,
    FetchScheduledMessagesInput,
    ScheduledMessageIdInput,
)
from pumble_bridge.client import Json

SCHEDULED_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180009",
    "channelId": "65f0a1b2c3d4e5f607180003",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "author": "65f0a1b2c3d4e5f607180002",
    "text": "Stand-up in five minutes",
    "sendAt": 1798761600000,
}


class CreateScheduledMessage(WriteOperationView):
    operation = "createScheduledMessage"
    method = "POST"
    scope = "messages:write"
    tag = "Scheduled Messages"
    summary = _("Schedule a message")
    description = _(
        "Schedules a message to a channel by its id, direct channels included. With `recurrence` it is repeated."
    )
    input_serializer = CreateScheduledMessageInput
    request_example = {
        "channelId": "65f0a1b2c3d4e5f607180003",
        "text": "Stand-up in five minutes",
        "sendAt": 1798761600000,
    }
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = MessageRef
    response_example = {"id": "65f0a1b2c3d4e5f607180009", "channelId": "65f0a1b2c3d4e5f607180003"}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        created = call.pumble.create_scheduled_message(data | {"channelId": channel_id})
        return {"id": created["id"], "channelId": created["channelId"]}


class FetchScheduledMessages(OperationView):
    operation = "fetchScheduledMessages"
    scope = "messages:read"
    tag = "Scheduled Messages"
    summary = _("List scheduled messages")
    description = _("Returns the owner's messages that are not sent yet, in the order of their creation.")
    input_serializer = FetchScheduledMessagesInput
    request_example = {"limit": 20}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL)
    response_serializer = ScheduledMessagePage
    response_example = {"scheduledMessages": [SCHEDULED_EXAMPLE], "hasMore": False}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        limit, cursor = data.get("limit", 100), data.get("cursor")
        if data.get("channelId"):
            channel_id = get_accessible_channel(call, data)["channel"]["id"]
            page = call.pumble.list_scheduled_messages(_page(limit, cursor) | {"channelId": channel_id})
            listed, more = page["scheduledMessages"], bool(page.get("hasMore"))
        else:
            listed, more = _list_in_accessible_channels(call, limit, cursor)
        return {
            "scheduledMessages": [normalization.scheduled_message(message) for message in listed],
            "hasMore": more,
        }


class FetchScheduledMessage(OperationView):
    operation = "fetchScheduledMessage"
    scope = "messages:read"
    tag = "Scheduled Messages"
    summary = _("Fetch one scheduled message")
    description = _("The message must be the owner's own and not sent yet.")
    input_serializer = ScheduledMessageIdInput
    request_example = {"scheduledMessageId": "65f0a1b2c3d4e5f607180009"}
    errors = (CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = ScheduledMessage
    response_example = SCHEDULED_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        return normalization.scheduled_message(_get_accessible(call, data))


class EditScheduledMessage(WriteOperationView):
    operation = "editScheduledMessage"
    method = "POST"
    scope = "messages:edit"
    tag = "Scheduled Messages"
    summary = _("Edit a scheduled message")
    description = _(
        "Replaces the whole message. Fields that you leave out are removed. Another `channelId` moves the message."
    )
    input_serializer = EditScheduledMessageInput
    request_example = {
        "scheduledMessageId": "65f0a1b2c3d4e5f607180009",
        "channelId": "65f0a1b2c3d4e5f607180003",
        "text": "Stand-up in ten minutes",
        "sendAt": 1798761900000,
    }
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = ScheduledMessage
    response_example = SCHEDULED_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        scheduled_id = data.pop("scheduledMessageId")
        before = _get_accessible(call, {"scheduledMessageId": scheduled_id})
        target = data["channelId"].strip().lower()
        if target != before.get("channelId"):
            target = get_accessible_channel(call, data)["channel"]["id"]
        changed = call.pumble.edit_scheduled_message(scheduled_id, data | {"channelId": target})
        return normalization.scheduled_message(changed)


class DeleteScheduledMessage(WriteOperationView):
    operation = "deleteScheduledMessage"
    method = "DELETE"
    scope = "messages:delete"
    tag = "Scheduled Messages"
    summary = _("Delete a scheduled message")
    description = _("A message that was already sent or deleted is not found.")
    input_serializer = ScheduledMessageIdInput
    request_example = {"scheduledMessageId": "65f0a1b2c3d4e5f607180009"}
    errors = (CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        _get_accessible(call, data)
        call.pumble.delete_scheduled_message(data["scheduledMessageId"])
        return {}


def _page(limit: int, cursor: str | None) -> dict[str, str]:
    return {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})


def _list_in_accessible_channels(call: ApiCall, limit: int, cursor: str | None) -> tuple[list[Json], bool]:
    """Return up to `limit` messages of accessible channels, and whether there are more."""
    accessible_ids: set[str] | None = None
    messages: list[Json] = []
    while len(messages) <= limit:
        page = call.pumble.list_scheduled_messages(_page(200, cursor))
        listed = page["scheduledMessages"]
        if listed and accessible_ids is None:
            accessible_ids = set(list_accessible_channel_ids(call))
        messages += [message for message in listed if message.get("channelId") in (accessible_ids or ())]
        if not listed or not page.get("hasMore"):
            break
        cursor = listed[-1]["id"]
    return messages[:limit], len(messages) > limit


def _get_accessible(call: ApiCall, data: dict[str, Any]) -> Json:
    """Return the owner's scheduled message, if its channel is accessible."""
    message = call.pumble.get_scheduled_message(data["scheduledMessageId"])
    get_accessible_channel(call, {"channelId": message["channelId"]})
    return message
