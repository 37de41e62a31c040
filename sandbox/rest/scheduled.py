"""The caller's scheduled messages, while they are pending. Source: Pumble app platform reference, 5.2 and 5.5."""

import re
from typing import Any

from sandbox import channels, ids, serializers
from sandbox.exceptions import ChannelArchived, NotFound, ValidationError
from sandbox.models import Channel, Message, ScheduledMessage
from sandbox.recurrence import STEPS
from sandbox.rest import fields, messages
from sandbox.rest.endpoint import ApiCall
from sandbox.scheduler import MAX_TIMESTAMP_MS, SCHEDULER

DEFAULT_LIMIT, MAX_LIMIT = 100, 200
MAX_OCCURRENCES = 9999
_ID = re.compile(r"[0-9a-f]{24}")


def create(call: ApiCall) -> dict[str, Any]:
    row = ScheduledMessage(id=ids.new_id(), author=call.person)
    _fill(row, call)
    row.save(force_insert=True)
    return serializers.scheduled_message(row)


def list_all(call: ApiCall) -> dict[str, Any]:
    """List messages in the order of creation. The cursor is the id of the last message of the previous page."""
    rows = _queryset(call).order_by("id")
    limit = fields.number(call.query("limit"), default=DEFAULT_LIMIT, minimum=1, maximum=MAX_LIMIT)
    channel_id, cursor = call.query("channelId"), call.query("cursor")
    if channel_id is not None:
        rows = rows.filter(channel_id=channel_id)
    if cursor is not None:
        # It need not exist: the message may have been posted or deleted since.
        if not _ID.fullmatch(cursor):
            raise ValidationError("[cursor must be an id]")
        rows = rows.filter(id__gt=cursor)
    page = list(rows[: limit + 1])
    return {
        "scheduledMessages": [serializers.scheduled_message(row) for row in page[:limit]],
        "hasMore": len(page) > limit,
    }


def retrieve(call: ApiCall, scheduled_id: str) -> dict[str, Any]:
    return serializers.scheduled_message(_get(call, scheduled_id))


def edit(call: ApiCall, scheduled_id: str) -> dict[str, Any]:
    """Replace the message. The thread stays if none is given and the channel is the same."""
    row = _get(call, scheduled_id)
    _fill(row, call)
    row.occurrence = 1
    row.save(force_update=True)
    return serializers.scheduled_message(row)


def edit_attachments(call: ApiCall, scheduled_id: str) -> dict[str, Any]:
    row = _get(call, scheduled_id)
    attachments = fields.objects(call.body().get("attachments"))
    if attachments is None:
        raise ValidationError("[must not be null]")
    row.attachments = attachments
    row.save(update_fields=["attachments"])
    return serializers.scheduled_message(row)


def delete(call: ApiCall, scheduled_id: str) -> None:
    if not _queryset(call).filter(pk=scheduled_id).delete()[0]:
        raise NotFound


def _queryset(call: ApiCall) -> Any:
    return ScheduledMessage.objects.filter(author=call.person).select_related("channel", "root")


def _get(call: ApiCall, scheduled_id: str) -> ScheduledMessage:
    row: ScheduledMessage | None = _queryset(call).filter(pk=scheduled_id).first()
    if row is None:
        raise NotFound
    return row


def _fill(row: ScheduledMessage, call: ApiCall) -> None:
    """Set all values of the body."""
    body = call.body()
    channel_id = fields.text(body, "channelId", maximum=100)
    draft = messages.read_draft(call, body)
    row.send_at_ms = _send_at(body)
    row.recurrence = _recurrence(body.get("recurrence"))
    channel = channels.get_postable(call.person, channel_id)
    if channel.is_archived:
        raise ChannelArchived
    root_id = fields.text(body, "threadRootId", maximum=100, default="")
    if root_id:
        row.root = _root(channel, root_id)
    elif row.channel_id != channel.id:
        row.root = None
    row.channel = channel
    row.text, row.blocks, row.attachments = draft.text, draft.resolved_blocks(), draft.attachments
    row.files = draft.files
    if body.get("alsoSendToChannel") is not None or row.root is None:
        row.also_in_channel = fields.flag(body, "alsoSendToChannel")
    quote = body.get("quotedMessage")
    if quote is not None and not isinstance(quote, dict):
        raise ValidationError("[quotedMessage must be an object]")
    row.quote = quote


def _send_at(body: dict[str, Any]) -> int:
    if body.get("sendAt") is None:
        raise ValidationError("[must not be null]")
    send_at = fields.bounded_number(body["sendAt"], minimum=0, maximum=MAX_TIMESTAMP_MS)
    if send_at <= SCHEDULER.now_ms():
        raise ValidationError("[must be a future date]")
    return send_at


def _recurrence(value: object) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValidationError("[recurrence must be an object]")
    return {
        "recurrenceType": fields.choice(value.get("recurrenceType"), tuple(STEPS)),
        "endAfterOccurrences": _end_value(value.get("endAfterOccurrences"), MAX_OCCURRENCES),
        "endDate": _end_value(value.get("endDate"), MAX_TIMESTAMP_MS),
    }


def _end_value(value: object, maximum: int) -> int | None:
    return None if value is None else fields.bounded_number(value, minimum=0, maximum=maximum)


def _root(channel: Channel, root_id: str) -> Message:
    root = channel.messages.filter(pk=root_id, deleted=False).first()
    if root is None:
        raise NotFound
    if root.root_id:
        raise ValidationError("[a reply cannot have replies]")
    return root
