"""Authentication: from a raw key to the record of the key, or an exception with its reason.

A key that this process used within the last 30 seconds needs no query.
"""

import hmac
import logging
import secrets
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import connection

from keys import ip_networks, key_cache, key_format, lifecycle, limits, permissions
from keys.audit import Actor
from keys.exceptions import (
    IpNotAllowed,
    KeyDisabled,
    KeyExpired,
    KeyMalformed,
    KeyRevoked,
    KeyRotated,
    KeyUnknown,
    NotForWorkspaceKeys,
    OwnerNotAuthorized,
    ScopeMissing,
)
from keys.key_cache import KeyRecord
from keys.limits import LimitStatus
from keys.models import ApiKey

log = logging.getLogger(__name__)

Key = TypeVar("Key", ApiKey, KeyRecord)

_DUMMY_DIGEST = bytes(32)
_warned_workspaces: set[str] = set()


def authenticate(
    raw_key: bytes, *, by: Actor, now: datetime, counts: bool = True
) -> tuple[KeyRecord, LimitStatus]:
    """Return the record of the key, in any state, and the status of its own limit after this call was counted.

    Args:
        counts: whether this is a call. Failures are always counted.

    Raises:
        KeyMalformed: the form or the checksum is wrong. The database was not asked.
        KeyUnknown: the key does not exist, or its secret is wrong.
        RateLimited: too many of these failures came from the network or with the key id. Never raised for a valid key.
    """
    plaintext = key_format.parse(raw_key)
    if plaintext is None:
        limits.hit_failed_auth(by.address, None)
        raise KeyMalformed
    # Never refuse a wrong secret from memory: that would be faster than the answer to an unknown id.
    record = _verify(plaintext, key_cache.local_cache.get(plaintext.key_id)) if counts else None
    standing = limits.hit_key_limit_if_current(record) if record else None
    if record is None or standing is None:
        if record is not None:
            key_cache.local_cache.drop(record.key_id)
        record = _read(plaintext)
        if record is None:
            limits.hit_failed_auth(by.address, plaintext.key_id)
            raise KeyUnknown
        standing = limits.hit_key_limit(record) if counts else limits.test_key_limit(record)
    if record.pepper_number != next(iter(settings.KEY_PEPPERS)):
        lifecycle.rehash(key_pk=record.pk, plaintext=plaintext, by=by, now=now)
    return record, standing


def authorize(record: KeyRecord, *, by: Actor, now: datetime) -> KeyRecord:
    """Return the record of the key, if it may be used now and from the address of `by`.

    The first use of a pending key confirms it: its plaintext must have reached somebody. Use the returned record from then
    on.

    Raises:
        KeyRevoked, KeyRotated, KeyExpired, KeyDisabled: the key does not work.
        OwnerNotAuthorized: its owner or workspace does not.
        IpNotAllowed: the key has allowed addresses, and this is none of them.
    """
    _require_usable(record, by, now)
    if record.confirmed_at is not None:
        return record
    row = ApiKey.objects.select_related("owner").get(pk=record.pk)
    lifecycle.confirm(key=row, by=by, now=now)
    confirmed = key_cache.load(record.key_id)
    if confirmed is None:
        raise KeyUnknown
    _require_usable(confirmed, by, now)
    return confirmed


def reload(record: KeyRecord, *, by: Actor, now: datetime) -> KeyRecord:
    """Return the record as the database has it now, if the key may still be used. A call that takes long asks again.

    Raises:
        KeyUnknown: the key is gone.
        As `authorize`.
    """
    current = key_cache.load(record.key_id)
    if current is None:
        raise KeyUnknown
    return authorize(current, by=by, now=now)


def require_scope(record: KeyRecord, scope: str) -> None:
    """Raise ScopeMissing unless the key has the scope."""
    if scope not in record.scopes:
        raise ScopeMissing(scope)


def require_person(record: KeyRecord) -> None:
    """Raise NotForWorkspaceKeys if the key acts as the app's bot only."""
    if record.owner_is_bot:
        raise NotForWorkspaceKeys


def find_by_plaintext(plaintext: key_format.Plaintext) -> ApiKey | None:
    """Return the row of the key with this plaintext, in any state, with its owner and workspace.

    Return None if the id does not exist or the secret is wrong.
    """
    rows = ApiKey.objects.select_related("owner__workspace", "responsible")
    return _verify(plaintext, rows.filter(key_id=plaintext.key_id).first())


def _read(plaintext: key_format.Plaintext) -> KeyRecord | None:
    """Return the key as the database has it now. Return None if the id does not exist or the secret is wrong.

    If Redis had no number or a newer one, read the key once more: see `chain_number.lua`.
    """
    token = f"?{secrets.token_hex(8)}"
    record, redis_number = _load(plaintext, token)
    if record is not None and redis_number is not None and redis_number != record.number:
        record, _redis_number = _load(plaintext, token)
        if record is not None and record.number < redis_number:
            _warn_number_ahead(record, redis_number)
    return record


def _load(plaintext: key_format.Plaintext, token: str) -> tuple[KeyRecord | None, int | None]:
    """Return the key, and the number that Redis has now, or None if Redis is not asked or does not answer.

    Cache the key if both numbers are equal. In a transaction do not, because a rollback could undo what was read.
    """
    record = _verify(plaintext, key_cache.load(plaintext.key_id))
    if record is None or connection.in_atomic_block:
        return record, None
    redis_number = limits.backend().publish(record.workspace_pumble_id, record.number, token)
    if redis_number == record.number:
        key_cache.local_cache.put(record)
    return record, redis_number


def _warn_number_ahead(record: KeyRecord, number: int) -> None:
    """Log once for each workspace that Redis has a higher number than the database. No change can cause that."""
    if record.workspace_pumble_id not in _warned_workspaces:
        _warned_workspaces.add(record.workspace_pumble_id)
        log.warning(
            "key_cache.number_ahead",
            extra={"workspace": record.workspace_id, "number": record.number, "in_redis": number},
        )


def _verify(plaintext: key_format.Plaintext, key: Key | None) -> Key | None:
    """Return the key if the plaintext is its own. Take as long if there is no key, or if its pepper was removed."""
    peppers = settings.KEY_PEPPERS
    pepper = peppers.get(key.pepper_number) if key else None
    stored = bytes(key.digest) if key and pepper else _DUMMY_DIGEST
    is_same = hmac.compare_digest(plaintext.digest(pepper or next(iter(peppers.values()))), stored)
    return key if is_same else None


def _require_usable(record: KeyRecord, by: Actor, now: datetime) -> None:
    match record.state(now):
        case ApiKey.State.REVOKED:
            raise KeyRevoked
        case ApiKey.State.ROTATED:
            lifecycle.record_use_after_rotation(key_pk=record.pk, by=by, now=now)
            raise KeyRotated(record.retires_at or now)
        case ApiKey.State.EXPIRED:
            raise KeyExpired(record.expires_at or now)
        case ApiKey.State.DISABLED:
            raise KeyDisabled
        case _:
            pass
    if not permissions.can_act(
        record.owner_is_active, record.owner_authorized_at, record.workspace_installed_at
    ):
        raise OwnerNotAuthorized
    if record.allowed_addresses and not ip_networks.contains(record.allowed_addresses, by.address):
        raise IpNotAllowed(by.address)
