"""From presented bytes to the key they are, or a refusal with its reason. One indexed query; none for what is no key."""

import hmac
from datetime import datetime

from django.conf import settings

from keys import keyformat, lifecycle, policy
from keys.audit import Actor
from keys.errors import (
    KeyExpired,
    KeyMalformed,
    KeyRevoked,
    KeyUnknown,
    OwnerNotAuthorized,
    ScopeMissing,
)
from keys.models import ApiKey

_NOBODYS_DIGEST = bytes(32)


def check(presented: bytes, *, by: Actor, now: datetime) -> ApiKey:
    """The live key that `presented` is, with its owner and workspace loaded.

    A pending key that is presented with the right secret was evidently shown to someone and becomes live.

    Raises:
        KeyMalformed: wrong form or checksum; the database was not asked.
        KeyUnknown: no such key, or the right id with a wrong secret.
        KeyExpired, KeyRevoked, OwnerNotAuthorized: told only to a caller who has the right secret.
    """
    plaintext = keyformat.parse(presented)
    if plaintext is None:
        raise KeyMalformed
    key = recognise(plaintext)
    if key is None:
        raise KeyUnknown
    state = key.state(now)
    if state == ApiKey.State.REVOKED:
        raise KeyRevoked
    if state == ApiKey.State.EXPIRED:
        raise KeyExpired(key.expires_at)
    if not policy.is_entitled(key.owner):
        raise OwnerNotAuthorized
    if state == ApiKey.State.PENDING:
        key = lifecycle.confirm(key=key, by=by, now=now)
        if key.revoked_at is not None:
            raise KeyRevoked
    return key


def require_scope(key: ApiKey, scope: str) -> None:
    if scope not in key.scopes:
        raise ScopeMissing(scope)


def recognise(plaintext: keyformat.Plaintext) -> ApiKey | None:
    """The key with this very plaintext, in whatever state; None for an unknown id and for a wrong secret alike.

    Both do the same work: one query, one HMAC, one comparison in constant time.
    """
    peppers = settings.KEY_PEPPERS
    key = ApiKey.objects.select_related("owner__workspace").filter(key_id=plaintext.key_id).first()
    pepper = peppers.get(key.pepper_number) if key else None
    stored = bytes(key.digest) if key and pepper else _NOBODYS_DIGEST
    same = hmac.compare_digest(plaintext.digest(pepper or next(iter(peppers.values()))), stored)
    return key if same else None
