"""From presented bytes to the key they are, or a refusal with its reason. One indexed query; none for what is no key."""

import hmac
from datetime import datetime

from django.conf import settings

from keys import addresses, keyformat, lifecycle, limits, policy
from keys.audit import Actor
from keys.compiled import OneRow
from keys.errors import (
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
from keys.models import ApiKey

_NOBODYS_DIGEST = bytes(32)


KEYS = OneRow(lambda key_id: ApiKey.objects.select_related("owner__workspace").filter(key_id=key_id))


def check(presented: bytes, *, by: Actor, now: datetime) -> ApiKey:
    """The usable key that `presented` is, with its owner and workspace loaded.

    Raises:
        KeyRefused: as `identify` and `admit` do.
    """
    return admit(identify(presented, by=by, now=now), by=by, now=now)


def identify(presented: bytes, *, by: Actor, now: datetime, among: OneRow[ApiKey] = KEYS) -> ApiKey:
    """The key that `presented` is, in whatever state, with its owner and workspace loaded.

    Args:
        among: the query that finds a key by its id, with whatever else is to be loaded beside it.

    Raises:
        KeyMalformed: wrong form or checksum; the database was not asked.
        KeyUnknown: no such key, or the right id with a wrong secret.
        RateLimited: instead of these, after too many of them from there or with that id. Never for a right key.
    """
    plaintext = keyformat.parse(presented)
    key = recognise(plaintext, among) if plaintext else None
    if plaintext is None or key is None:
        limits.count_refused(by.address, plaintext.key_id if plaintext else None)
        raise KeyUnknown if plaintext else KeyMalformed
    if key.pepper_number != next(iter(settings.KEY_PEPPERS)):
        lifecycle.rehash(key=key, plaintext=plaintext, by=by, now=now)
    return key


def admit(key: ApiKey, *, by: Actor, now: datetime) -> ApiKey:
    """The key, if it may be used now and from the address of `by`.

    A pending key whose right secret was presented was evidently shown to someone and becomes live.

    Raises:
        KeyRevoked, KeyRotated, KeyExpired, KeyDisabled, OwnerNotAuthorized, IpNotAllowed.
    """
    _require_open(key, by, now)
    if not policy.is_entitled(key.owner):
        raise OwnerNotAuthorized
    if key.allowed_addresses and not addresses.admits(key.allowed_addresses, by.address):
        raise IpNotAllowed(by.address)
    if key.confirmed_at is None:
        key = lifecycle.confirm(key=key, by=by, now=now)
        _require_open(key, by, now)
    return key


def require_scope(key: ApiKey, scope: str) -> None:
    if scope not in key.scopes:
        raise ScopeMissing(scope)


def recognise(plaintext: keyformat.Plaintext, among: OneRow[ApiKey] = KEYS) -> ApiKey | None:
    """The key with this very plaintext, in whatever state; None for an unknown id and for a wrong secret alike.

    Both do the same work: one query, one HMAC, one comparison in constant time.
    """
    peppers = settings.KEY_PEPPERS
    key = among.find(plaintext.key_id)
    pepper = peppers.get(key.pepper_number) if key else None
    stored = bytes(key.digest) if key and pepper else _NOBODYS_DIGEST
    same = hmac.compare_digest(plaintext.digest(pepper or next(iter(peppers.values()))), stored)
    return key if same else None


def _require_open(key: ApiKey, by: Actor, now: datetime) -> None:
    match key.state(now):
        case ApiKey.State.REVOKED:
            raise KeyRevoked
        case ApiKey.State.ROTATED:
            lifecycle.note_late_use(key=key, by=by, now=now)
            raise KeyRotated(key.retires_at or now)
        case ApiKey.State.EXPIRED:
            raise KeyExpired(key.expires_at or now)
        case ApiKey.State.DISABLED:
            raise KeyDisabled
        case _:
            pass
