"""Live keys that are a needless risk, and the fix for each: an expiry date, a disable, fewer scopes."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from keys import policies, scopes, usage
from keys.models import ApiKey, ApiKeyQuerySet, Member, RequestLog
from keys.rights import Rights
from portal.api.message_view import FILES_SCOPE
from portal.api.urls import OPERATIONS

IDLE_AFTER = timedelta(days=90)
USAGE_WINDOW = timedelta(days=30)
SUGGESTED_LIFETIME = timedelta(days=90)
_OPERATION_SCOPES = {
    operation.operation: ({operation.scope} if operation.scope else {*operation.any_scope})
    # The log of calls does not say whether a message had files.
    | ({FILES_SCOPE} if operation.form_serializer else set())
    for operation in OPERATIONS
} | {name: {scopes.MANAGE} for name in ("rotateKey", "revokeKey")}  # of other keys


@dataclass(frozen=True)
class Findings:
    never_expires: list[ApiKey]
    idle: list[ApiKey]
    too_broad: list[tuple[ApiKey, list[str]]]  # each with its unused scopes

    def __bool__(self) -> bool:
        return bool(self.never_expires or self.idle or self.too_broad)


def filter_idle(keys: ApiKeyQuerySet, now: datetime) -> ApiKeyQuerySet:
    """Return the enabled live keys that were not used for 90 days."""
    since = now - IDLE_AFTER
    unused = Q(last_use=None, created_at__lte=since) | Q(last_use__at__lte=since)
    return keys.live(now).filter(unused, disabled_at=None)


def find_overbroad(keys: ApiKeyQuerySet, now: datetime) -> list[int]:
    """Return the primary keys of live keys that did not use all of their scopes for 30 days."""
    old = list(keys.live(now).filter(created_at__lte=now - USAGE_WINDOW).select_related(None).order_by())
    used = _used_scopes(old, now)
    return [key.pk for key in old if unused_scopes(key, used[key.pk], now)]


def find_risks(keys: Collection[ApiKey], now: datetime) -> Findings:
    """Return the risks among live keys, with one query."""
    used = _used_scopes(keys, now)
    unused = [(key, unused_scopes(key, used[key.pk], now)) for key in keys]
    return Findings(
        never_expires=[key for key in keys if key.expires_at is None],
        idle=[key for key in keys if key.disabled_at is None and _is_idle(key, now)],
        too_broad=[(key, scopes_unused) for key, scopes_unused in unused if scopes_unused],
    )


def unused_scopes(key: ApiKey, used: Collection[str], now: datetime) -> list[str]:
    """Return the scopes that a key did not use for 30 days. Return none if the key is younger or was not used.

    A key that manages others has scopes to give, so it needs no use for them.
    """
    if scopes.MANAGE in key.scopes and scopes.MANAGE in used:
        return []
    if not set(used) & set(key.scopes) or key.created_at > now - USAGE_WINDOW:
        return []
    return [scope for scope in key.scopes if scope not in used]


def rights_with_expiry(key: ApiKey, member: Member, now: datetime) -> Rights:
    """Return the key's rights with an expiry in 90 days, or earlier if the policy requires it."""
    max_lifetime = policies.get_policy(member.workspace).max_lifetime
    return replace(key.rights, expires_at=now + min(SUGGESTED_LIFETIME, max_lifetime or SUGGESTED_LIFETIME))


def rights_as_used(key: ApiKey, now: datetime) -> Rights:
    """Return the key's rights with only the scopes that it used."""
    unused = unused_scopes(key, _used_scopes([key], now)[key.pk], now)
    return replace(key.rights, scopes=scopes.in_order(set(key.scopes) - set(unused)))


def _used_scopes(keys: Collection[ApiKey], now: datetime) -> dict[int, set[str]]:
    used: dict[int, set[str]] = defaultdict(set)
    calls = RequestLog.objects.filter(
        key__in=[key.pk for key in keys], at__gte=now - USAGE_WINDOW, outcome=usage.OK
    )
    for key_pk, operation in calls.values_list("key_id", "operation").distinct():
        used[key_pk] |= _OPERATION_SCOPES.get(operation, set())
    return used


def _is_idle(key: ApiKey, now: datetime) -> bool:
    return (key.last_used_at or key.created_at) <= now - IDLE_AFTER
