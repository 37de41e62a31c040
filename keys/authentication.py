"""From a raw key to the record of the key it is, or a refusal with its reason. No query for a key that was used lately."""

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
    OwnerNotAuthorized,
    ScopeMissing,
)
from keys.key_cache import KeyRecord
from keys.limits import LimitStatus
from keys.models import ApiKey

log = logging.getLogger(__name__)

Key = TypeVar("Key", ApiKey, KeyRecord)

_DUMMY_DIGEST = bytes(32)
_warned_of: set[str] = set()


def authenticate(raw_key: bytes, *, by: Actor, now: datetime) -> tuple[KeyRecord, LimitStatus]:
    """Return the record of the key, in whatever state, and how its own limit stands, of which one call was taken.

    Raises:
        KeyMalformed: wrong form or checksum; the database was not asked.
        KeyUnknown: no such key, or the right id with a wrong secret.
        RateLimited: instead of these, after too many of them from there or with that id. Never for a right key.
    """
    plaintext = key_format.parse(raw_key)
    if plaintext is None:
        limits.hit_failed_auth(by.address, None)
        raise KeyMalformed
    # A wrong secret is not refused from memory: that would take less time than to refuse an unknown id.
    record = _verified(plaintext, key_cache.local_cache.get(plaintext.key_id))
    standing = limits.hit_key_limit_if_current(record) if record else None
    if record is None or standing is None:
        if record is not None:
            key_cache.local_cache.drop(record.key_id)
        record = _read(plaintext)
        if record is None:
            limits.hit_failed_auth(by.address, plaintext.key_id)
            raise KeyUnknown
        standing = limits.hit_key_limit(record)
    if record.pepper_number != next(iter(settings.KEY_PEPPERS)):
        lifecycle.rehash(key_pk=record.pk, plaintext=plaintext, by=by, now=now)
    return record, standing


def authorize(record: KeyRecord, *, by: Actor, now: datetime) -> KeyRecord:
    """Return the record to go by, if the key may be used now and from the address of `by`.

    A pending key whose right secret was presented was evidently shown to someone and becomes live.

    Raises:
        KeyRevoked, KeyRotated, KeyExpired, KeyDisabled, OwnerNotAuthorized, IpNotAllowed.
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


def require_scope(record: KeyRecord, scope: str) -> None:
    if scope not in record.scopes:
        raise ScopeMissing(scope)


def find_by_plaintext(plaintext: key_format.Plaintext) -> ApiKey | None:
    """Return the row of the key with this very plaintext, in whatever state, with its owner and workspace.

    None for an unknown id and for a wrong secret alike.
    """
    rows = ApiKey.objects.select_related("owner__workspace")
    return _verified(plaintext, rows.filter(key_id=plaintext.key_id).first())


def _read(plaintext: key_format.Plaintext) -> KeyRecord | None:
    """Return the key as the database has it now; None for an unknown id and for a wrong secret alike.

    Where Redis had no number, or a newer one, the key is read once more: `chain_number.lua` says why.
    """
    token = f"?{secrets.token_hex(8)}"
    record, heard = _load(plaintext, token)
    if record is not None and heard is not None and heard != record.number:
        record, _heard = _load(plaintext, token)
        if record is not None and record.number < heard:
            _warn_of(record, heard)
    return record


def _load(plaintext: key_format.Plaintext, token: str) -> tuple[KeyRecord | None, int | None]:
    """Return the key, and the number that Redis now has: None where it is not asked or does not answer.

    The key is remembered where that is the number it was read with. In a transaction it is not, because what was read
    there may be taken back.
    """
    record = _verified(plaintext, key_cache.load(plaintext.key_id))
    if record is None or connection.in_atomic_block:
        return record, None
    heard = limits.backend().publish(record.workspace_pumble_id, record.number, token)
    if heard == record.number:
        key_cache.local_cache.put(record)
    return record, heard


def _warn_of(record: KeyRecord, number: int) -> None:
    """Log, once for each workspace, that Redis has a number that the database has not reached. No change makes one."""
    if record.workspace_pumble_id not in _warned_of:
        _warned_of.add(record.workspace_pumble_id)
        log.warning(
            "key_cache.number_ahead",
            extra={"workspace": record.workspace_id, "number": record.number, "in_redis": number},
        )


def _verified(plaintext: key_format.Plaintext, key: Key | None) -> Key | None:
    """Return the key, if `plaintext` is its. It takes as long where there is no key, or one under a pepper that is gone."""
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
