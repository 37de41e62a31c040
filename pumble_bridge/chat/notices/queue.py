"""Queues notices for audit events and due dates. Queueing a notice twice adds nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from keys import lifecycle
from keys.membership import REJECTED_BY_PUMBLE
from keys.models import ApiKey, AuditEvent, Member, Workspace
from keys.permissions import is_entitled
from pumble_bridge.chat.notices import sender
from pumble_bridge.chat.notices.policy_texts import idle_dedup_key
from pumble_bridge.models import Notice

EXPIRY_REMINDERS = (timedelta(days=1), timedelta(days=7))
IDLE_WARNING = timedelta(days=3)
# Notices for older events are not sent, even if an outage prevented them.
CATCH_UP_PERIOD = timedelta(days=7)

Kind = Notice.Kind
Reason = ApiKey.RevokeReason
Type = AuditEvent.Type

# Revocations that the owner caused, or that the owner can do nothing about.
SILENT_REASONS = {
    Reason.NOT_DELIVERED,
    Reason.PREDECESSOR_REVOKED,
    Reason.UNAUTHORIZED,
    Reason.UNINSTALLED,
    Reason.DEACTIVATED,
}
NOTIFIED_TYPES = (
    Type.KEY_REVOKED,
    Type.KEY_DISABLED,
    Type.KEY_NARROWED,
    Type.KEY_ROTATED,
    Type.KEY_USED_ELSEWHERE,
    Type.KEY_LEAKED,
    Type.KEY_CONFIRMED,
    Type.KEY_RESPONSIBLE_REPLACED,
    Type.MEMBER_DEACTIVATED,
    Type.MEMBER_UNAUTHORIZED,
)


def enqueue_for_event(event: AuditEvent, **_signal: Any) -> None:
    if event.type in NOTIFIED_TYPES and _enqueue_for(event):
        sender.wake()


def enqueue(
    kind: Notice.Kind,
    *,
    member: Member,
    dedup_key: str,
    now: datetime,
    key: ApiKey | None = None,
    event: AuditEvent | None = None,
) -> bool:
    """Queue a notice and return True, or return False if it exists."""
    _notice, new = Notice.objects.get_or_create(
        member=member, key=key, kind=kind, dedup_key=dedup_key, defaults={"event": event, "created_at": now}
    )
    return new


def enqueue_due(now: datetime) -> int:
    """Queue notices about keys that expire soon, have expired, or will be disabled as unused. Return how many."""
    newest = _newest_pk()
    Notice.objects.bulk_create(_expiry_notices(now), batch_size=500, ignore_conflicts=True)
    Notice.objects.bulk_create(_idle_notices(now), batch_size=500, ignore_conflicts=True)
    return Notice.objects.filter(pk__gt=newest).count()


def enqueue_missed(now: datetime) -> int:
    """Queue notices for events that have none, for example after a crash. Return how many."""
    newest = _newest_pk()
    installed = Workspace.objects.filter(installed_at__isnull=False)
    events = AuditEvent.objects.filter(
        workspace__in=installed, at__gte=now - CATCH_UP_PERIOD, type__in=NOTIFIED_TYPES, notices__isnull=True
    )
    by_another = ~Q(actor=F("member")) | Q(type=Type.KEY_ROTATED)
    events = events.filter(by_another).exclude(type=Type.KEY_CONFIRMED, key__responsible__isnull=True)
    related = ("key__owner__workspace", "key__responsible", "member")
    for event in events.select_related(*related).iterator(500):
        _enqueue_for(event)
    return Notice.objects.filter(pk__gt=newest).count()


def _newest_pk() -> int:
    return Notice.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _expiry_notices(now: datetime) -> Iterator[Notice]:
    keys = ApiKey.objects.filter(
        revoked_at__isnull=True,
        retires_at__isnull=True,
        disabled_at__isnull=True,
        confirmed_at__isnull=False,
        expires_at__gt=now - CATCH_UP_PERIOD,
        expires_at__lte=now + max(EXPIRY_REMINDERS),
    )
    existing = Notice.objects.filter(kind__in=(Kind.EXPIRES_SOON, Kind.EXPIRED), key__in=keys)
    known = set(existing.values_list("key__pk", "kind", "dedup_key"))
    for key in keys.select_related("owner__workspace", "responsible").iterator(500):
        if key.expires_at is None or not is_entitled(key.owner):
            continue
        end = f"{key.expires_at:%Y-%m-%dT%H:%M:%S.%f}"
        if key.expires_at <= now:
            kind, dedup_key = Kind.EXPIRED, end
        elif lead := _reminder_due(key.created_at, key.expires_at, now):
            kind, dedup_key = Kind.EXPIRES_SOON, f"{lead.days}d before {end}"
        else:
            continue
        if (key.pk, kind, dedup_key) not in known:
            for member in recipients(key):
                yield Notice(member=member, key=key, kind=kind, dedup_key=dedup_key, created_at=now)


def _idle_notices(now: datetime) -> Iterator[Notice]:
    known = set(Notice.objects.filter(kind=Kind.IDLE_SOON).values_list("key__pk", "dedup_key"))
    for key, end in lifecycle.find_keys_becoming_idle(IDLE_WARNING, now):
        # With a short limit, a key that is used weekly would cause a notice every week.
        is_long = end - key.idle_since >= 2 * IDLE_WARNING
        if is_long and end > now and (key.pk, idle_dedup_key(end)) not in known and is_entitled(key.owner):
            for member in recipients(key):
                dedup_key = idle_dedup_key(end)
                yield Notice(member=member, key=key, kind=Kind.IDLE_SOON, dedup_key=dedup_key, created_at=now)


def _reminder_due(created_at: datetime, expires_at: datetime, now: datetime) -> timedelta | None:
    """Return the latest reminder that is due. There is none in the first half of a key's lifetime."""
    leads = [lead for lead in EXPIRY_REMINDERS if lead * 2 <= expires_at - created_at]
    return next((lead for lead in leads if expires_at - now <= lead), None)


