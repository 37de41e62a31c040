"""Scheduled messages: one's own, while they are pending. Source: Pumble app platform reference, 5.2 and 5.5."""

import re
from typing import Any

from sandbox import channels, ids, serializers
from sandbox.exceptions import ChannelUnusable, Invalid, NotFound
from sandbox.models import Channel, Message, ScheduledMessage
from sandbox.recurrence import STEPS
from sandbox.rest import fields, messages
from sandbox.rest.endpoint import Call
from sandbox.scheduler import LATEST_MS, SCHEDULER

DEFAULT, MOST = 100, 200
MOST_OCCURRENCES = 9999
_ID = re.compile(r"[0-9a-f]{24}")


def create(call: Call) -> dict[str, Any]:
    row = ScheduledMessage(id=ids.new_id(), author=call.person)
    _fill(row, call)
    row.save(force_insert=True)
    return serializers.scheduled_message(row)


def list_all(call: Call) -> dict[str, Any]:
    """In the order of their creation; the cursor is the id of the last one seen."""
    rows = _own(call).order_by("id")
    limit = fields.number(call.query("limit"), default=DEFAULT, least=1, most=MOST)
    channel_id, cursor = call.query("channelId"), call.query("cursor")
    if channel_id is not None:
        rows = rows.filter(channel_id=channel_id)
    if cursor is not None:
        # It need not exist: the last one of a page may have been posted or deleted since.
        if not _ID.fullmatch(cursor):
            raise Invalid("[cursor must be an id]")
        rows = rows.filter(id__gt=cursor)
    found = list(rows[: limit + 1])
    return {
        "scheduledMessages": [serializers.scheduled_message(row) for row in found[:limit]],
        "hasMore": len(found) > limit,
    }


def details(call: Call, scheduled_id: str) -> dict[str, Any]:
    return serializers.scheduled_message(_one(call, scheduled_id))


def edit(call: Call, scheduled_id: str) -> dict[str, Any]:
    """A full replacement; only the thread stays where none is named and the channel is the same."""
    row = _one(call, scheduled_id)
    _fill(row, call)
    row.occurrence = 1
    row.save(force_update=True)
    return serializers.scheduled_message(row)


def edit_attachments(call: Call, scheduled_id: str) -> dict[str, Any]:
    row = _one(call, scheduled_id)
    attachments = fields.objects(call.body().get("attachments"))
    if attachments is None:
        raise Invalid("[must not be null]")
    row.attachments = attachments
    row.save(update_fields=["attachments"])
    return serializers.scheduled_message(row)


def delete(call: Call, scheduled_id: str) -> None:
    if not _own(call).filter(pk=scheduled_id).delete()[0]:
        raise NotFound


def _own(call: Call) -> Any:
    return ScheduledMessage.objects.filter(author=call.person).select_related("channel", "root")


def _one(call: Call, scheduled_id: str) -> ScheduledMessage:
    row: ScheduledMessage | None = _own(call).filter(pk=scheduled_id).first()
    if row is None:
        raise NotFound
    return row


def _fill(row: ScheduledMessage, call: Call) -> None:
    """Everything that a body gives."""
    body = call.body()
    channel_id = fields.text(body, "channelId", most=100)
    draft = messages.read_draft(call, body)
    row.send_at_ms = _send_at(body)
    row.recurrence = _recurrence(body.get("recurrence"))
    channel = channels.channel_to_post(call.person, channel_id)
    if channel.is_archived:
        raise ChannelUnusable
    root_id = fields.text(body, "threadRootId", most=100, default="")
    if root_id:
        row.root = _root(channel, root_id)
    elif row.channel_id != channel.id:
        row.root = None
    row.channel = channel
    row.text, row.blocks, row.attachments = draft.text, draft.shown_blocks(), draft.attachments
    row.files = draft.files
    if body.get("alsoSendToChannel") is not None or row.root is None:
        row.also_in_channel = fields.flag(body, "alsoSendToChannel")
    quote = body.get("quotedMessage")
    if quote is not None and not isinstance(quote, dict):
        raise Invalid("[quotedMessage must be an object]")
    row.quote = quote


def _send_at(body: dict[str, Any]) -> int:
    if body.get("sendAt") is None:
        raise Invalid("[must not be null]")
    send_at = fields.within(body["sendAt"], least=0, most=LATEST_MS)
    if send_at <= SCHEDULER.now_ms():
        raise Invalid("[must be a future date]")
    return send_at


def _recurrence(value: object) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Invalid("[recurrence must be an object]")
    return {
        "recurrenceType": fields.choice(value.get("recurrenceType"), tuple(STEPS)),
        "endAfterOccurrences": _end(value.get("endAfterOccurrences"), MOST_OCCURRENCES),
        "endDate": _end(value.get("endDate"), LATEST_MS),
    }


def _end(value: object, most: int) -> int | None:
    return None if value is None else fields.within(value, least=0, most=most)


def _root(channel: Channel, root_id: str) -> Message:
    root = channel.messages.filter(pk=root_id, deleted=False).first()
    if root is None:
        raise NotFound
    if root.root_id:
        raise Invalid("[a reply cannot have replies]")
    return root
