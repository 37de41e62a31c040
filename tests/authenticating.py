"""A key presented as a call does, without the call."""

from datetime import datetime

from keys import authentication, key_cache, limits
from keys.audit import Actor
from keys.key_cache import KeyRecord
from keys.limits import Allowance, Standing, Whose, Window
from keys.models import ApiKey


def check(raw_key: bytes, *, by: Actor, now: datetime) -> ApiKey:
    """Return the row of a key that may be used now.

    Raises:
        KeyRefused, RateLimited: as `keys.authentication` does.
    """
    record, _own_limit = authentication.authenticate(raw_key, by=by, now=now)
    return ApiKey.objects.get(pk=authentication.authorize(record, by=by, now=now).pk)


def call_of(key: ApiKey, *, rehearsal: bool = False) -> Allowance:
    """Take one call from the key's own limit, and return what the call may take beside it."""
    record = key_cache.load(key.key_id)
    assert record is not None
    return Allowance(record, limits.hit_own(record), rehearsal=rehearsal)


def no_limits(record: KeyRecord) -> Allowance:
    """What a call may take whose own limit was not asked for."""
    return Allowance(record, Standing(Window(Whose.KEY, "none", 1000), 1000, 60.0))
