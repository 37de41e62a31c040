"""Revocation of keys."""

from datetime import datetime

from django.db import transaction

from keys import permissions
from keys.audit import Actor, audit_denials
from keys.lifecycle.events import record_key_event
from keys.lifecycle.locks import lock_rotation_chain, lock_undelivered
from keys.lifecycle.names import clean_note
from keys.models import ApiKey, AuditEvent


@audit_denials("revoke")
@transaction.atomic
def revoke(*, key: ApiKey, by: Actor, reason: ApiKey.RevokeReason, now: datetime, note: str = "") -> ApiKey:
    """Stop a key for good, with those it replaced that still work, and a successor that nobody was shown yet.

    Revoking twice is not an error and keeps the first reason. A key that was pasted where it does not belong is
    revoked whoever pasted it: they hold the plaintext. A successor that could not be delivered goes alone.

    Raises:
        NotAllowed: `by` may not revoke this key.
    """
    family = lock_rotation_chain(key)
    key = family[-1]
    if reason != ApiKey.RevokeReason.PASTED:
        permissions.require_can_revoke(key, by)
    going = [key]
    if key.confirmed_at is not None or key.replaces_id is None:
        going = [one for one in family if one is key or not one.state(now).is_over]
        going += lock_undelivered(key)
    for one in going:
        if one.revoked_at is None:
            one.revoked_at, one.revoked_reason, one.revoked_note = now, reason, clean_note(note)
            one.revoked_by = by.member
            one.save(update_fields=["revoked_at", "revoked_reason", "revoked_note", "revoked_by"])
            record_key_event(
                AuditEvent.Type.KEY_REVOKED, one, by, now, reason=reason.value, note=one.revoked_note
            )
    return key
