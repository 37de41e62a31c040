"""Creation of keys. A key is pending until `confirm`."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from keys import key_format, permissions, policies, rights, selectors
from keys import scopes as scope_names
from keys.audit import Actor, audit_denials
from keys.exceptions import ExpiryInPast, KeyRevoked, NewKeysLimited
from keys.lifecycle.events import record_key_event, rights_detail
from keys.lifecycle.locks import lock_key, lock_owner
from keys.lifecycle.names import clean_note, next_name, require_unique_name, taken_names
from keys.lifecycle.responsibility import lock_responsible
from keys.models import ApiKey, AuditEvent, Member
from keys.rights import Rights

MAX_NEW_KEYS_PER_HOUR = 300  # of one owner, as far as keys create them


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
    is_trial: bool = False,
    responsible: Member | None = None,
) -> tuple[ApiKey, key_format.Plaintext]:
    """Create a pending key of `owner`. Return it with its plaintext, which is stored nowhere.

    Deliver the plaintext, then call `confirm`, or `revoke` if the delivery failed or is uncertain.

    Args:
        name: 1 to 64 visible characters, unique among the owner's current keys; None for the next free `key-N`.
        channels: the channels that it is limited to, as names by id; None for all.
        allowed_addresses: addresses and CIDRs that it may be used from; empty for all.
        calls_per_minute: 1 to 1,000; None for 1,000.
        expires_at: aware; None for never.
        purpose: what it is for, in the owner's words, up to 200 characters.
        responsible: for a workspace key: who looks after it; None for nobody. If a key creates it: as of that key.
        is_trial: it is for trying the API in the reference. Its writes are dry runs, and its owner's lists leave it out.

    Raises:
        OwnerNotAuthorized, NotAllowed, CreationNotAllowed, ManagementNotGiven, WiderThanManagingKey, ResponsibleInvalid,
        TooManyKeys, NameInvalid, NameTaken, ScopeUnknown, ScopeNotAllowed, ChannelsInvalid, AddressInvalid,
        TooManyAddresses, AddressesRequired, LimitInvalid,
        ExpiryInvalid.
    """
    key_rights = rights.make(
        scopes_wanted=scopes,
        channels=channels,
        allowed_addresses=allowed_addresses,
        calls_per_minute=calls_per_minute,
        expires_at=expires_at,
    )
    owner = lock_owner(owner)
    by = _lock_managing_key(by, now)
    policy = policies.get_selected_policy(owner.workspace)
    permissions.require_can_issue(policy, owner, by)
    permissions.require_can_give(key_rights, by)
    if by.key is not None:
        responsible = by.key.responsible
    elif responsible is not None:
        responsible = lock_responsible(responsible, owner)
    if expires_at is not None and expires_at <= now:
        raise ExpiryInPast(now)
    policies.require_compliant(policy, key_rights, now)
    taken = taken_names(owner, now)
    policies.require_below_key_limit(policy, len(taken))
    require_below_hourly_limit(owner, by, now)
    unique_name = next_name(taken) if name is None else require_unique_name(name, taken)
    key, plaintext = create_key(
        owner=owner,
        name=unique_name,
        purpose=clean_note(purpose),
        rights=key_rights,
        created_at=now,
        is_trial=is_trial,
        created_by_key=by.key and (selectors.find_successor(by.key, now) or by.key),
        responsible=responsible,
    )
    detail = {"name": key.name, "purpose": key.purpose, **rights_detail(key_rights)}
    if key.is_workspace_key:
        detail["workspace_key"] = True
    record_key_event(AuditEvent.Type.KEY_ISSUED, key, by, now, **detail)
    return key, plaintext


def require_below_hourly_limit(owner: Member, by: Actor, now: datetime) -> None:
    """Raise if keys create so many keys of `owner` that they would fill the database: their rows are kept.

    Raises:
        NewKeysLimited.
    """
    if by.key is None:
        return
    recent = ApiKey.objects.filter(owner=owner, created_at__gt=now - timedelta(hours=1)).order_by(
        "-created_at"
    )
    created = list(recent.values_list("created_at", flat=True)[:MAX_NEW_KEYS_PER_HOUR])
    if len(created) == MAX_NEW_KEYS_PER_HOUR:
        wait = created[-1] + timedelta(hours=1) - now
        raise NewKeysLimited(MAX_NEW_KEYS_PER_HOUR, max(1, math.ceil(wait.total_seconds())))


def _lock_managing_key(by: Actor, now: datetime) -> Actor:
    """Lock the key that creates another, so that its revocation waits and then also revokes the new key.

    Raises:
        KeyRevoked: the creating key stopped working after the call began.
    """
    if by.key is None:
        return by
    key = lock_key(by.key.pk)
    if key.state(now) not in {ApiKey.State.ACTIVE, ApiKey.State.RETIRING}:
        raise KeyRevoked
    return replace(by, key=key)


@transaction.atomic
def rehash(*, key_pk: int, plaintext: key_format.Plaintext, by: Actor, now: datetime) -> None:
    """Store the digest of the key under the newest pepper, so that older peppers can be removed."""
    key = lock_key(key_pk)
    newest = next(iter(settings.KEY_PEPPERS))
    if key.pepper_number == newest:
        return
    before, key.pepper_number = key.pepper_number, newest
    key.digest = plaintext.digest(settings.KEY_PEPPERS[newest])
    key.save(update_fields=["pepper_number", "digest"])
    record_key_event(AuditEvent.Type.KEY_REHASHED, key, by, now, before=before, after=newest)


def create_key(*, owner: Member, rights: Rights, **fields: Any) -> tuple[ApiKey, key_format.Plaintext]:
    """Create the row of a pending key. Return it with its plaintext."""
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
