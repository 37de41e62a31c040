"""Who may do what with a key. Each rule stands once; every surface meets it through `keys.lifecycle`."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import prefetch_related_objects

from keys import audit, permissions, scopes
from keys.audit import Actor, audit_denials
from keys.exceptions import (
    AddressesRequired,
    ExpiryTooFar,
    NotAllowed,
    PolicyChanged,
    PolicyValueInvalid,
    ScopeNotAllowed,
    ScopeUnknown,
    TooManyKeys,
)
from keys.models import ApiKey, ApiKeyQuerySet, AuditEvent, Member, Policy, Workspace
from keys.rights import Rights
from keys.violations import PolicyRule, Violation

LIFETIMES = tuple(timedelta(days=days) for days in (7, 30, 60, 90, 365))
# The least and the most of each number that a policy sets.
BOUNDS = {
    "largest_lifetime": (1, 3650),  # days
    "most_keys": (1, 1000),
    "idle_days": (1, 3650),
    "requests_kept_days": (1, 400),  # as long as hours are counted
}
# So long a stricter number of idle days stops no key: its holder is told and can use it.
IDLE_GRACE = timedelta(days=7)
_FIXED_BY_NARROWING = {PolicyRule.SCOPES, PolicyRule.EXPIRY}
CLOCK_SKEW = timedelta(minutes=5)  # a form filled in with the largest lifetime is sent a little later


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """What a workspace asks of its keys; `keys.models.Policy` says what each means. `chosen` are the people chosen."""

    creators: Policy.Creators = Policy.Creators.EVERYONE
    chosen: Collection[Member] = ()
    allowed_scopes: list[str] | None = None
    largest_lifetime: timedelta | None = None
    never_allowed: bool = True
    most_keys: int = 200
    addresses_required: bool = False
    idle_days: int | None = None
    requests_kept_days: int = 90
    leak_guard: bool = True

    def check(self) -> None:
        """
        Raises:
            TermInvalid: a number out of `BOUNDS`. ScopeUnknown: a scope that is none, or none at all.
        """
        for term, (least, most) in BOUNDS.items():
            value = getattr(self, term)
            number = value / timedelta(days=1) if isinstance(value, timedelta) else value
            if number is not None and not (least <= number <= most and number == int(number)):
                raise PolicyValueInvalid(term, least, most)
        unknown = [scope for scope in self.allowed_scopes or () if scope not in scopes.ALL]
        if unknown or self.allowed_scopes == []:
            raise ScopeUnknown(unknown)


POLICY_FIELDS = frozenset(field.name for field in fields(PolicyValues))


def get_policy(workspace: Workspace | None) -> Policy:
    """The workspace's policy; the defaults, unsaved, where it never set one."""
    found = Policy.objects.filter(workspace=workspace).first() if workspace else None
    return found or Policy(workspace=workspace)


def get_selected_policy(workspace: Workspace | None) -> Policy:
    """Return the policy that was selected with the workspace, or the defaults. `lock_owner` selects both."""
    return getattr(workspace, "policy", None) or Policy(workspace=workspace)


@audit_denials("change_policy")
@transaction.atomic
def change_policy(
    *, workspace: Workspace, terms: PolicyValues, by: Actor, now: datetime, revision: int | None = None
) -> Policy:
    """The workspace's new policy. Keys that are there already stay as they are: `keys.policies` finds what breaks it.

    Args:
        revision: of the policy that is to be changed; None for whatever it is.

    Raises:
        NotAllowed: only owners and administrators of the workspace, and operators.
        TermInvalid, ScopeUnknown.
        PolicyChanged: it has another revision by now.
    """
    if not permissions.can_manage(by, workspace.pk) or any(
        one.workspace_id != workspace.pk for one in terms.chosen
    ):
        raise NotAllowed
    terms.check()
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    policy = get_policy(workspace)
    if revision is not None and revision != policy.revision:
        raise PolicyChanged
    before = _policy_detail(policy)
    if terms.idle_days and (policy.idle_days is None or terms.idle_days < policy.idle_days):
        policy.idle_from = now
    for name in POLICY_FIELDS - {"chosen"}:
        setattr(policy, name, getattr(terms, name))
    policy.allowed_scopes = None if terms.allowed_scopes is None else scopes.in_order(terms.allowed_scopes)
    policy.save()
    policy.chosen.set(terms.chosen)
    after = _policy_detail(policy)
    if before != after:
        policy.revision += 1
        policy.save(update_fields=["revision"])
        event = AuditEvent.Type.POLICY_CHANGED
        audit.record(event, workspace=workspace, by=by, now=now, before=before, after=after)
    return policy


