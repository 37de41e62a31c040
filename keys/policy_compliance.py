"""Keys that violate the policy of their workspace, and what would make them comply."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import prefetch_related_objects

from keys import permissions
from keys.models import ApiKey, ApiKeyQuerySet, Policy, Workspace
from keys.policies import (
    LIFETIMES,
    disallowed_scopes,
    expires_too_late,
    get_policy,
    has_forbidden_access,
    lacks_addresses,
)
from keys.rights import Rights
from keys.violations import PolicyRule, Violation

# A stricter number of idle days disables no key for this long. Its owner is told, and can use the key meanwhile.
IDLE_GRACE = timedelta(days=7)
_FIXED_BY_NARROWING = {PolicyRule.SCOPES, PolicyRule.EXPIRY}


@dataclass(frozen=True, slots=True)
class NonCompliantKey:
    """A key that violates the policy, and what `keys.lifecycle.enforce_policy` makes of it.

    Attributes:
        compliant_rights: the rights that it keeps. None if no narrowing helps, so that it is disabled.
    """

    key: ApiKey
    violations: list[Violation]
    compliant_rights: Rights | None

    @property
    def is_only_idle(self) -> bool:
        return {violation.rule for violation in self.violations} == {PolicyRule.IDLE}


def find_noncompliant_keys(workspace: Workspace, now: datetime) -> Iterator[NonCompliantKey]:
    """Yield the keys of the workspace that violate its policy, by owner's name, newest first.

    The number of queries does not grow with the number of keys. A disabled key that its owner cannot enable as it is
    counts as compliant.
    """
    policy = get_policy(workspace)
    prefetch_related_objects([policy], "allowed_creators")
    keys = _enableable_keys(now).filter(owner__workspace=workspace)
    for owner, group in groupby(
        keys.order_by("owner__name", "owner_id", "-created_at", "-pk").iterator(chunk_size=500),
        key=lambda key: key.owner,
    ):
        owner_keys = list(group)
        excess = sorted(owner_keys, key=_priority, reverse=True)[policy.max_keys :]
        can_create = permissions.can_create(policy, owner)
        for key in owner_keys:
            violations = list(
                _find_violations(policy, key, now, can_create=can_create, over_limit=key in excess)
            )
            if violations:
                yield NonCompliantKey(key, violations, _compliant_rights(policy, key, violations, now))


def check_key(policy: Policy, key: ApiKey, now: datetime) -> NonCompliantKey | None:
    """Return how the live key violates `policy`, the policy of its workspace, or None if it complies.

    If the owner has too many keys, locked keys count as the excess first.
    """
    others = _enableable_keys(now).filter(owner=key.owner).exclude(pk=key.pk)
    preferred = sum(key.is_locked or _priority(other) > _priority(key) for other in others)
    violations = list(
        _find_violations(
            policy,
            key,
            now,
            can_create=permissions.can_create(policy, key.owner),
            over_limit=preferred >= policy.max_keys,
        )
    )
    if not violations:
        return None
    return NonCompliantKey(key, violations, _compliant_rights(policy, key, violations, now))


def restrict_to_policy(policy: Policy, rights: Rights, now: datetime) -> Rights | None:
    """Return the part of `rights` that the policy allows, or None if it allows no part or does not say which.

    A key that expires too late gets the latest expiry that the policy allows, or one year if it only requires an expiry.
    """
    disallowed = disallowed_scopes(policy, rights)
    remaining = [scope for scope in rights.scopes if scope not in disallowed]
    if not remaining or lacks_addresses(policy, rights) or has_forbidden_access(policy, rights):
        return None
    too_late = expires_too_late(policy, rights, now)
    expires_at = now + (policy.max_lifetime or LIFETIMES[-1]) if too_late else rights.expires_at
    return replace(rights, scopes=remaining, expires_at=expires_at)


def is_idle(policy: Policy, key: ApiKey, now: datetime) -> bool:
    """Return whether the key was not used for longer than the policy allows."""
    return policy.idle_days is not None and key.idle_since <= now - timedelta(days=policy.idle_days)


def idle_deadline(policy: Policy, key: ApiKey) -> datetime | None:
    """Return when the key is disabled unless it is used before, or None if the policy disables no idle keys."""
    if policy.idle_days is None:
        return None
    length = timedelta(days=policy.idle_days)
    deadline = key.idle_since + length
    if policy.idle_rule_since is None:
        return deadline
    return max(deadline, policy.idle_rule_since + min(length, IDLE_GRACE))


def _enableable_keys(now: datetime) -> ApiKeyQuerySet:
    related = ("owner__workspace", "last_use", "replaces__last_use")
    return ApiKey.objects.enableable(now).select_related(*related)


def _priority(key: ApiKey) -> tuple[bool, datetime, int]:
    """Return the sort key of the keys to keep if there are too many: enabled ones first, then those used last."""
    return key.disabled_at is None, key.idle_since, key.pk


def _compliant_rights(
    policy: Policy, key: ApiKey, violations: Iterable[Violation], now: datetime
) -> Rights | None:
    is_fixable = {violation.rule for violation in violations} <= _FIXED_BY_NARROWING
    return restrict_to_policy(policy, key.rights, now) if is_fixable else None


def _find_violations(
    policy: Policy, key: ApiKey, now: datetime, *, can_create: bool, over_limit: bool
) -> Iterator[Violation]:
    rights, longest = key.rights, policy.max_lifetime
    if disallowed := disallowed_scopes(policy, rights):
        yield Violation(PolicyRule.SCOPES, scopes=tuple(disallowed))
    if has_forbidden_access(policy, rights):
        yield Violation(PolicyRule.FULL_ACCESS)
    if expires_too_late(policy, rights, now):
        yield Violation(PolicyRule.EXPIRY, limit=longest.days if longest else None)
    if lacks_addresses(policy, rights):
        yield Violation(PolicyRule.ADDRESSES)
    if not can_create:
        yield Violation(PolicyRule.CREATORS)
    if over_limit:
        yield Violation(PolicyRule.MAX_KEYS, limit=policy.max_keys)
    if key.disabled_at is None and is_idle(policy, key, now):
        yield Violation(PolicyRule.IDLE, limit=policy.idle_days)
