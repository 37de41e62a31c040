"""How keys come to be: issued pending, confirmed once their plaintext reached someone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from keys import key_format, permissions, policies, rights
from keys import scopes as scope_names
from keys.audit import Actor, audit_denials
from keys.exceptions import ExpiryInPast
from keys.lifecycle.events import record_key_event, rights_detail
from keys.lifecycle.locks import lock_key, lock_owner
from keys.lifecycle.names import clean_note, next_name, require_unique_name, taken_names
from keys.models import ApiKey, AuditEvent, Member
from keys.rights import Rights


@audit_denials("issue")
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
) -> tuple[ApiKey, key_format.Plaintext]:
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
    terms = policies.get_selected_policy(owner.workspace)
    permissions.require_can_issue(terms, owner, by)
    if expires_at is not None and expires_at <= now:
        raise ExpiryInPast(now)
    policies.require_compliant(terms, wanted, now)
    taken = taken_names(owner, now)
    policies.require_below_key_limit(terms, len(taken))
    chosen = next_name(taken) if name is None else require_unique_name(name, taken)
    key, plaintext = create_key(
        owner=owner, name=chosen, purpose=clean_note(purpose), rights=wanted, created_at=now
    )
    detail = {"name": key.name, "purpose": key.purpose, **rights_detail(wanted)}
    record_key_event(AuditEvent.Type.KEY_ISSUED, key, by, now, **detail)
    return key, plaintext


@transaction.atomic
def rehash(*, key_pk: int, plaintext: key_format.Plaintext, by: Actor, now: datetime) -> None:
    """Digest the key, of which this is the plaintext, anew under the newest pepper. Then older ones can be dropped."""
    key = lock_key(key_pk)
    newest = next(iter(settings.KEY_PEPPERS))
    if key.pepper_number == newest:
        return
    before, key.pepper_number = key.pepper_number, newest
    key.digest = plaintext.digest(settings.KEY_PEPPERS[newest])
    key.save(update_fields=["pepper_number", "digest"])
    record_key_event(AuditEvent.Type.KEY_REHASHED, key, by, now, before=before, after=newest)


def create_key(*, owner: Member, rights: Rights, **fields: Any) -> tuple[ApiKey, key_format.Plaintext]:
    """The row of a pending key, and its plaintext."""
    plaintext = key_format.generate()
    pepper_number, pepper = next(iter(settings.KEY_PEPPERS.items()))
    key = ApiKey(
        key_id=plaintext.key_id,
        owner=owner,
        digest=plaintext.digest(pepper),
        pepper_number=pepper_number,
        last_four=plaintext.last_four,
        **fields,
    )
    key.rights = rights
    key.save(force_insert=True)
    return key, plaintext
