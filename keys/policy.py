"""Who may do what with a key. Each rule stands once; every surface meets it through `keys.lifecycle`."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from django.db import transaction

from keys import audit, scopes
from keys.audit import Actor, Surface, noting_refusals
from keys.exceptions import (
    AddressesRequired,
    CreationNotAllowed,
    ExpiryTooFar,
    NotAllowed,
    OwnerNotAuthorized,
    PolicyChanged,
    ScopeNotAllowed,
    ScopeUnknown,
    TermInvalid,
    TooManyKeys,
)
from keys.models import ApiKey, AuditEvent, Member, Policy, Workspace
from keys.rights import Rights

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
_WITHOUT_A_PERSON = {Surface.CLI, Surface.SYSTEM, Surface.PUMBLE}
_CLOCKS_DIFFER = timedelta(minutes=5)  # a form filled in with the largest lifetime is sent a little later


@dataclass(frozen=True, slots=True)
class Terms:
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
                raise TermInvalid(term, least, most)
        unknown = [scope for scope in self.allowed_scopes or () if scope not in scopes.ALL]
        if unknown or self.allowed_scopes == []:
            raise ScopeUnknown(unknown)


TERMS = frozenset(field.name for field in fields(Terms))


def policy_of(workspace: Workspace | None) -> Policy:
    """The workspace's policy; the defaults, unsaved, where it never set one."""
    found = Policy.objects.filter(workspace=workspace).first() if workspace else None
    return found or Policy(workspace=workspace)


def loaded_policy(workspace: Workspace | None) -> Policy:
    """Return the policy that was selected with the workspace, or the defaults. `lock_owner` selects both."""
    return getattr(workspace, "policy", None) or Policy(workspace=workspace)


@noting_refusals
@transaction.atomic
def change_policy(
    *, workspace: Workspace, terms: Terms, by: Actor, now: datetime, revision: int | None = None
) -> Policy:
    """The workspace's new policy. Keys that are there already stay as they are: `keys.breaking` finds what breaks it.

    Args:
        revision: of the policy that is to be changed; None for whatever it is.

    Raises:
        NotAllowed: only owners and administrators of the workspace, and operators.
        TermInvalid, ScopeUnknown.
        PolicyChanged: it has another revision by now.
    """
    if not _may_oversee(by, workspace.pk) or any(one.workspace_id != workspace.pk for one in terms.chosen):
        raise NotAllowed
    terms.check()
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    policy = policy_of(workspace)
    if revision is not None and revision != policy.revision:
        raise PolicyChanged
    before = _told(policy)
    if terms.idle_days and (policy.idle_days is None or terms.idle_days < policy.idle_days):
        policy.idle_from = now
    for name in TERMS - {"chosen"}:
        setattr(policy, name, getattr(terms, name))
    policy.allowed_scopes = None if terms.allowed_scopes is None else scopes.in_order(terms.allowed_scopes)
    policy.save()
    policy.chosen.set(terms.chosen)
    after = _told(policy)
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


def is_entitled(owner: Member) -> bool:
    """Whether keys of `owner` may act."""
    workspace = owner.workspace
    return workspace is not None and may_act(owner.is_active, owner.authorized_at, workspace.installed_at)


def may_act(is_active: bool, authorized_at: datetime | None, installed_at: datetime | None) -> bool:  # noqa: FBT001
    """Whether somebody's keys may act: an active person who authorised the app, where that is installed."""
    return is_active and authorized_at is not None and installed_at is not None


def require_entitled(owner: Member) -> None:
    if not is_entitled(owner):
        raise OwnerNotAuthorized


def require_may_issue(policy: Policy, owner: Member, by: Actor) -> None:
    """People make keys for themselves only, where the policy lets them; the operator for anyone who is entitled.

    Raises:
        NotAllowed, CreationNotAllowed, OwnerNotAuthorized.
    """
    if by.surface != Surface.CLI:
        if by.member != owner:
            raise NotAllowed
        if not may_create(policy, owner):
            raise CreationNotAllowed
    require_entitled(owner)


def may_create(policy: Policy, owner: Member) -> bool:
    """Whether `owner` is among those whom the policy lets have keys."""
    if policy.creators == Policy.Creators.EVERYONE or owner.is_workspace_admin:
        return True
    return policy.creators == Policy.Creators.CHOSEN and owner in policy.chosen.all()


def require_fit(policy: Policy, rights: Rights, now: datetime) -> None:
    """
    Raises:
        ScopeNotAllowed, ExpiryTooFar, AddressesRequired: the policy lets no key have such rights.
    """
    if excess := excess_scopes(policy, rights):
        raise ScopeNotAllowed(excess)
    if ends_too_late(policy, rights, now):
        raise ExpiryTooFar(policy.largest_lifetime)
    if lacks_addresses(policy, rights):
        raise AddressesRequired


