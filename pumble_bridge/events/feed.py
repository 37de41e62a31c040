"""The stored events of a workspace: in order of arrival, only while a key listens to them, 24 hours and 10,000 at most.

A number is given under a lock of the workspace's feed, in the transaction that stores the event. So no smaller number
commits later, and a reader that has seen a number has seen all before it.
"""

import logging
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Max, QuerySet

from keys import audit, batches, permissions
from keys.audit import Actor
from keys.models import ApiKey, AuditEvent, Member, Workspace
from pumble_bridge.events import contents, listeners, waiting
from pumble_bridge.events.contents import Content, Unreadable
from pumble_bridge.hooks.payloads import Event, InvalidEvent
from pumble_bridge.models import ChannelType, EventFeed, EventListener, StoredEvent

log = logging.getLogger(__name__)

MAX_EVENTS = 10_000  # of a workspace
_PRUNE_INTERVAL = 100  # events


def is_heard(event: Event, *, now: datetime) -> bool:
    """Return whether a key listens to this event. An invalid event counts, so that its handler reports it."""
    if event.type not in contents.TYPES:
        return False
    reaches = listeners.list_reaches(event.workspace_id, now)
    if not reaches:
        return False
    try:
        content = contents.read(event)
    except InvalidEvent:
        return True
    return content is not None and _is_within(reaches, content.type, content.channel_id, event.user_ids)


def append(workspace: Workspace, event: Event, *, now: datetime) -> None:
    """Store an event that a key listens to, and wake the calls that wait for it. Call this last in its transaction.

    Raises:
        InvalidEvent.
    """
    content = contents.read(event)
    feed = _lock(workspace)
    # Only what is read under the lock is sure not to store an event for a key that stopped listening meanwhile.
    reaches = listeners.list_reaches(workspace.pumble_id, now)
    if content is None or not _is_within(reaches, content.type, content.channel_id, event.user_ids):
        return
    _store(feed, workspace, content, event.user_ids, now)
    transaction.on_commit(partial(waiting.announce_event, workspace.pumble_id), robust=True)


def replace(row: StoredEvent, workspace_id: str, event_id: str, data: contents.Json) -> None:
    """Store the data of a message that was fetched."""
    encrypted = contents.encrypt(data, event_id=event_id, workspace_id=workspace_id, number=row.number)
    StoredEvent.objects.filter(pk=row.pk).update(content=encrypted, is_partial=False)


@transaction.atomic
def stop_listening(key: ApiKey, *, by: Actor, now: datetime) -> None:
    """End listening on request of a person. A program that calls again without its cursor begins anew.

    Raises:
        NotAllowed.
    """
    permissions.require_can_revoke(key, by)
    if not EventListener.objects.filter(key=key).exists():
        return
    event = AuditEvent.Type.KEY_LISTENING_STOPPED
    audit.record(event, workspace=key.owner.workspace, key=key, member=key.owner, by=by, now=now)
    stop(key, now=now)


@transaction.atomic
def stop(key: ApiKey, *, now: datetime) -> bool:
    """End listening of the key, and delete the events that no other key listens to. Return whether it listened."""
    workspace = key.owner.workspace
    if workspace is None or not EventListener.objects.filter(key=key).exists():
        return False
    _lock(workspace)
    listened = EventListener.objects.filter(key=key).delete()[0] > 0
    reach = listeners.Reach(key.owner.pumble_user_id or "", key.scopes, key.channels)
    # A key may take hundreds with it that it created, with the same rights. To read all events takes up to a second.
    if reach not in listeners.list_reaches(workspace.pumble_id, now):
        _delete_unheard(workspace, now)
    return listened


@transaction.atomic
def clear(workspace: Workspace) -> None:
    """Delete all listeners and events of the workspace, because the app or the right to listen is gone."""
    _lock(workspace)
    EventListener.objects.filter(key__owner__workspace=workspace).delete()
    StoredEvent.objects.filter(workspace=workspace).delete()
    ChannelType.objects.filter(workspace=workspace).delete()


