"""Revocation of keys, of one or of all keys of a member."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from keys import permissions, selectors
from keys.audit import Actor, audit_denials
from keys.lifecycle.events import record_key_event
from keys.lifecycle.locks import lock_chain_to_stop, lock_keys, lock_owner, lock_undelivered
from keys.lifecycle.names import clean_note
from keys.models import ApiKey, AuditEvent, Member


def revoke_reason(holder: Member | None, by: Actor) -> ApiKey.RevokeReason:
    """Return the reason for a key of `holder` that `by` revokes."""
    reasons = ApiKey.RevokeReason
    if by.member is not None and by.member == holder:
        return reasons.BY_HOLDER
    return reasons.BY_OPERATOR if by.member and by.member.is_superuser else reasons.BY_ADMINISTRATOR


@audit_denials("revoke")
@transaction.atomic
def revoke(
    *,
    key: ApiKey,
    by: Actor,
    reason: ApiKey.RevokeReason,
    now: datetime,
    note: str = "",
    with_successor: bool = False,
    with_created: bool = True,
) -> ApiKey:
    """Revoke a key for good. Return the key.

    The keys that it replaced are revoked too, a successor that was not delivered, and the keys that it created over HTTP.
    Revoking a revoked key is no error and keeps the first reason. Everybody may revoke a key that they pasted, because they
    have its plaintext. A successor that could not be delivered is revoked alone.

    Args:
        note: a reason in words, up to 200 characters.
        with_successor: also revoke the key that replaces this one, and return that key.
        with_created: also revoke the keys that this key, or one that it replaced, created. A successor takes them over.

    Raises:
        NotAllowed: `by` may not revoke this key.
    """
    ends_chain = key.confirmed_at is not None or key.replaces_id is None
    if ends_chain and with_created and selectors.list_created_keys([key], now).exists():
        lock_owner(key.owner)  # so that the keys need no order
    chain = lock_chain_to_stop(key, now, with_successor=with_successor)
    key = chain[-1]
    if not reason.is_pasted:
        permissions.require_can_revoke(key, by)
    ends_chain = key.confirmed_at is not None or key.replaces_id is None
    revoked, created = [key], list[ApiKey]()
    if ends_chain:
        revoked = [link for link in chain if link is key or not link.state(now).is_over]
        revoked += lock_undelivered(key)
        if with_created:
            created = lock_keys(selectors.list_created_keys([key], now))
    revoke_locked(revoked, by=by, reason=reason, now=now, note=note)
    revoke_locked(created, by=by, reason=ApiKey.RevokeReason.CREATOR_REVOKED, now=now)
    return key


def revoke_locked(
    keys: Iterable[ApiKey], *, by: Actor, reason: ApiKey.RevokeReason, now: datetime, note: str = ""
) -> None:
    """Revoke these locked keys and no others."""
    for link in keys:
        if link.revoked_at is None:
            link.revoked_at, link.revoked_reason, link.revoked_note = now, reason, clean_note(note)
            link.revoked_by = by.member
            link.save(update_fields=["revoked_at", "revoked_reason", "revoked_note", "revoked_by"])
            record_key_event(
                AuditEvent.Type.KEY_REVOKED, link, by, now, reason=reason.value, note=link.revoked_note
            )
