"""Everything that changes a key: issue, confirm, rename, revoke. Each is one transaction with its audit event."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from keys import audit, keyformat, policy
from keys import scopes as scope_names
from keys.audit import Actor
from keys.errors import ExpiryInvalid, KeyNotFound, NameInvalid, NameTaken, ScopeUnknown
from keys.models import ApiKey, AuditEvent, Member, Workspace

MAX_NAME_LENGTH = 64
PENDING_FOR = timedelta(minutes=15)
_JOINER = "\u200d"  # holds emoji sequences together; every other invisible character could disguise a name


@transaction.atomic
def issue(
    *,
    owner: Member,
    name: str | None,
    by: Actor,
    now: datetime,
    scopes: Sequence[str] = scope_names.ALL,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, keyformat.Plaintext]:
    """A new key of `owner`, pending, and its plaintext, which exists nowhere else.

    The caller delivers the plaintext and then calls `confirm`, or `revoke` where delivery failed or is uncertain.

    Args:
        name: 1 to 64 visible characters, unique among the owner's live keys; None takes the next free `key-N`.
        expires_at: aware; None never expires.

    Raises:
        OwnerNotAuthorized, NotAllowed, NameInvalid, NameTaken, ScopeUnknown, ExpiryInvalid.
    """
    owner = _lock(owner)
    policy.require_may_issue(owner, by)
    held = set(scopes)
    if not held or not held <= set(scope_names.ALL):
        raise ScopeUnknown(", ".join(sorted(held - set(scope_names.ALL))))
    if expires_at is not None and expires_at <= now:
        raise ExpiryInvalid
    plaintext = keyformat.generate()
    pepper_number, pepper = next(iter(settings.KEY_PEPPERS.items()))
    key = ApiKey.objects.create(
        key_id=plaintext.key_id,
        owner=owner,
        name=_next_name(owner, now) if name is None else _free_name(owner, name, now),
        digest=plaintext.digest(pepper),
        pepper_number=pepper_number,
        last_four=plaintext.last_four,
        scopes=[scope for scope in scope_names.ALL if scope in held],
        created_at=now,
        expires_at=expires_at,
    )
    _record(
        AuditEvent.Type.KEY_ISSUED,
        key,
        by,
        now,
        name=key.name,
        scopes=key.scopes,
        expires_at=_iso(expires_at),
    )
    return key, plaintext


@transaction.atomic
def confirm(*, key: ApiKey, by: Actor, now: datetime) -> ApiKey:
    """The key's plaintext has reached someone: a pending key becomes live. Any other key stays as it is."""
    key = _lock_key(key)
    if key.revoked_at is None and key.confirmed_at is None:
        key.confirmed_at = now
        key.save(update_fields=["confirmed_at"])
        _record(AuditEvent.Type.KEY_CONFIRMED, key, by, now)
    return key


@transaction.atomic
def rename(*, key: ApiKey, name: str, by: Actor, now: datetime) -> ApiKey:
    """Give a live key another name.

    Raises:
        NotAllowed, NameInvalid, NameTaken; KeyNotFound where the key is no longer live.
    """
    _lock(key.owner)
    key = _lock_key(key)
    policy.require_may_rename(key, by)
    if key.state(now) in {ApiKey.State.REVOKED, ApiKey.State.EXPIRED}:
        raise KeyNotFound
    before, after = key.name, clean_name(name)
    if before != after:
        key.name = _free_name(key.owner, after, now)
        key.save(update_fields=["name"])
        _record(AuditEvent.Type.KEY_RENAMED, key, by, now, before=before, after=after)
    return key


@transaction.atomic
def revoke(*, key: ApiKey, by: Actor, reason: ApiKey.RevokeReason, now: datetime, note: str = "") -> ApiKey:
    """Stop a key for good. Revoking twice is not an error and keeps the first reason.

    A key that was pasted where it does not belong is revoked whoever pasted it: they hold the plaintext.

    Raises:
        NotAllowed: `by` may not revoke this key.
    """
    key = _lock_key(key)
    if reason != ApiKey.RevokeReason.PASTED:
        policy.require_may_revoke(key, by)
    if key.revoked_at is not None:
        return key
    key.revoked_at, key.revoked_reason, key.revoked_note = now, reason, note[:200]
    key.revoked_by = by.member
    key.save(update_fields=["revoked_at", "revoked_reason", "revoked_note", "revoked_by"])
    _record(AuditEvent.Type.KEY_REVOKED, key, by, now, reason=reason.value, note=key.revoked_note)
    return key


def revoke_stale_pending(*, now: datetime) -> int:
    """Revoke keys that stayed pending for 15 minutes: nobody was shown them. How many that were."""
    stale = ApiKey.objects.filter(
        confirmed_at__isnull=True, revoked_at__isnull=True, created_at__lte=now - PENDING_FOR
    ).select_related("owner__workspace")
    revoked = 0
    for key in stale.iterator(chunk_size=500):
        with transaction.atomic():
            # Presented or delivered meanwhile: then it is somebody's key and stays.
            if _lock_key(key).confirmed_at is None:
                revoke(key=key, by=audit.MAINTENANCE, reason=ApiKey.RevokeReason.NOT_DELIVERED, now=now)
                revoked += 1
    return revoked


def clean_name(name: str) -> str:
    """`name` with blanks folded.

    Raises:
        NameInvalid: empty, over 64 characters, with invisible characters, or with a key in it.
    """
    folded = " ".join(name.split())
    invisible = any(unicodedata.category(char).startswith("C") and char != _JOINER for char in folded)
    if not folded or len(folded) > MAX_NAME_LENGTH or invisible or keyformat.looks_like_key(folded):
        raise NameInvalid
    return folded


def _free_name(owner: Member, name: str, now: datetime) -> str:
    name = clean_name(name)
    if name.casefold() in _taken_names(owner, now):
        raise NameTaken
    return name


def _next_name(owner: Member, now: datetime) -> str:
    taken = _taken_names(owner, now)
    number = 1
    while f"key-{number}" in taken:
        number += 1
    return f"key-{number}"


def _taken_names(owner: Member, now: datetime) -> set[str]:
    return {
        name.casefold()
        for name in ApiKey.objects.filter(owner=owner).live(now).values_list("name", flat=True)
    }


def _lock(owner: Member) -> Member:
    """The owner's row, locked after its workspace's: names stay unique, and nobody leaves while a key is made.

    Everyone who locks both takes the workspace first, so that no two wait for each other.
    """
    Workspace.objects.select_for_update(no_key=True).filter(members=owner).first()
    return (
        Member.objects.select_related("workspace")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=owner.pk)
    )


def _lock_key(key: ApiKey) -> ApiKey:
    return (
        ApiKey.objects.select_related("owner__workspace")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=key.pk)
    )


def _record(
    event_type: AuditEvent.Type, key: ApiKey, by: Actor, now: datetime, **detail: str | int | list[str] | None
) -> None:
    workspace = key.owner.workspace
    if workspace is None:
        raise KeyNotFound  # a key's owner is always a member; an operator cannot hold one
    audit.record(event_type, workspace=workspace, key=key, member=key.owner, by=by, now=now, **detail)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