def excess_scopes(policy: Policy, rights: Rights) -> list[str]:
    """The scopes that the policy lets no key have."""
    allowed = policy.allowed_scopes
    return [] if allowed is None else [scope for scope in rights.scopes if scope not in allowed]


def ends_too_late(policy: Policy, rights: Rights, now: datetime) -> bool:
    longest = policy.largest_lifetime
    if rights.expires_at is None:
        return longest is not None or not policy.never_allowed
    return longest is not None and rights.expires_at - now > longest + _CLOCKS_DIFFER


def lacks_addresses(policy: Policy, rights: Rights) -> bool:
    return policy.addresses_required and not rights.allowed_addresses


def fitted(policy: Policy, rights: Rights, now: datetime) -> Rights | None:
    """As much of `rights` as the policy lets a key have; None where that is none.

    A key without an end gets the latest that the policy allows, in a year where it allows any.
    """
    excess = excess_scopes(policy, rights)
    left = [scope for scope in rights.scopes if scope not in excess]
    if not left or lacks_addresses(policy, rights):
        return None
    late = ends_too_late(policy, rights, now)
    end = now + (policy.largest_lifetime or LIFETIMES[-1]) if late else rights.expires_at
    return replace(rights, scopes=left, expires_at=end)


def require_room(policy: Policy, current_keys: int) -> None:
    """
    Raises:
        TooManyKeys: the owner has as many current keys as the policy allows.
    """
    if current_keys >= policy.most_keys:
        raise TooManyKeys(policy.most_keys)


def is_idle(policy: Policy, key: ApiKey, now: datetime) -> bool:
    """Whether the key has lain idle for longer than the policy lets a key."""
    return policy.idle_days is not None and key.idle_since <= now - timedelta(days=policy.idle_days)


def disabled_when_idle(policy: Policy, key: ApiKey) -> datetime | None:
    """When the key is disabled by itself unless it is used before; None where it never is."""
    if policy.idle_days is None:
        return None
    length = timedelta(days=policy.idle_days)
    end = key.idle_since + length
    return max(end, policy.idle_from + min(length, IDLE_GRACE)) if policy.idle_from else end


def require_may_stop(key: ApiKey, by: Actor) -> None:
    """Revoke or disable: its holder, owners and administrators of its workspace, operators, and the platform itself."""
    if by.member is None:
        allowed = by.surface in _WITHOUT_A_PERSON
    else:
        allowed = by.member == key.owner or _oversees(by.member, key.owner.workspace_id)
    if not allowed:
        raise NotAllowed


def require_may_enable(key: ApiKey, by: Actor) -> None:
    """Who may disable it; but what somebody above the holder decided to disable, the holder cannot enable.

    What was disabled for lying idle the holder can enable, and what did not fit the policy once it does:
    `keys.lifecycle.enable` sees to the latter.
    """
    require_may_stop(key, by)
    if is_holder_only(key, by) and key.is_held and not key.disabled_reason:
        raise NotAllowed


def is_holder_only(key: ApiKey, by: Actor) -> bool:
    """Whether `by` is the key's holder, and not also somebody who oversees the workspace's keys."""
    return by.member == key.owner and not _oversees(key.owner, key.owner.workspace_id)


def require_may_oversee(key: ApiKey, by: Actor) -> None:
    """Bring a key in line: owners and administrators of its workspace, and operators."""
    if not _may_oversee(by, key.owner.workspace_id):
        raise NotAllowed


def require_may_change(key: ApiKey, by: Actor) -> None:
    """Rename, narrow: its holder, and operators at the command line."""
    if by.surface != Surface.CLI and by.member != key.owner:
        raise NotAllowed


def _may_oversee(by: Actor, workspace_pk: int | None) -> bool:
    return by.surface == Surface.CLI if by.member is None else _oversees(by.member, workspace_pk)


def _oversees(person: Member, workspace_pk: int | None) -> bool:
    return person.is_superuser or (person.is_workspace_admin and person.workspace_id == workspace_pk)


def _told(policy: Policy) -> dict[str, object]:
    """Return the policy as an audit event records it."""
    return {name: getattr(policy, name) for name in TERMS - {"chosen", "largest_lifetime"}} | {
        "chosen": sorted(map(audit.ref_of, policy.chosen.all())) if policy.pk else [],
        "largest_lifetime_days": policy.largest_lifetime.days if policy.largest_lifetime else None,
    }
