"""The end of a delivery: a key is confirmed after its plaintext reached somebody, and revoked if it did not."""

from datetime import datetime, timedelta

from django.db import transaction

from keys import audit
from keys.audit import Actor
from keys.lifecycle import revocation, rotation
from keys.lifecycle.events import record_key_event
from keys.lifecycle.locks import lock_owner, lock_rotation_chain
from keys.models import ApiKey, AuditEvent

PENDING_TIMEOUT = timedelta(minutes=15)


@transaction.atomic
def confirm(*, key: ApiKey, by: Actor, now: datetime) -> ApiKey:
    """Confirm a pending key, because its plaintext has reached somebody. Return the key.

    The key becomes live. If it replaces another, the grace period of that one begins. A key that is not pending stays as it
    is. A successor whose predecessor is over is revoked.
    """
    if key.replaces_id is not None:
        lock_owner(
            key.owner
        )  # a successor takes the name of its predecessor; a first key has its name already
    key = lock_rotation_chain(key, now)[-1]
    if key.revoked_at is not None or key.confirmed_at is not None:
        return key
    if key.replaces is not None and not rotation.promote_successor(key, key.replaces, by=by, now=now):
        return revocation.revoke(
            key=key, by=audit.MAINTENANCE, reason=ApiKey.RevokeReason.PREDECESSOR_REVOKED, now=now
        )
    key.confirmed_at = now
    key.save()
    record_key_event(AuditEvent.Type.KEY_CONFIRMED, key, by, now)
    return key


def revoke_stale_pending(*, now: datetime) -> int:
    """Revoke the keys that were pending for 15 minutes, because nobody has received them. Return how many."""
    stale = ApiKey.objects.filter(
        confirmed_at__isnull=True, revoked_at__isnull=True, created_at__lte=now - PENDING_TIMEOUT
    ).select_related("owner__workspace")
    revoked = 0
    for key in stale.iterator(chunk_size=500):
        with transaction.atomic():
            # It may have been used or delivered since the query.
            if lock_rotation_chain(key, now)[-1].confirmed_at is None:
                revocation.revoke(
                    key=key, by=audit.MAINTENANCE, reason=ApiKey.RevokeReason.NOT_DELIVERED, now=now
                )
                revoked += 1
    return revoked
