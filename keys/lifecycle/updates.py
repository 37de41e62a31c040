"""Changes of a key that is there: another name, fewer rights, stopped for a while or for good."""

from datetime import datetime
from typing import Any

from django.db import transaction

from keys import permissions, policies
from keys.audit import Actor, audit_denials
from keys.exceptions import CannotWidenRights, ExpiryInPast, PolicyViolated
from keys.lifecycle.events import record_key_event, rights_detail
from keys.lifecycle.locks import lock_live_rotation_chain, lock_owner
from keys.lifecycle.names import clean_name, clean_note, require_unique_name, taken_names
from keys.models import ApiKey, AuditEvent, IdempotentCall
from keys.rights import Rights


@audit_denials("rename")
@transaction.atomic
def rename(*, key: ApiKey, name: str, by: Actor, now: datetime) -> ApiKey:
    """Give a live key, and those it still shares its name with, another name.

    Raises:
        NotAllowed, NameInvalid, NameTaken, KeyRetiring; KeyNotFound where the key is no longer live.
    """
    lock_owner(key.owner)
    family = lock_live_rotation_chain(key, now)
    key = family[-1]
    permissions.require_can_change(key, by)
    before, after = key.name, clean_name(name)
    if before != after:
        after = require_unique_name(after, taken_names(key.owner, now, exclude=key))
        for one in family:
            one.name = after
            one.save(update_fields=["name"])
            record_key_event(AuditEvent.Type.KEY_RENAMED, one, by, now, before=before, after=after)
    return key


@audit_denials("narrow")
@transaction.atomic
def narrow(*, key: ApiKey, rights: Rights, by: Actor, now: datetime) -> ApiKey:
    """Leave a live key, and those it replaced that still work, no more than `rights` from now on.

    Answers that are kept for repetitions go: they may tell of what the key no longer sees.

    Raises:
        NotAllowed, KeyRetiring; WouldWiden: `rights` go beyond the key's; ExpiryInPast;
        KeyNotFound where the key is no longer live.
    """
    lock_owner(key.owner)
    family = lock_live_rotation_chain(key, now)
    permissions.require_can_change(family[-1], by)
    if rights.expires_at is not None and rights.expires_at <= now:
        raise ExpiryInPast(now)
    apply_rights(family, rights, by=by, now=now)
    return family[-1]


def apply_rights(family: list[ApiKey], rights: Rights, *, by: Actor, now: datetime, **why: Any) -> None:
    """Leave the locked keys no more than `rights`; `why` goes into the events.

    Raises:
        WouldWiden.
    """
    for one in family:
        before = one.rights
        if beyond := rights.first_wider_field(before):
            raise CannotWidenRights(beyond)
        if rights != before:
            one.rights = rights
            if one.retires_at is not None and rights.expires_at is not None:
                one.retires_at = min(one.retires_at, rights.expires_at)
            one.save()
            IdempotentCall.objects.filter(key=one).update(answer=None, ended_at=now)
            record_key_event(
                AuditEvent.Type.KEY_NARROWED,
                one,
                by,
                now,
                before=rights_detail(before),
                after=rights_detail(rights),
                **why,
            )


@audit_denials("disable")
@transaction.atomic
def disable(*, key: ApiKey, by: Actor, now: datetime, note: str = "") -> ApiKey:
    """Stop a live key, and those it replaced that still work, until it is enabled.

    Disabling twice is no error; but what the holder could enable again, they cannot once another disabled it.

    Raises:
        NotAllowed, KeyRetiring; KeyNotFound where the key is no longer live.
    """
    family = lock_live_rotation_chain(key, now)
    permissions.require_can_revoke(family[-1], by)
    disable_all(family, by=by, now=now, note=clean_note(note))
    return family[-1]


def disable_all(
    family: list[ApiKey], *, by: Actor, now: datetime, reason: ApiKey.DisableReason | None = None, **why: Any
) -> None:
    """Disable the locked keys; `why` goes into the events. What holds a key takes the place of what does not."""
    for one in family:
        holds = reason == ApiKey.DisableReason.POLICY or (reason is None and by.member != one.owner)
        if one.disabled_at is None or (holds and not one.is_locked):
            one.disabled_at, one.disabled_by, one.disabled_reason = now, by.member, reason or ""
            one.save(update_fields=["disabled_at", "disabled_by", "disabled_reason"])
            detail = {"reason": reason.value, **why} if reason else why
            record_key_event(AuditEvent.Type.KEY_DISABLED, one, by, now, **detail)


@audit_denials("enable")
@transaction.atomic
def enable(*, key: ApiKey, by: Actor, now: datetime) -> ApiKey:
    """Let a disabled key work again, and count its idle days anew. Enabling one that is not disabled is no error.

    Raises:
        NotAllowed: not `by`'s to enable, or somebody above the holder disabled it; KeyRetiring;
        BreaksPolicy: it was disabled for not fitting the policy, and its holder wants it back as it is;
        KeyNotFound where the key is no longer live.
    """
    owner = lock_owner(key.owner)
    family = lock_live_rotation_chain(key, now)
    newest = family[-1]
    if newest.disabled_reason == ApiKey.DisableReason.POLICY and permissions.is_owner_only(newest, by):
        broken = policies.check_key(policies.get_selected_policy(owner.workspace), newest, now)
        if broken is not None:
            raise PolicyViolated(broken.violations)
    for one in family:
        if one.disabled_at is not None:
            permissions.require_can_enable(one, by)
            one.disabled_at = one.disabled_by = None
            one.disabled_reason, one.enabled_at = "", now
            one.save(update_fields=["disabled_at", "disabled_by", "disabled_reason", "enabled_at"])
            record_key_event(AuditEvent.Type.KEY_ENABLED, one, by, now)
    return family[-1]
