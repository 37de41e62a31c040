"""Scheduled messages: create, list, fetch, edit, delete. Each person's own."""

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
    OneScheduledInput,
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
        "To a channel by id, direct channels included; once, or again and again with `recurrence`."
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
        made = call.pumble.create_scheduled_message(data | {"channelId": channel_id})
        return {"id": made["id"], "channelId": made["channelId"]}


class FetchScheduledMessages(OperationView):
    operation = "fetchScheduledMessages"
    scope = "messages:read"
    tag = "Scheduled Messages"
    summary = _("List scheduled messages")
    description = _("The owner's own that are still to be sent, in the order in which they were made.")
    input_serializer = FetchScheduledMessagesInput
    request_example = {"limit": 20}
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL)
    response_serializer = ScheduledMessagePage
    response_example = {"scheduledMessages": [SCHEDULED_EXAMPLE], "hasMore": False}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        limit, cursor = data.get("limit", 100), data.get("cursor")
        if data.get("channelId"):
            channel_id = get_accessible_channel(call, data)["channel"]["id"]
            found = call.pumble.list_scheduled_messages(_page(limit, cursor) | {"channelId": channel_id})
            listed, more = found["scheduledMessages"], bool(found.get("hasMore"))
        else:
            listed, more = _listed_in_open_channels(call, limit, cursor)
        return {
            "scheduledMessages": [normalization.scheduled_message(one) for one in listed],
            "hasMore": more,
        }


class FetchScheduledMessage(OperationView):
    operation = "fetchScheduledMessage"
    scope = "messages:read"
    tag = "Scheduled Messages"
    summary = _("Fetch one scheduled message")
    description = _("One of the owner's own that is still to be sent.")
    input_serializer = OneScheduledInput
    request_example = {"scheduledMessageId": "65f0a1b2c3d4e5f607180009"}
    errors = (CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = ScheduledMessage
    response_example = SCHEDULED_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        return normalization.scheduled_message(_find_open(call, data))


class EditScheduledMessage(WriteOperationView):
    operation = "editScheduledMessage"
    method = "POST"
    scope = "messages:edit"
    tag = "Scheduled Messages"
    summary = _("Edit a scheduled message")
    description = _("Replaces it whole: what is left out is gone. Another `channelId` moves it there.")
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
        before = _find_open(call, {"scheduledMessageId": scheduled_id})
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
    description = _("One that was sent or deleted already is not found.")
    input_serializer = OneScheduledInput
    request_example = {"scheduledMessageId": "65f0a1b2c3d4e5f607180009"}
    errors = (CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND)
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        _find_open(call, data)
        call.pumble.delete_scheduled_message(data["scheduledMessageId"])
        return {}


def _page(limit: int, cursor: str | None) -> dict[str, str]:
    return {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})


def _listed_in_open_channels(call: ApiCall, limit: int, cursor: str | None) -> tuple[list[Json], bool]:
    """Up to `limit` messages to channels the key may touch, and whether more of these follow."""
    open_ids: set[str] | None = None
    kept: list[Json] = []
    while len(kept) <= limit:
        page = call.pumble.list_scheduled_messages(_page(200, cursor))
        listed = page["scheduledMessages"]
        if listed and open_ids is None:
            open_ids = set(list_accessible_channel_ids(call))
        kept += [message for message in listed if message.get("channelId") in (open_ids or ())]
        if not listed or not page.get("hasMore"):
            break
        cursor = listed[-1]["id"]
    return kept[:limit], len(kept) > limit


def _find_open(call: ApiCall, data: dict[str, Any]) -> Json:
    """The owner's scheduled message, if its channel is one whose messages the key may touch."""
    found = call.pumble.get_scheduled_message(data["scheduledMessageId"])
    get_accessible_channel(call, {"channelId": found["channelId"]})
    return found
