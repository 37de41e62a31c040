"""The steps of a call that concern its key, without the call."""

from datetime import datetime

from keys import authentication, key_cache, limits
from keys.audit import Actor
from keys.key_cache import KeyRecord
from keys.limits import CallBudget, LimitName, LimitStatus, RateLimit
from keys.models import ApiKey


def check(raw_key: bytes, *, by: Actor, now: datetime) -> ApiKey:
    """Authenticate a key, and return its row.

    Raises:
        KeyRefused, RateLimited: as `keys.authentication` does.
    """
    record, _own_limit = authentication.authenticate(raw_key, by=by, now=now)
    return ApiKey.objects.get(pk=authentication.authorize(record, by=by, now=now).pk)


def budget_of_call(key: ApiKey, *, dry_run: bool = False) -> CallBudget:
    """Count a call against the key's own limit, and return its budget."""
    record = key_cache.load(key.key_id)
    assert record is not None
    return CallBudget(record, limits.hit_key_limit(record), dry_run=dry_run)


def budget_without_limits(record: KeyRecord) -> CallBudget:
    """Return the budget of a call that was not counted."""
    return CallBudget(record, LimitStatus(RateLimit(LimitName.KEY, "none", 1000), 1000, 60.0))
