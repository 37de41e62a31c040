"""Scheduled messages: create, list, fetch, edit, delete. Each person's own."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api import shapes
from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import (
    Blocks,
    ChannelId,
    Choice,
    IdField,
    Input,
    Limit,
    Milliseconds,
    Text,
    WholeNumber,
)
from portal.api.lookup import find_open_channel, list_open_channel_ids
from portal.api.refusals import CHANNEL, NOT_ALLOWED, OBJECT, PRIVATE_CHANNEL
from pumble_bridge.client import Json

SCHEDULED_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180009",
    "channelId": "65f0a1b2c3d4e5f607180003",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "author": "65f0a1b2c3d4e5f607180002",
    "text": "Stand-up in five minutes",
    "sendAt": 1798761600000,
}
RECURRENCES = [
    "DAILY",
    "BUSINESSDAYS",
    "WEEKLY",
    "BIWEEKLY",
    "MONTHLY_NTH_WEEKDAY",
    "MONTHLY_LAST_WEEKDAY",
    "QUARTERLY_NTH_WEEKDAY",
    "QUARTERLY_LAST_WEEKDAY",
    "ANNUALLY",
]


class RecurrenceInput(Input):
    recurrenceType = Choice(choices=RECURRENCES, help_text=_("How often"))  # noqa: N815 - the contract's names
    endAfterOccurrences = WholeNumber(  # noqa: N815
        required=False, max_value=9999, help_text=_("After how many times it ends")
    )
    endDate = Milliseconds(required=False, help_text=_("Epoch milliseconds after which it ends"))  # noqa: N815


class ScheduledInput(Input):
    channelId = ChannelId()  # noqa: N815 - the contract's names
    text = Text(help_text=_("Shown where blocks are not"))
    sendAt = Milliseconds(help_text=_("Epoch milliseconds, in the future"))  # noqa: N815
    blocks = Blocks(required=False)
    recurrence = RecurrenceInput(required=False, help_text=_("Send it again and again"))


class CreateScheduledMessageInput(ScheduledInput):
    threadRootId = IdField(required=False, help_text=_("Send as a reply in this message's thread"))  # noqa: N815 - the contract's names
    alsoSendToChannel = serializers.BooleanField(  # noqa: N815
        required=False, help_text=_("Show the reply in the channel too")
    )


class CreateScheduledMessage(Endpoint):
    operation = "createScheduledMessage"
    method = "POST"
    scope = "messages:write"
    tag = "Scheduled Messages"
    summary = _("Schedule a message")
    description = _(
        "To a channel by id, direct channels included; once, or again and again with `recurrence`."
    )
    takes = CreateScheduledMessageInput
    request_example = {
        "channelId": "65f0a1b2c3d4e5f607180003",
        "text": "Stand-up in five minutes",
        "sendAt": 1798761600000,
    }
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "MessageRef"
    answer_example = {"id": "65f0a1b2c3d4e5f607180009", "channelId": "65f0a1b2c3d4e5f607180003"}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        channel_id = find_open_channel(call, given)["channel"]["id"]
        made = call.pumble.create_scheduled_message(given | {"channelId": channel_id})
        return {"id": made["id"], "channelId": made["channelId"]}


class FetchScheduledMessagesInput(Input):
    channelId = ChannelId(required=False, help_text=_("Only those for this channel"))  # noqa: N815
    cursor = IdField(required=False, help_text=_("The id of the last one of the page before"))
    limit = Limit(most=200, usual=100, required=False, help_text=_("How many a page may have"))


class FetchScheduledMessages(Endpoint):
    operation = "fetchScheduledMessages"
    scope = "messages:read"
    tag = "Scheduled Messages"
    summary = _("List scheduled messages")
    description = _("The owner's own that are still to be sent, in the order in which they were made.")
    takes = FetchScheduledMessagesInput
    request_example = {"limit": 20}
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL)
    answers = "ScheduledMessagePage"
    answer_example = {"scheduledMessages": [SCHEDULED_EXAMPLE], "hasMore": False}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        limit, cursor = given.get("limit", 100), given.get("cursor")
        if given.get("channelId"):
            channel_id = find_open_channel(call, given)["channel"]["id"]
            found = call.pumble.list_scheduled_messages(_page(limit, cursor) | {"channelId": channel_id})
            listed, more = found["scheduledMessages"], bool(found.get("hasMore"))
        else:
            listed, more = _listed_in_open_channels(call, limit, cursor)
        return {"scheduledMessages": [shapes.scheduled_message(one) for one in listed], "hasMore": more}


class OneScheduledInput(Input):
    scheduledMessageId = IdField(help_text=_("The scheduled message's id"))  # noqa: N815 - the contract's name


class FetchScheduledMessage(Endpoint):
    operation = "fetchScheduledMessage"
    scope = "messages:read"
    tag = "Scheduled Messages"
    summary = _("Fetch one scheduled message")
    description = _("One of the owner's own that is still to be sent.")
    takes = OneScheduledInput
    request_example = {"scheduledMessageId": "65f0a1b2c3d4e5f607180009"}
    refusals = (NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "ScheduledMessage"
    answer_example = SCHEDULED_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return shapes.scheduled_message(_find_open(call, given))


class EditScheduledMessageInput(OneScheduledInput, ScheduledInput):
    pass


class EditScheduledMessage(Endpoint):
    operation = "editScheduledMessage"
    method = "POST"
    scope = "messages:edit"
    tag = "Scheduled Messages"
    summary = _("Edit a scheduled message")
    description = _("Replaces it whole: what is left out is gone. Another `channelId` moves it there.")
    takes = EditScheduledMessageInput
    request_example = {
        "scheduledMessageId": "65f0a1b2c3d4e5f607180009",
        "channelId": "65f0a1b2c3d4e5f607180003",
        "text": "Stand-up in ten minutes",
        "sendAt": 1798761900000,
    }
    refusals = (CHANNEL, NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "ScheduledMessage"
    answer_example = SCHEDULED_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        scheduled_id = given.pop("scheduledMessageId")
        before = _find_open(call, {"scheduledMessageId": scheduled_id})
        target = given["channelId"].strip().lower()
        if target != before.get("channelId"):
            target = find_open_channel(call, given)["channel"]["id"]
        changed = call.pumble.edit_scheduled_message(scheduled_id, given | {"channelId": target})
        return shapes.scheduled_message(changed)


class DeleteScheduledMessage(Endpoint):
    operation = "deleteScheduledMessage"
    method = "DELETE"
    scope = "messages:delete"
    tag = "Scheduled Messages"
    summary = _("Delete a scheduled message")
    description = _("One that was sent or deleted already is not found.")
    takes = OneScheduledInput
    request_example = {"scheduledMessageId": "65f0a1b2c3d4e5f607180009"}
    refusals = (NOT_ALLOWED, PRIVATE_CHANNEL, OBJECT)
    answers = "Empty"
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        _find_open(call, given)
        call.pumble.delete_scheduled_message(given["scheduledMessageId"])
        return {}


def _page(limit: int, cursor: str | None) -> dict[str, str]:
    return {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})


def _listed_in_open_channels(call: Call, limit: int, cursor: str | None) -> tuple[list[Json], bool]:
    """Up to `limit` messages to channels the key may touch, and whether more of these follow."""
    open_ids: set[str] | None = None
    kept: list[Json] = []
    while len(kept) <= limit:
        page = call.pumble.list_scheduled_messages(_page(200, cursor))
        listed = page["scheduledMessages"]
        if listed and open_ids is None:
            open_ids = set(list_open_channel_ids(call))
        kept += [message for message in listed if message.get("channelId") in (open_ids or ())]
        if not listed or not page.get("hasMore"):
            break
        cursor = listed[-1]["id"]
    return kept[:limit], len(kept) > limit


def _find_open(call: Call, given: dict[str, Any]) -> Json:
    """The owner's scheduled message, if its channel is one whose messages the key may touch."""
    found = call.pumble.get_scheduled_message(given["scheduledMessageId"])
    find_open_channel(call, {"channelId": found["channelId"]})
    return found
