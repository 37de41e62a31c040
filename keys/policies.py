"""The policy of a workspace: its values, what it offers for new keys, and the checks of a key against it."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import transaction

from keys import audit, permissions, scopes
from keys.audit import Actor, audit_denials
from keys.exceptions import (
    AddressesRequired,
    ExpiryTooFar,
    FullAccessNotAllowed,
    NotAllowed,
    PolicyChanged,
    PolicyValueInvalid,
    ScopeNotAllowed,
    ScopeUnknown,
    TooManyKeys,
)
from keys.models import ApiKey, AuditEvent, Member, Policy, Workspace
from keys.rights import Rights

LIFETIMES = tuple(timedelta(days=days) for days in (7, 30, 60, 90, 365))
CAUTIOUS_LIFETIME = timedelta(days=30)
# The minimum and the maximum of each number in a policy.
BOUNDS = {
    "max_lifetime": (1, 3650),  # days
    "default_lifetime": (1, 3650),  # days
    "max_keys": (1, 1000),
    "idle_days": (1, 3650),
    "request_log_retention_days": (1, 400),  # hourly counts are kept as long
}
CLOCK_SKEW = timedelta(
    minutes=5
)  # a form with the longest lifetime arrives a little later than it was filled in


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """The values of a policy, as a form sends them. `keys.models.Policy` describes each."""

    creators: Policy.Creators = Policy.Creators.EVERYONE
    allowed_creators: Collection[Member] = ()
    allowed_scopes: list[str] | None = None
    full_access_forbidden: bool = False
    default_preset: str = ""
    max_lifetime: timedelta | None = None
    default_lifetime: timedelta | None = None
    allows_no_expiry: bool = True
    workspace_keys_allowed: bool = True
    max_keys: int = 200
    addresses_required: bool = False
    idle_days: int | None = None
    request_log_retention_days: int = 90
    leak_detection_enabled: bool = True
    events_allowed: bool = True

    def check(self) -> None:
        """Check the numbers and the scopes, and the defaults against them.

        Raises:
            PolicyValueInvalid: a number is not within `BOUNDS`, or the default lifetime exceeds the maximum.
            ScopeUnknown: a scope or the preset does not exist, or the list is empty.
            ScopeNotAllowed, FullAccessNotAllowed: the policy does not allow its own default permissions.
        """
        for field, (minimum, maximum) in BOUNDS.items():
            value = getattr(self, field)
            number = value / timedelta(days=1) if isinstance(value, timedelta) else value
            if number is not None and not (minimum <= number <= maximum and number == int(number)):
                raise PolicyValueInvalid(field, minimum, maximum)
        unknown = [scope for scope in self.allowed_scopes or () if scope not in scopes.KNOWN]
        if unknown or self.allowed_scopes == []:
            raise ScopeUnknown(unknown)
        if self.max_lifetime and self.default_lifetime and self.default_lifetime > self.max_lifetime:
            raise PolicyValueInvalid(
                "default_lifetime", BOUNDS["default_lifetime"][0], self.max_lifetime.days
            )
        self._check_default_preset()

    def _check_default_preset(self) -> None:
        """Check the default permissions. Full access stands for all that the workspace allows."""
        if not self.default_preset:
            return
        if self.default_preset not in scopes.PRESETS:
            raise ScopeUnknown([self.default_preset])
        allowed = scopes.ALL if self.allowed_scopes is None else self.allowed_scopes
        if self.default_preset == scopes.FULL_ACCESS:
            if self.full_access_forbidden and scopes.are_full_access(allowed):
                raise FullAccessNotAllowed(allowed)
        elif missing := [scope for scope in scopes.PRESETS[self.default_preset] if scope not in allowed]:
            raise ScopeNotAllowed(missing)


POLICY_FIELDS = frozenset(field.name for field in fields(PolicyValues))


def get_policy(workspace: Workspace | None) -> Policy:
    """Return the policy of the workspace, or an unsaved one with the defaults."""
    policy = Policy.objects.filter(workspace=workspace).first() if workspace else None
    return policy or Policy(workspace=workspace)


def get_selected_policy(workspace: Workspace | None) -> Policy:
    """Return the policy that was selected with the workspace, or the defaults. `lock_owner` selects both."""
    return getattr(workspace, "policy", None) or Policy(workspace=workspace)


@audit_denials("change_policy")
@transaction.atomic
def change_policy(
    *, workspace: Workspace, values: PolicyValues, by: Actor, now: datetime, revision: int | None = None
) -> Policy:
    """Set the policy of the workspace and return it. Existing keys stay as they are: see `keys.policy_compliance`.

    Args:
        revision: the revision of the policy that the change is based on; None for any.

    Raises:
        NotAllowed: `by` is no owner or administrator of the workspace and no operator, or an allowed creator belongs
            to another workspace.
        PolicyValueInvalid, ScopeUnknown: see `PolicyValues.check`.
        PolicyChanged: the policy has another revision.
    """
    if not permissions.can_manage(by, workspace.pk) or any(
        member.workspace_id != workspace.pk for member in values.allowed_creators
    ):
        raise NotAllowed
    values.check()
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    policy = get_policy(workspace)
    if revision is not None and revision != policy.revision:
        raise PolicyChanged
    before = _policy_detail(policy)
    if values.idle_days and (policy.idle_days is None or values.idle_days < policy.idle_days):
        policy.idle_rule_since = now
    for name in POLICY_FIELDS - {"allowed_creators"}:
        setattr(policy, name, getattr(values, name))
    policy.allowed_scopes = None if values.allowed_scopes is None else scopes.in_order(values.allowed_scopes)
    policy.save()
    policy.allowed_creators.set(values.allowed_creators)
    after = _policy_detail(policy)
    if before != after:
        policy.revision += 1
        policy.save(update_fields=["revision"])
        event = AuditEvent.Type.POLICY_CHANGED
        audit.record(event, workspace=workspace, by=by, now=now, before=before, after=after)
    return policy


def expiry_choices(policy: Policy) -> list[timedelta | None]:
    """Return the usual lifetimes that the policy allows, shortest first. None stands for "never"."""
    longest = policy.max_lifetime
    lifetimes: list[timedelta | None] = [
        lifetime for lifetime in LIFETIMES if longest is None or lifetime <= longest
    ]
    if longest is not None and longest not in lifetimes:
        lifetimes.append(longest)
    return [*lifetimes, None] if policy.allows_no_expiry and longest is None else lifetimes


def default_scopes(policy: Policy, *, cautious: bool = False) -> list[str]:
    """Return the scopes of a new key for which nobody chose permissions.

    A policy without default permissions gives full access, as Pumble's own app does. `cautious`, where people choose on
    a form, it proposes to read only. What the policy does not allow is left out.
    """
    preset = policy.default_preset or (scopes.READ_ONLY_PRESET if cautious else scopes.FULL_ACCESS)
    if preset == scopes.FULL_ACCESS:
        return widest_scopes(policy)
    offered = offered_scopes(policy)
    return [scope for scope in scopes.PRESETS[preset] if scope in offered] or widest_scopes(policy)


def default_lifetime(policy: Policy, *, cautious: bool = False) -> timedelta | None:
    """Return how long a new key works for which nobody chose an expiry. None stands for "never".

    A policy without a default lifetime gives the longest that it allows. `cautious`, where people choose on a form, it
    proposes 30 days.
    """
    wanted = policy.default_lifetime or (CAUTIOUS_LIFETIME if cautious else None)
    return _offered_lifetime(policy, wanted)


def renewal_lifetime(policy: Policy, key: ApiKey) -> timedelta | None:
    """Return how long the successor in a renewal works unless somebody chooses: about as long as the key was meant to."""
    if key.expires_at is None:
        return _offered_lifetime(policy, None)
    origin = key
    while origin.replaces is not None and not origin.is_renewal:
        origin = origin.replaces
    lifetime = key.expires_at - origin.created_at
    usual = [
        choice for choice in expiry_choices(policy) if choice is not None and choice >= lifetime - CLOCK_SKEW
    ]
    return usual[0] if usual else _offered_lifetime(policy, LIFETIMES[-1])


def _offered_lifetime(policy: Policy, wanted: timedelta | None) -> timedelta | None:
    """Return `wanted`, or the longest lifetime that the policy allows if that is shorter."""
    longest = expiry_choices(policy)[-1]
    if longest is None:
        return wanted
    return longest if wanted is None else min(wanted, policy.max_lifetime or wanted)


def offered_scopes(policy: Policy) -> list[str]:
    """Return the scopes of Pumble that the policy allows. `keys:manage` is never among them, because nothing proposes it."""
    allowed = scopes.ALL if policy.allowed_scopes is None else policy.allowed_scopes
    return [scope for scope in scopes.ALL if scope in allowed]


def allows_management(policy: Policy) -> bool:
    """Return whether the policy allows keys that manage other keys."""
    return policy.allowed_scopes is None or scopes.MANAGE in policy.allowed_scopes


def widest_scopes(policy: Policy) -> list[str]:
    """Return the most scopes that a new key can have; those that read, if the policy forbids full access to all scopes."""
    offered = offered_scopes(policy)
    return (
        list(scopes.READ_ONLY)
        if policy.full_access_forbidden and scopes.are_full_access(offered)
        else offered
    )


def offered_presets(policy: Policy) -> list[str]:
    """Return the names of the presets that the policy allows as they are."""
    offered = set(offered_scopes(policy))
    return [
        name
        for name, held in scopes.PRESETS.items()
        if offered.issuperset(held) and not (name == scopes.FULL_ACCESS and policy.full_access_forbidden)
    ]


def require_compliant(policy: Policy, rights: Rights, now: datetime) -> None:
    """Raise if the policy allows no key with these rights.

    Raises:
        ScopeNotAllowed, FullAccessNotAllowed, ExpiryTooFar, AddressesRequired.
    """
    if disallowed := disallowed_scopes(policy, rights):
        raise ScopeNotAllowed(disallowed)
    if has_forbidden_access(policy, rights):
        raise FullAccessNotAllowed(rights.scopes)
    if expires_too_late(policy, rights, now):
        raise ExpiryTooFar(policy.max_lifetime)
    if lacks_addresses(policy, rights):
        raise AddressesRequired


def disallowed_scopes(policy: Policy, rights: Rights) -> list[str]:
    """Return the scopes of `rights` that the policy does not allow."""
    allowed = policy.allowed_scopes
    return [] if allowed is None else [scope for scope in rights.scopes if scope not in allowed]


def has_forbidden_access(policy: Policy, rights: Rights) -> bool:
    """Return whether `rights` have every scope and the policy forbids that."""
    return policy.full_access_forbidden and scopes.are_full_access(rights.scopes)


def expires_too_late(policy: Policy, rights: Rights, now: datetime) -> bool:
    longest = policy.max_lifetime
    if rights.expires_at is None:
        return longest is not None or not policy.allows_no_expiry
    return longest is not None and rights.expires_at - now > longest + CLOCK_SKEW


def lacks_addresses(policy: Policy, rights: Rights) -> bool:
    return policy.addresses_required and not rights.allowed_addresses


def require_below_key_limit(policy: Policy, current_keys: int) -> None:
    """Raise if the owner has as many current keys as the policy allows.

    Raises:
        TooManyKeys.
    """
    if current_keys >= policy.max_keys:
        raise TooManyKeys(policy.max_keys)


def _policy_detail(policy: Policy) -> dict[str, object]:
    """Return the policy as an audit event records it. The names are stored, so they are older than those of the fields."""
    return {
        "creators": policy.creators,
        "chosen": sorted(map(audit.actor_reference, policy.allowed_creators.all())) if policy.pk else [],
        "allowed_scopes": policy.allowed_scopes,
        "full_access_forbidden": policy.full_access_forbidden,
        "default_preset": policy.default_preset,
        "default_lifetime_days": policy.default_lifetime.days if policy.default_lifetime else None,
        "largest_lifetime_days": policy.max_lifetime.days if policy.max_lifetime else None,
        "never_allowed": policy.allows_no_expiry,
        "workspace_keys_allowed": policy.workspace_keys_allowed,
        "most_keys": policy.max_keys,
        "addresses_required": policy.addresses_required,
        "idle_days": policy.idle_days,
        "requests_kept_days": policy.request_log_retention_days,
        "leak_guard": policy.leak_detection_enabled,
        "events_allowed": policy.events_allowed,
    }