def expiry_choices(policy: Policy) -> list[timedelta | None]:
    """The usual lifetimes that the policy allows, shortest first; None is "never"."""
    longest = policy.largest_lifetime
    lifetimes: list[timedelta | None] = [one for one in LIFETIMES if longest is None or one <= longest]
    if longest is not None and longest not in lifetimes:
        lifetimes.append(longest)
    return [*lifetimes, None] if policy.never_allowed and longest is None else lifetimes


def require_compliant(policy: Policy, rights: Rights, now: datetime) -> None:
    """
    Raises:
        ScopeNotAllowed, ExpiryTooFar, AddressesRequired: the policy lets no key have such rights.
    """
    if excess := disallowed_scopes(policy, rights):
        raise ScopeNotAllowed(excess)
    if expires_too_late(policy, rights, now):
        raise ExpiryTooFar(policy.largest_lifetime)
    if lacks_addresses(policy, rights):
        raise AddressesRequired


def disallowed_scopes(policy: Policy, rights: Rights) -> list[str]:
    """The scopes that the policy lets no key have."""
    allowed = policy.allowed_scopes
    return [] if allowed is None else [scope for scope in rights.scopes if scope not in allowed]


def expires_too_late(policy: Policy, rights: Rights, now: datetime) -> bool:
    longest = policy.largest_lifetime
    if rights.expires_at is None:
        return longest is not None or not policy.never_allowed
    return longest is not None and rights.expires_at - now > longest + CLOCK_SKEW


def lacks_addresses(policy: Policy, rights: Rights) -> bool:
    return policy.addresses_required and not rights.allowed_addresses


def restrict_to_policy(policy: Policy, rights: Rights, now: datetime) -> Rights | None:
    """As much of `rights` as the policy lets a key have; None where that is none.

    A key without an end gets the latest that the policy allows, in a year where it allows any.
    """
    excess = disallowed_scopes(policy, rights)
    left = [scope for scope in rights.scopes if scope not in excess]
    if not left or lacks_addresses(policy, rights):
        return None
    late = expires_too_late(policy, rights, now)
    end = now + (policy.largest_lifetime or LIFETIMES[-1]) if late else rights.expires_at
    return replace(rights, scopes=left, expires_at=end)


def require_below_key_limit(policy: Policy, current_keys: int) -> None:
    """
    Raises:
        TooManyKeys: the owner has as many current keys as the policy allows.
    """
    if current_keys >= policy.most_keys:
        raise TooManyKeys(policy.most_keys)


def is_idle(policy: Policy, key: ApiKey, now: datetime) -> bool:
    """Whether the key has lain idle for longer than the policy lets a key."""
    return policy.idle_days is not None and key.idle_since <= now - timedelta(days=policy.idle_days)


def idle_deadline(policy: Policy, key: ApiKey) -> datetime | None:
    """When the key is disabled by itself unless it is used before; None where it never is."""
    if policy.idle_days is None:
        return None
    length = timedelta(days=policy.idle_days)
    end = key.idle_since + length
    return max(end, policy.idle_from + min(length, IDLE_GRACE)) if policy.idle_from else end