def _enqueue_for(event: AuditEvent) -> bool:
    """Queue the notices about the event. Return whether any is new."""
    dedup_key = f"event {event.pk}"
    key = event.key
    match event.type:
        case Type.MEMBER_DEACTIVATED if event.detail.get("keys"):
            new = [
                enqueue(Kind.PERSON_LEFT, member=manager, dedup_key=dedup_key, event=event, now=event.at)
                for manager in _managers(event.workspace)
            ]
            return any(new)
        case Type.MEMBER_UNAUTHORIZED if event.member and event.detail.get("reason") == REJECTED_BY_PUMBLE:
            return enqueue(Kind.REJECTED, member=event.member, dedup_key=dedup_key, event=event, now=event.at)
        case Type.KEY_REVOKED if key and event.detail.get("reason") not in SILENT_REASONS:
            if key.confirmed_at is not None and not key.successors.filter(revoked_at=event.at).exists():
                return _enqueue_about_key(Kind.REVOKED, key, event, but_not_for_actor=True)
        case Type.KEY_DISABLED if key:
            if key.confirmed_at is not None and not key.successors.filter(disabled_at=event.at).exists():
                return _enqueue_about_key(Kind.DISABLED, key, event, but_not_for_actor=True)
        case Type.KEY_NARROWED if key:
            if key.confirmed_at is not None and key.retires_at is None:
                return _enqueue_about_key(Kind.NARROWED, key, event, but_not_for_actor=True)
        case Type.KEY_ROTATED if key:
            issued = _self_rotation(event, key)
            if issued and issued.key:
                return _enqueue_about_key(Kind.SELF_ROTATED, issued.key, issued)
        case Type.KEY_USED_ELSEWHERE if key:
            return _enqueue_about_key(Kind.USED_ELSEWHERE, key, event)
        case Type.KEY_LEAKED if key:
            return _enqueue_about_key(Kind.LEAKED, key, event, dedup_key=str(event.detail.get("message")))
        case Type.KEY_CONFIRMED if key and key.responsible and not (key.replaces_id or key.created_by_key_id):
            return _enqueue_about_key(Kind.RESPONSIBLE, key, event, but_not_for_actor=True)
        case Type.KEY_RESPONSIBLE_REPLACED if key and key.confirmed_at is not None:
            kind = Kind.RESPONSIBLE if event.detail.get("after") else Kind.NO_RESPONSIBLE
            return _enqueue_about_key(kind, key, event, but_not_for_actor=True)
        case _:
            pass
    return False


def _enqueue_about_key(
    kind: Notice.Kind,
    key: ApiKey,
    event: AuditEvent,
    *,
    dedup_key: str = "",
    but_not_for_actor: bool = False,
) -> bool:
    dedup_key = dedup_key or f"event {event.pk}"
    new = [
        enqueue(kind, member=member, key=key, dedup_key=dedup_key, event=event, now=event.at)
        for member in recipients(key)
        if not (but_not_for_actor and event.actor_id == member.pk)
    ]
    return any(new)


def _self_rotation(event: AuditEvent, key: ApiKey) -> AuditEvent | None:
    """Return the event in which the key created its successor itself, or None if somebody rotated it."""
    issued = AuditEvent.objects.filter(
        type=Type.KEY_ISSUED, key__key_id=event.detail.get("successor"), detail__by_key=key.key_id
    )
    return issued.select_related("key__owner__workspace", "key__responsible").first()


def recipients(key: ApiKey) -> list[Member]:
    """Return who gets the notices about a key: its holder, and for a workspace key without one those who manage it."""
    return [key.holder] if key.holder else _managers(key.owner.workspace)


def _managers(workspace: Workspace | None) -> list[Member]:
    """Return the active owners of the workspace, or its administrators if no owner is known."""
    members = Member.objects.people().filter(workspace=workspace, is_active=True)
    owners = list(members.filter(role=Member.Role.OWNER))
    return owners or list(members.filter(role=Member.Role.ADMINISTRATOR))
