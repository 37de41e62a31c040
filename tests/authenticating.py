"""A key presented as a call does, without the call."""

from datetime import datetime

from keys import authentication, key_cache, limits
from keys.audit import Actor
from keys.key_cache import KeyRecord
from keys.limits import CallBudget, LimitName, LimitStatus, RateLimit
from keys.models import ApiKey


def check(raw_key: bytes, *, by: Actor, now: datetime) -> ApiKey:
    """Return the row of a key that may be used now.

    Raises:
        KeyRefused, RateLimited: as `keys.authentication` does.
    """
    record, _own_limit = authentication.authenticate(raw_key, by=by, now=now)
    return ApiKey.objects.get(pk=authentication.authorize(record, by=by, now=now).pk)


def call_of(key: ApiKey, *, dry_run: bool = False) -> CallBudget:
    """Take one call from the key's own limit, and return what the call may take beside it."""
    record = key_cache.load(key.key_id)
    assert record is not None
    return CallBudget(record, limits.hit_key_limit(record), dry_run=dry_run)


def no_limits(record: KeyRecord) -> CallBudget:
    """What a call may take whose own limit was not asked for."""
    return CallBudget(record, LimitStatus(RateLimit(LimitName.KEY, "none", 1000), 1000, 60.0))
