"""Which live keys are a risk without need, and the one step that helps: an end, a pause, fewer scopes."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from keys import policies, scopes, usage
from keys.models import ApiKey, ApiKeyQuerySet, Member, RequestLog
from keys.rights import Rights
from portal.api.urls import OPERATIONS

IDLE_AFTER = timedelta(days=90)
USAGE_WINDOW = timedelta(days=30)
SUGGESTED_LIFETIME = timedelta(days=90)
_OPERATION_SCOPES = {operation.operation: operation.scope for operation in OPERATIONS}


@dataclass(frozen=True)
class Findings:
    never_expires: list[ApiKey]
    idle: list[ApiKey]
    too_broad: list[tuple[ApiKey, list[str]]]  # with the scopes that it did not use

    def __bool__(self) -> bool:
        return bool(self.never_expires or self.idle or self.too_broad)


def filter_idle(keys: ApiKeyQuerySet, now: datetime) -> ApiKeyQuerySet:
    """The live keys among `keys` that could be used and were not for 90 days."""
    since = now - IDLE_AFTER
    unused = Q(last_use=None, created_at__lte=since) | Q(last_use__at__lte=since)
    return keys.live(now).filter(unused, disabled_at=None)


def find_overbroad(keys: ApiKeyQuerySet, now: datetime) -> list[int]:
    """The primary keys of the live keys among `keys` that did without some of their scopes for 30 days."""
    old = list(keys.live(now).filter(created_at__lte=now - USAGE_WINDOW).select_related(None).order_by())
    used = _used_scopes(old, now)
    return [key.pk for key in old if unused_scopes(key, used[key.pk], now)]


def find_risks(keys: Collection[ApiKey], now: datetime) -> Findings:
    """What stands out among live keys; one query."""
    used = _used_scopes(keys, now)
    unused = [(key, unused_scopes(key, used[key.pk], now)) for key in keys]
    return Findings(
        never_expires=[key for key in keys if key.expires_at is None],
        idle=[key for key in keys if key.disabled_at is None and _is_idle(key, now)],
        too_broad=[(key, scopes_unused) for key, scopes_unused in unused if scopes_unused],
    )


def unused_scopes(key: ApiKey, used: Collection[str], now: datetime) -> list[str]:
    """Scopes that a key in use did without for 30 days; none for one that is younger, or used none that it has."""
    if not set(used) & set(key.scopes) or key.created_at > now - USAGE_WINDOW:
        return []
    return [scope for scope in key.scopes if scope not in used]


def rights_with_expiry(key: ApiKey, member: Member, now: datetime) -> Rights:
    """The key's rights with an end in 90 days, or in as long as the workspace lets a key live."""
    longest = policies.get_policy(member.workspace).max_lifetime
    return replace(key.rights, expires_at=now + min(SUGGESTED_LIFETIME, longest or SUGGESTED_LIFETIME))


def rights_as_used(key: ApiKey, now: datetime) -> Rights:
    """The key's rights with only the scopes that it used."""
    unused = unused_scopes(key, _used_scopes([key], now)[key.pk], now)
    return replace(key.rights, scopes=scopes.in_order(set(key.scopes) - set(unused)))


def _used_scopes(keys: Collection[ApiKey], now: datetime) -> dict[int, set[str]]:
    used: dict[int, set[str]] = defaultdict(set)
    calls = RequestLog.objects.filter(
        key__in=[key.pk for key in keys], at__gte=now - USAGE_WINDOW, outcome=usage.OK
    )
    for key_pk, operation in calls.values_list("key_id", "operation").distinct():
        scope = _OPERATION_SCOPES.get(operation)
        if scope is not None:
            used[key_pk].add(scope)
    return used


def _is_idle(key: ApiKey, now: datetime) -> bool:
    return (key.last_used_at or key.created_at) <= now - IDLE_AFTER