def erase_member(member: Member) -> int:
    """Delete the events that the member caused, and those that mention them. Return how many.

    A reply of another member may quote their text. It is deleted after 24 hours at the latest.
    """
    user_id, workspace = member.pumble_user_id, member.workspace
    if workspace is None or user_id is None:
        return 0
    rows = StoredEvent.objects.filter(workspace=workspace)
    pks = [row.pk for row in rows.iterator(chunk_size=100) if _concerns(row, workspace, user_id)]
    return batches.delete_in_batches(StoredEvent.objects.filter(pk__in=pks))


def prune(now: datetime) -> int:
    """Delete expired events, events that no key listens to, and listeners that ended. Return how many rows."""
    deleted = batches.delete_in_batches(
        EventListener.objects.exclude(pk__in=listeners.active(now).values("pk"))
    )
    for feed in EventFeed.objects.select_related("workspace"):
        with transaction.atomic():
            deleted += _cut(_lock(feed.workspace), now)
            deleted += _delete_unheard(feed.workspace, now)
    expired_types = ChannelType.objects.filter(asked_at__lte=now - ChannelType.RETENTION)
    return deleted + batches.delete_in_batches(expired_types)


def _lock(workspace: Workspace) -> EventFeed:
    """Return the feed of the workspace, locked until the end of the transaction. Take all other locks before."""
    locked = EventFeed.objects.select_for_update(no_key=True).filter(workspace=workspace)
    feed = locked.first()
    if feed is None:
        EventFeed.objects.bulk_create([EventFeed(workspace=workspace)], ignore_conflicts=True)
        feed = locked.get()
    return feed


def _store(
    feed: EventFeed, workspace: Workspace, content: Content, user_ids: tuple[str, ...], now: datetime
) -> None:
    feed.last_number += 1
    StoredEvent.objects.create(
        workspace=workspace,
        number=feed.last_number,
        type=content.type,
        channel_id=content.channel_id,
        user_ids=list(user_ids),
        author_id=content.author_id,
        content=contents.encrypt(
            content.data,
            event_id=contents.new_id(),
            workspace_id=workspace.pumble_id,
            number=feed.last_number,
        ),
        is_partial=content.is_partial,
        stored_at=now,
    )
    feed.save(update_fields=["last_number"])
    if feed.last_number % _PRUNE_INTERVAL == 0:
        _cut(feed, now)


def _cut(feed: EventFeed, now: datetime) -> int:
    """Delete the events that are too old or too many, and record up to which number. Return how many were deleted."""
    rows = StoredEvent.objects.filter(workspace=feed.workspace_id)
    expired = rows.filter(stored_at__lte=now - StoredEvent.RETENTION)
    newest_expired = expired.aggregate(newest=Max("number"))["newest"] or 0
    # Leave room for the events until the next time.
    cut = max(newest_expired, feed.last_number - (MAX_EVENTS - _PRUNE_INTERVAL))
    deleted = rows.filter(number__lte=cut).delete()[0]
    if deleted:
        feed.cut_number = max(feed.cut_number, cut)
        feed.save(update_fields=["cut_number"])
        log.info("events.cut", extra={"workspace": feed.workspace_id, "events": deleted})
    return deleted


def _delete_unheard(workspace: Workspace, now: datetime) -> int:
    """Delete the events of the workspace that no key listens to. Return how many."""
    rows: QuerySet[StoredEvent] = StoredEvent.objects.filter(workspace=workspace)
    reaches = listeners.list_reaches(workspace.pumble_id, now)
    if not reaches:
        return rows.delete()[0]
    columns = rows.values_list("pk", "type", "channel_id", "user_ids")
    unheard = [pk for pk, *row in columns.iterator(chunk_size=100) if not _is_within(reaches, *row)]
    return batches.delete_in_batches(StoredEvent.objects.filter(pk__in=unheard))


def _is_within(
    reaches: list[listeners.Reach], event_type: str, channel_id: str, user_ids: tuple[str, ...] | list[str]
) -> bool:
    return any(reach.includes(event_type, channel_id, user_ids) for reach in reaches)


def _concerns(row: StoredEvent, workspace: Workspace, user_id: str) -> bool:
    try:
        _event_id, data = contents.decrypt(row.content, workspace_id=workspace.pumble_id, number=row.number)
    except Unreadable:
        return True
    return row.author_id == user_id or user_id in str(data)
