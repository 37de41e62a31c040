"""The keys that listen. Listening begins with a key's first call of `listEvents`, and ends 24 hours after the last."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Contains

from keys import audit
from keys.audit import Actor
from keys.key_cache import KeyRecord
from keys.models import ApiKey, AuditEvent, Policy
from pumble_bridge.events.contents import SCOPES
from pumble_bridge.models import EventFeed, EventListener

_TOUCH_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a listening key may hear at most. Whether a private channel is within reach is decided on delivery."""

    owner_id: str
    scopes: Collection[str]
    channels: Collection[str] | None

    def includes(self, event_type: str, channel_id: str, user_ids: Collection[str]) -> bool:
        return (
            self.owner_id in user_ids
            and SCOPES[event_type] in self.scopes
            and (self.channels is None or channel_id in self.channels)
        )

    def as_query(self) -> Q:
        """Return the same rule for stored events."""
        query = Q(
            names(self.owner_id), type__in=[kind for kind, scope in SCOPES.items() if scope in self.scopes]
        )
        return query if self.channels is None else query & Q(channel_id__in=list(self.channels))


def names(user_id: str) -> Contains:
    """Return the condition that the hook of a stored event named this user. SQLite cannot look into JSON lists."""
    return Contains(Cast("user_ids", TextField()), Value(f'"{user_id}"'))


def is_allowed(workspace_pk: int) -> bool:
    """Return whether the workspace's policy lets keys listen to events."""
    return not Policy.objects.filter(workspace=workspace_pk, events_allowed=False).exists()


def list_reaches(workspace_id: str, now: datetime) -> list[Reach]:
    """Return the reaches of the keys that listen in the workspace with this Pumble id."""
    keys = active(now).filter(key__owner__workspace__pumble_id=workspace_id)
    columns = ("key__owner__pumble_user_id", "key__scopes", "key__channels")
    # Keys with the same reach count once: a hook must not take long because one person has many keys.
    return [Reach(*row) for row in keys.values_list(*columns).distinct()]


def active(now: datetime) -> QuerySet[EventListener]:
    """Return the listeners whose key is live, and called within the last 24 hours. The policy must allow listening."""
    live = Q(key__revoked_at__isnull=True)
    live &= Q(key__expires_at__isnull=True) | Q(key__expires_at__gt=now)
    live &= Q(key__retires_at__isnull=True) | Q(key__retires_at__gt=now)
    recent = EventListener.objects.filter(live, called_at__gt=now - EventListener.TIMEOUT)
    return recent.exclude(key__owner__workspace__policy__events_allowed=False)


def begin(key: KeyRecord, *, by: Actor, now: datetime) -> tuple[EventListener, int]:
    """Return the listener of the key, and the number of the newest event: the key hears those after it.

    A key that listens already goes on listening, so cursors that it had before stay valid.
    """
    EventFeed.objects.get_or_create(workspace_id=key.workspace_id)
    listener = _find(key, now=now) or _start(key, by=by, now=now)
    return listener, EventFeed.objects.get(workspace=key.workspace_id).last_number


def resume(key: KeyRecord, listener_pk: int, *, now: datetime) -> EventListener | None:
    """Return the listener of a cursor, or None if it no longer listens, or the policy forbids it."""
    listener = _find(key, now=now)
    return listener if listener is not None and listener.pk == listener_pk else None


def find(key: ApiKey, now: datetime) -> EventListener | None:
    """Return the listener of the key for pages, or None if it does not listen."""
    return active(now).filter(key=key).first()


def _find(key: KeyRecord, *, now: datetime) -> EventListener | None:
    recent = EventListener.objects.filter(key_id=key.pk, called_at__gt=now - EventListener.TIMEOUT)
    listener = recent.exclude(key__owner__workspace__policy__events_allowed=False).first()
    if listener is not None and listener.called_at < now - _TOUCH_INTERVAL:
        EventListener.objects.filter(pk=listener.pk).update(called_at=now)
    return listener


@transaction.atomic
def _start(key: KeyRecord, *, by: Actor, now: datetime) -> EventListener:
    rows = ApiKey.objects.select_related("owner__workspace").select_for_update(of=("self",), no_key=True)
    row = rows.get(pk=key.pk)
    listener = _find(key, now=now)
    if listener is not None:
        return listener  # a call at the same moment began
    EventListener.objects.filter(key=row).delete()  # it called too long ago
    event = AuditEvent.Type.KEY_LISTENING_STARTED
    audit.record(event, workspace=row.owner.workspace, key=row, member=row.owner, by=by, now=now)
    return EventListener.objects.create(key=row, started_at=now, called_at=now)
