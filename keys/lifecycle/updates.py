"""Changes of a live key: rename, narrow, disable, enable."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from keys import permissions, policies, policy_compliance
from keys.audit import Actor, audit_denials
from keys.exceptions import CannotWidenRights, ExpiryInPast, PolicyViolated
from keys.lifecycle.events import record_key_event, rights_detail
from keys.lifecycle.locks import (
    live_keys,
    lock_chain_to_stop,
    lock_live_rotation_chain,
    lock_owner,
    lock_rotation_chain,
)
from keys.lifecycle.names import clean_name, clean_note, require_unique_name, taken_names
from keys.models import ApiKey, AuditEvent, IdempotentCall
from keys.rights import Rights


@audit_denials("rename")
@transaction.atomic
def rename(*, key: ApiKey, name: str, by: Actor, now: datetime) -> ApiKey:
    """Rename a live key and the keys that it replaced, as long as those work. Return the key.

    Raises:
        NotAllowed, NameInvalid, NameTaken, KeyBeingReplaced; KeyNotFound: the key is no longer live.
    """
    lock_owner(key.owner)
    chain = lock_live_rotation_chain(key, now)
    key = chain[-1]
    permissions.require_can_change(key, by)
    before, after = key.name, clean_name(name)
    if before != after:
        after = require_unique_name(after, taken_names(key.owner, now, exclude=key))
        for link in chain:
            link.name = after
            link.save(update_fields=["name"])
            record_key_event(AuditEvent.Type.KEY_RENAMED, link, by, now, before=before, after=after)
    return key


@audit_denials("change_purpose")
@transaction.atomic
def change_purpose(*, key: ApiKey, purpose: str, by: Actor, now: datetime) -> ApiKey:
    """Change what a live key is for, in its owner's words. Return the key.

    Raises:
        NotAllowed, KeyBeingReplaced; KeyNotFound: the key is no longer live.
    """
    key = lock_live_rotation_chain(key, now)[-1]
    permissions.require_can_change(key, by)
    before, key.purpose = key.purpose, clean_note(purpose)
    if before != key.purpose:
        key.save(update_fields=["purpose"])
        event = AuditEvent.Type.KEY_PURPOSE_CHANGED
        record_key_event(event, key, by, now, before=before, after=key.purpose)
    return key


@audit_denials("narrow")
@transaction.atomic
def narrow(*, key: ApiKey, rights: Rights, by: Actor, now: datetime) -> ApiKey:
    """Reduce a live key, and the keys that it replaced as long as those work, to `rights`. Return the key.

    Stored answers of idempotent calls are deleted, because they may show what the key may no longer read.

    Raises:
        NotAllowed, KeyBeingReplaced; CannotWidenRights: `rights` exceed those of the key; ExpiryInPast;
        KeyNotFound: the key is no longer live.
    """
    lock_owner(key.owner)
    chain = lock_live_rotation_chain(key, now)
    permissions.require_can_change(chain[-1], by)
    if rights.expires_at is not None and rights.expires_at <= now:
        raise ExpiryInPast(now)
    apply_rights(chain, rights, by=by, now=now)
    return chain[-1]


def apply_rights(chain: list[ApiKey], rights: Rights, *, by: Actor, now: datetime, **detail: Any) -> None:
    """Reduce the locked keys to `rights`. Record `detail` in the events.

    A key whose renewal has a later expiry keeps its own expiry.

    Raises:
        CannotWidenRights: `rights` exceed those of a key.
    """
    for link in chain:
        before = link.rights
        reduced = rights if link is chain[-1] else keep_earlier_expiry(rights, before)
        if beyond := link.first_wider_field(reduced):
            raise CannotWidenRights(beyond)
        if reduced != before:
            link.rights = reduced
            if link.retires_at is not None and reduced.expires_at is not None:
                link.retires_at = min(link.retires_at, reduced.expires_at)
            link.save()
            IdempotentCall.objects.filter(key=link).update(answer=None, ended_at=now)
            record_key_event(
                AuditEvent.Type.KEY_NARROWED,
                link,
                by,
                now,
                before=rights_detail(before),
                after=rights_detail(reduced),
                **detail,
            )


def keep_earlier_expiry(rights: Rights, before: Rights) -> Rights:
    """Return `rights` with the earlier expiry of both."""
    ends = [end for end in (rights.expires_at, before.expires_at) if end is not None]
    return replace(rights, expires_at=min(ends, default=None))


@audit_denials("disable")
@transaction.atomic
def disable(*, key: ApiKey, by: Actor, now: datetime, note: str = "", with_successor: bool = False) -> ApiKey:
    """Disable a live key, and the keys that it replaced as long as those work. Return the key.

    Disabling a disabled key is no error. If another member disables what its owner disabled, the owner cannot enable it.

    Args:
        with_successor: also disable the key that replaces this one, and return that key.

    Raises:
        NotAllowed; KeyNotFound: the key is no longer live.
    """
    chain = live_keys(lock_chain_to_stop(key, now, with_successor=with_successor), now)
    permissions.require_can_revoke(chain[-1], by)
    disable_all(chain, by=by, now=now, note=clean_note(note))
    return chain[-1]


def disable_all(
    chain: list[ApiKey],
    *,
    by: Actor,
    now: datetime,
    reason: ApiKey.DisableReason | None = None,
    **detail: Any,
) -> None:
    """Disable the locked keys. Record `detail` in the events.

    A lock by policy or by another member replaces a disable by the owner.
    """
    for link in chain:
        locks = reason == ApiKey.DisableReason.POLICY or (
            reason is None and not permissions.is_holder(link, by.member)
        )
        if link.disabled_at is None or (locks and not link.is_locked):
            link.disabled_at, link.disabled_by, link.disabled_reason = now, by.member, reason or ""
            link.save(update_fields=["disabled_at", "disabled_by", "disabled_reason"])
            event_detail = {"reason": reason.value, **detail} if reason else detail
            record_key_event(AuditEvent.Type.KEY_DISABLED, link, by, now, **event_detail)


@audit_denials("enable")
@transaction.atomic
def enable(*, key: ApiKey, by: Actor, now: datetime) -> ApiKey:
    """Enable a disabled key, and count its idle days from now. Return the key. Enabling an enabled key is no error.

    Raises:
        NotAllowed: `by` may not enable the key, or an administrator or operator disabled it;
        PolicyViolated: the policy disabled it, it still violates the policy, and its owner enables it;
        KeyNotFound: the key is no longer live.
    """
    owner = lock_owner(key.owner)
    chain = live_keys(lock_rotation_chain(key, now), now)
    newest = chain[-1]
    if newest.disabled_reason == ApiKey.DisableReason.POLICY and permissions.is_owner_only(newest, by):
        noncompliant = policy_compliance.check_key(policies.get_selected_policy(owner.workspace), newest, now)
        if noncompliant is not None:
            raise PolicyViolated(noncompliant.violations)
    for link in chain:
        if link.disabled_at is not None:
            permissions.require_can_enable(link, by)
            link.disabled_at = link.disabled_by = None
            link.disabled_reason, link.enabled_at = "", now
            link.save(update_fields=["disabled_at", "disabled_by", "disabled_reason", "enabled_at"])
            record_key_event(AuditEvent.Type.KEY_ENABLED, link, by, now)
    return chain[-1]
