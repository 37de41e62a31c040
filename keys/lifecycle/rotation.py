"""Rotation and renewal: a successor with the same name and rights, and a grace period in which the old key still works.

A rotation keeps the expiry of the key. A renewal sets a new one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from keys import key_format, permissions, policies, selectors
from keys.audit import Actor, audit_denials
from keys.exceptions import (
    ExpiryInPast,
    GraceInvalid,
    KeyBeingReplaced,
    KeyDisabled,
    KeyNotFound,
    RotationUnderway,
    SuccessorInUse,
)
from keys.lifecycle.events import record_key_event
from keys.lifecycle.issuance import create_key, require_below_hourly_limit
from keys.lifecycle.locks import lock_key, lock_keys, lock_owner, lock_rotation_chain, lock_undelivered
from keys.lifecycle.revocation import revoke_locked
from keys.lifecycle.updates import keep_earlier_expiry
from keys.models import ApiKey, ApiKeyQuerySet, AuditEvent

GRACE_PERIODS = {
    "now": timedelta(0),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
_DELIVERY_TIMEOUT = timedelta(minutes=1)
_LATE_USE_INTERVAL = timedelta(days=1)


@audit_denials("rotate")
@transaction.atomic
def rotate(*, key: ApiKey, grace: timedelta, by: Actor, now: datetime) -> tuple[ApiKey, key_format.Plaintext]:
    """Create a pending successor of a live key, with its name, rights and expiry. Return it with its plaintext.

    Deliver the plaintext, then call `confirm`, which begins the grace period. After it the old key is refused. If the
    successor is never confirmed, the old key stays as it was.

    Args:
        grace: one of `GRACE_PERIODS`. It ends with the expiry of the key at the latest.

    A key that rotates itself may do so again in its grace period, while its successor was not used: the answer with the
    successor may have been lost. `confirm` revokes that successor, and the grace period does not become longer.

    Raises:
        GraceInvalid, NotAllowed, CreationNotAllowed, OwnerNotAuthorized, KeyBeingReplaced, SuccessorInUse, KeyDisabled,
        RotationUnderway; KeyNotFound where the key is no longer live; ScopeNotAllowed, ExpiryTooFar, AddressesRequired where the
        policy became stricter than the key.
    """
    return _create_successor(key, grace=grace, renewal=None, by=by, now=now)


@audit_denials("renew")
@transaction.atomic
def renew(
    *, key: ApiKey, expires_at: datetime | None, grace: timedelta, by: Actor, now: datetime
) -> tuple[ApiKey, key_format.Plaintext]:
    """Create a pending successor of a live key with another expiry. Return it with its plaintext, as `rotate` does.

    Args:
        expires_at: None for never.

    Raises:
        ExpiryInPast, and what `rotate` raises. The policy is checked with the new expiry.
        WiderThanManagingKey: a key renews itself, or one that it manages, beyond its own expiry.
    """
    if expires_at is not None and expires_at <= now:
        raise ExpiryInPast(now)
    return _create_successor(key, grace=grace, renewal=_Renewal(expires_at), by=by, now=now)


@dataclass(frozen=True, slots=True)
class _Renewal:
    expires_at: datetime | None


def _create_successor(
    key: ApiKey, *, grace: timedelta, renewal: _Renewal | None, by: Actor, now: datetime
) -> tuple[ApiKey, key_format.Plaintext]:
    if grace not in GRACE_PERIODS.values():
        raise GraceInvalid
    owner = lock_owner(key.owner)
    key = lock_rotation_chain(key, now)[-1]
    undelivered_successors = lock_undelivered(key)
    policy = policies.get_selected_policy(owner.workspace)
    permissions.require_can_rotate(policy, key, by)
    rotates_itself = by.key is not None and by.key.pk == key.pk
    if rotates_itself and key.state(now) == ApiKey.State.RETIRING:
        _require_unseen_successors(key, now)
    else:
        _require_rotatable(key, now)
    rights = key.rights
    if renewal is not None:
        rights = replace(rights, expires_at=renewal.expires_at)
        if by.key is not None:
            permissions.require_not_wider(rights, by.key)
    policies.require_compliant(policy, rights, now)
    for successor in undelivered_successors:
        if successor.revoked_at is not None:
            continue
        if successor.created_at > now - _DELIVERY_TIMEOUT:
            raise RotationUnderway
        revoke_locked([successor], by=by, reason=ApiKey.RevokeReason.NOT_DELIVERED, now=now)
    require_below_hourly_limit(owner, by, now)
    successor, plaintext = create_key(
        owner=owner,
        responsible=key.responsible,
        name=key.name,
        purpose=key.purpose,
        rights=rights,
        created_at=now,
        replaces=key,
        created_by_key=key.created_by_key,
        grace=grace,
        is_renewal=renewal is not None,
    )
    detail: dict[str, object] = {
        "replaces": key.key_id,
        "grace_minutes": int(grace.total_seconds() // 60),
    }
    if renewal is not None:
        detail["renewal"] = {"before": _iso(key.expires_at), "after": _iso(rights.expires_at)}
    record_key_event(AuditEvent.Type.KEY_ISSUED, successor, by, now, **detail)
    return successor, plaintext


def _require_unseen_successors(key: ApiKey, now: datetime) -> None:
    """Raise unless the replaced key rotated itself, and nobody has used its successor.

    A call that came before the successor was delivered lost no answer: it is one of several at once.

    Raises:
        SuccessorInUse, KeyBeingReplaced, RotationUnderway.
    """
    live = _lock_live_successors(key, now)
    if any(successor.confirmed_at and successor.confirmed_at > now for successor in live):
        raise RotationUnderway
    issued = AuditEvent.objects.filter(type=AuditEvent.Type.KEY_ISSUED, key__in=live)
    if issued.filter(detail__by_key=key.key_id).count() < len(live):
        raise KeyBeingReplaced
    if any(successor.last_used_at for successor in live):
        raise SuccessorInUse


def _lock_live_successors(key: ApiKey, now: datetime) -> list[ApiKey]:
    """Lock and return the confirmed live successors of the key: one at most."""
    successors: ApiKeyQuerySet = ApiKey.objects.filter(replaces=key, confirmed_at__isnull=False)
    return lock_keys(successors.live(now))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def promote_successor(successor: ApiKey, replaced: ApiKey, *, by: Actor, now: datetime) -> bool:
    """Begin the grace period of the predecessor of `successor`. Return False if the predecessor is over.

    If the predecessor rotated itself again because it lost its successor, that one is revoked. Return False if it was used.

    Keys that the predecessor had replaced are retired now, so at most two keys work under one name. The successor takes the
    predecessor's name, rights, responsible person and disabled state, which may have changed since the rotation, and the keys
    that it created. A renewal keeps its own expiry; if the policy no longer allows it, the earlier one of both keys. Both keys are locked.
    """
    predecessor = lock_key(replaced.pk)
    unseen = _lock_live_successors(predecessor, now) if predecessor.retires_at else []
    if predecessor.state(now).is_over or any(lost.last_used_at for lost in unseen):
        return False
    rights = predecessor.rights
    if successor.is_renewal:
        policy = policies.get_policy(successor.owner.workspace)
        earlier = keep_earlier_expiry(rights, successor.rights)
        renewed = replace(rights, expires_at=successor.expires_at)
        rights = earlier if policies.expires_too_late(policy, renewed, now) else renewed
    successor.name, successor.rights = predecessor.name, rights
    for field in ("responsible", "disabled_at", "disabled_by", "disabled_reason"):
        setattr(successor, field, getattr(predecessor, field))
    revoke_locked(unseen, by=by, reason=ApiKey.RevokeReason.NOT_DELIVERED, now=now)
    if predecessor.replaces is not None:
        _retire(lock_rotation_chain(predecessor.replaces, now), by=by, now=now)
    end = now + (successor.grace or timedelta(0))
    predecessor.retires_at = min(end, predecessor.expires_at or end, predecessor.retires_at or end)
    predecessor.save(update_fields=["retires_at"])
    selectors.list_created_keys([predecessor, *unseen], now).update(created_by_key=successor)
    detail: dict[str, object] = {
        "successor": successor.key_id,
        "retires_at": predecessor.retires_at.isoformat(),
    }
    if successor.is_renewal:
        detail["renewed_until"] = _iso(successor.expires_at)
    record_key_event(AuditEvent.Type.KEY_ROTATED, predecessor, by, now, **detail)
    return True


@audit_denials("finish_rotation")
@transaction.atomic
def finish_rotation(*, key: ApiKey, by: Actor, now: datetime) -> ApiKey:
    """End the grace period of the keys that `key` replaced, or of `key` if it was replaced. Return the key.

    Raises:
        NotAllowed.
    """
    chain = lock_rotation_chain(key, now)
    permissions.require_can_revoke(chain[-1], by)
    _retire(chain, by=by, now=now)
    return chain[-1]


@transaction.atomic
def record_use_after_rotation(*, key_pk: int, by: Actor, now: datetime) -> None:
    """Record once a day that a replaced key was used after its grace period, because somebody still has it."""
    due = Q(late_use_noted_at__isnull=True) | Q(late_use_noted_at__lte=now - _LATE_USE_INTERVAL)
    if ApiKey.objects.filter(due, pk=key_pk, retires_at__lte=now).update(late_use_noted_at=now):
        record_key_event(AuditEvent.Type.KEY_USED_AFTER_ROTATION, lock_key(key_pk), by, now)


def _retire(keys: list[ApiKey], *, by: Actor, now: datetime) -> None:
    for link in keys:
        if link.state(now) in {ApiKey.State.RETIRING, ApiKey.State.DISABLED} and link.retires_at is not None:
            link.retires_at = now
            link.save(update_fields=["retires_at"])
            record_key_event(AuditEvent.Type.KEY_RETIRED, link, by, now)


def _require_rotatable(key: ApiKey, now: datetime) -> None:
    state = key.state(now)
    if state == ApiKey.State.RETIRING:
        raise KeyBeingReplaced
    if state == ApiKey.State.DISABLED:
        raise KeyDisabled
    if state != ApiKey.State.ACTIVE:
        raise KeyNotFound
