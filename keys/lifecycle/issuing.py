"""How keys come to be: issued pending, confirmed once their plaintext reached someone."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from keys import audit, keyformat, policy, rights
from keys import scopes as scope_names
from keys.audit import Actor, noting_refusals
from keys.exceptions import ExpiryInPast
from keys.lifecycle import changing, rotating
from keys.lifecycle.locks import lock_family, lock_key, lock_owner
from keys.lifecycle.making import new_key
from keys.lifecycle.names import clean_note, free_name, next_name, taken_names
from keys.lifecycle.telling import tell, told
from keys.models import ApiKey, AuditEvent, Member

PENDING_FOR = timedelta(minutes=15)


@noting_refusals
@transaction.atomic
def issue(
    *,
    owner: Member,
    name: str | None,
    by: Actor,
    now: datetime,
    scopes: Iterable[str] = scope_names.ALL,
    channels: Mapping[str, str] | None = None,
    allowed_addresses: Iterable[str] = (),
    calls_per_minute: int | None = None,
    expires_at: datetime | None = None,
    purpose: str = "",
) -> tuple[ApiKey, keyformat.Plaintext]:
    """A new key of `owner`, pending, and its plaintext, which exists nowhere else.

    The caller delivers the plaintext and then calls `confirm`, or `revoke` where delivery failed or is uncertain.

    Args:
        name: 1 to 64 visible characters, unique among the owner's live keys; None takes the next free `key-N`.
        channels: ids of the only channels it may touch and see, with their names; None for all.
        allowed_addresses: addresses and CIDRs it may be used from; empty for all.
        calls_per_minute: 1 to 1,000; None for 1,000.
        expires_at: aware; None never expires.
        purpose: what it is for, in the holder's words; kept like a reason is.

    Raises:
        OwnerNotAuthorized, NotAllowed, CreationNotAllowed, TooManyKeys, NameInvalid, NameTaken, ScopeUnknown,
        ScopeNotAllowed, ChannelsInvalid, AddressInvalid, TooManyAddresses, AddressesRequired, LimitInvalid,
        ExpiryInvalid.
    """
    wanted = rights.make(
        scopes_wanted=scopes,
        channels=channels,
        allowed_addresses=allowed_addresses,
        calls_per_minute=calls_per_minute,
        expires_at=expires_at,
    )
    owner = lock_owner(owner)
    terms = policy.loaded_policy(owner.workspace)
    policy.require_may_issue(terms, owner, by)
    if expires_at is not None and expires_at <= now:
        raise ExpiryInPast(now)
    policy.require_fit(terms, wanted, now)
    taken = taken_names(owner, now)
    policy.require_room(terms, len(taken))
    chosen = next_name(taken) if name is None else free_name(name, taken)
    key, plaintext = new_key(
        owner=owner, name=chosen, purpose=clean_note(purpose), rights=wanted, created_at=now
    )
    detail = {"name": key.name, "purpose": key.purpose, **told(wanted)}
    tell(AuditEvent.Type.KEY_ISSUED, key, by, now, **detail)
    return key, plaintext


@transaction.atomic
def confirm(*, key: ApiKey, by: Actor, now: datetime) -> ApiKey:
    """The key's plaintext has reached someone: a pending key becomes live, and what it replaces begins to retire.

    Any other key stays as it is.
    """
    if key.replaces_id is not None:
        lock_owner(
            key.owner
        )  # the successor takes over a name; a first key has had its own since it was issued
    key = lock_family(key)[-1]
    if key.revoked_at is not None or key.confirmed_at is not None:
        return key
    if key.replaces is not None and not rotating.take_over(key, key.replaces, by=by, now=now):
        return changing.revoke(
            key=key, by=audit.MAINTENANCE, reason=ApiKey.RevokeReason.PREDECESSOR_REVOKED, now=now
        )
    key.confirmed_at = now
    key.save()
    tell(AuditEvent.Type.KEY_CONFIRMED, key, by, now)
    return key


@transaction.atomic
def rehash(*, key_pk: int, plaintext: keyformat.Plaintext, by: Actor, now: datetime) -> None:
    """Digest the key, of which this is the plaintext, anew under the newest pepper. Then older ones can be dropped."""
    key = lock_key(key_pk)
    newest = next(iter(settings.KEY_PEPPERS))
    if key.pepper_number == newest:
        return
    before, key.pepper_number = key.pepper_number, newest
    key.digest = plaintext.digest(settings.KEY_PEPPERS[newest])
    key.save(update_fields=["pepper_number", "digest"])
    tell(AuditEvent.Type.KEY_REHASHED, key, by, now, before=before, after=newest)


def revoke_stale_pending(*, now: datetime) -> int:
    """Revoke keys that stayed pending for 15 minutes: nobody was shown them. How many that were."""
    stale = ApiKey.objects.filter(
        confirmed_at__isnull=True, revoked_at__isnull=True, created_at__lte=now - PENDING_FOR
    ).select_related("owner__workspace")
    revoked = 0
    for key in stale.iterator(chunk_size=500):
        with transaction.atomic():
            # Presented or delivered meanwhile: then it is somebody's key and stays.
            if lock_family(key)[-1].confirmed_at is None:
                changing.revoke(
                    key=key, by=audit.MAINTENANCE, reason=ApiKey.RevokeReason.NOT_DELIVERED, now=now
                )
                revoked += 1
    return revoked