def _policy_detail(policy: Policy) -> dict[str, object]:
    """Return the policy as an audit event records it."""
    return {name: getattr(policy, name) for name in POLICY_FIELDS - {"chosen", "largest_lifetime"}} | {
        "chosen": sorted(map(audit.actor_reference, policy.chosen.all())) if policy.pk else [],
        "largest_lifetime_days": policy.largest_lifetime.days if policy.largest_lifetime else None,
    }


@dataclass(frozen=True, slots=True)
class NonCompliantKey:
    """A key that breaks the policy, and what bringing it in line makes of it.

    Attributes:
        fitting: the rights it is left with; None where no narrowing helps and it is disabled.
    """

    key: ApiKey
    breaches: list[Violation]
    fitting: Rights | None

    @property
    def is_only_idle(self) -> bool:
        return {breach.term for breach in self.breaches} == {PolicyRule.IDLE}


def find_noncompliant_keys(workspace: Workspace, now: datetime) -> Iterator[NonCompliantKey]:
    """The workspace's keys that break its policy, by their owners' names, newest first; few queries for all of them.

    A key that was disabled and that its holder cannot enable as it is counts as in line.
    """
    terms = get_policy(workspace)
    prefetch_related_objects([terms], "chosen")
    keys = _current_keys(now).filter(owner__workspace=workspace)
    for owner, group in groupby(
        keys.order_by("owner__name", "owner_id", "-created_at", "-pk").iterator(chunk_size=500),
        key=lambda key: key.owner,
    ):
        own = list(group)
        spare = sorted(own, key=_priority, reverse=True)[terms.most_keys :]
        may_create = permissions.can_create(terms, owner)
        for key in own:
            found = list(_find_violations(terms, key, now, may_create=may_create, is_spare=key in spare))
            if found:
                yield NonCompliantKey(key, found, _compliant_rights(terms, key, found, now))


def check_key(terms: Policy, key: ApiKey, now: datetime) -> NonCompliantKey | None:
    """In what the live key breaks `terms`, its workspace's policy; None where it does not.

    Where the policy allows fewer keys than there are, one that is held comes behind all others of its owner.
    """
    others = _current_keys(now).filter(owner=key.owner).exclude(pk=key.pk)
    ahead = sum(key.is_held or _priority(other) > _priority(key) for other in others)
    found = list(
        _find_violations(
            terms,
            key,
            now,
            may_create=permissions.can_create(terms, key.owner),
            is_spare=ahead >= terms.most_keys,
        )
    )
    return NonCompliantKey(key, found, _compliant_rights(terms, key, found, now)) if found else None


def _current_keys(now: datetime) -> ApiKeyQuerySet:
    related = ("owner__workspace", "last_use", "replaces__last_use")
    return ApiKey.objects.startable(now).select_related(*related)


def _priority(key: ApiKey) -> tuple[bool, datetime, int]:
    """Of too many keys the ones to stay are those that work, then those used last."""
    return key.disabled_at is None, key.idle_since, key.pk


def _compliant_rights(terms: Policy, key: ApiKey, found: Iterable[Violation], now: datetime) -> Rights | None:
    helps = {breach.term for breach in found} <= _FIXED_BY_NARROWING
    return restrict_to_policy(terms, key.rights, now) if helps else None


def _find_violations(
    terms: Policy, key: ApiKey, now: datetime, *, may_create: bool, is_spare: bool
) -> Iterator[Violation]:
    rights, longest = key.rights, terms.largest_lifetime
    if excess := disallowed_scopes(terms, rights):
        yield Violation(PolicyRule.SCOPES, scopes=tuple(excess))
    if expires_too_late(terms, rights, now):
        yield Violation(PolicyRule.EXPIRY, limit=longest.days if longest else None)
    if lacks_addresses(terms, rights):
        yield Violation(PolicyRule.ADDRESSES)
    if not may_create:
        yield Violation(PolicyRule.CREATORS)
    if is_spare:
        yield Violation(PolicyRule.MOST_KEYS, limit=terms.most_keys)
    if key.disabled_at is None and is_idle(terms, key, now):
        yield Violation(PolicyRule.IDLE, limit=terms.idle_days)
