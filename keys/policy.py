"""Who may do what with a key. Each rule stands once; every surface meets it through `keys.lifecycle`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from keys import audit, scopes
from keys.audit import Actor, Surface
from keys.errors import (
    AddressesRequired,
    CreationNotAllowed,
    ExpiryTooFar,
    NotAllowed,
    OwnerNotAuthorized,
    ScopeNotAllowed,
    ScopeUnknown,
    TooManyKeys,
)
from keys.models import ApiKey, AuditEvent, Member, Policy, Workspace
from keys.rights import Rights

LIFETIMES = tuple(timedelta(days=days) for days in (7, 30, 60, 90, 365))
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


def policy_of(workspace: Workspace | None) -> Policy:
    """The workspace's policy; the defaults, unsaved, where it never set one."""
    found = Policy.objects.filter(workspace=workspace).first() if workspace else None
    return found or Policy(workspace=workspace)


@transaction.atomic
def change_policy(*, workspace: Workspace, terms: Terms, by: Actor, now: datetime) -> Policy:
    """The workspace's new policy. Keys that are there already stay as they are.

    Raises:
        NotAllowed: only owners and administrators of the workspace, and operators.
        ScopeUnknown.
    """
    if by.member is None:
        permitted = by.surface == Surface.CLI
    else:
        permitted = by.member.is_superuser or (
            by.member.is_workspace_admin and by.member.workspace_id == workspace.pk
        )
    if not permitted or any(person.workspace_id != workspace.pk for person in terms.chosen):
        raise NotAllowed
    unknown = [scope for scope in terms.allowed_scopes or () if scope not in scopes.ALL]
    if unknown:
        raise ScopeUnknown(unknown)
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    policy = policy_of(workspace)
    before = _told(policy)
    policy.creators = terms.creators
    policy.allowed_scopes = None if terms.allowed_scopes is None else scopes.in_order(terms.allowed_scopes)
    policy.largest_lifetime = terms.largest_lifetime
    policy.never_allowed = terms.never_allowed
    policy.most_keys = terms.most_keys
    policy.addresses_required = terms.addresses_required
    policy.save()
    policy.chosen.set(terms.chosen)
    after = _told(policy)
    if before != after:
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
    """Whether keys of `owner` may act: an active person who authorised the app where it is installed."""
    workspace = owner.workspace
    return (
        owner.is_active
        and owner.authorized_at is not None
        and workspace is not None
        and workspace.installed_at is not None
    )


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
        chosen = policy.creators == Policy.Creators.CHOSEN and policy.chosen.filter(pk=owner.pk).exists()
        if policy.creators != Policy.Creators.EVERYONE and not (chosen or owner.is_workspace_admin):
            raise CreationNotAllowed
    require_entitled(owner)


def require_fit(policy: Policy, rights: Rights, now: datetime) -> None:
    """
    Raises:
        ScopeNotAllowed, ExpiryTooFar, AddressesRequired: the policy lets no key have such rights.
    """
    if policy.allowed_scopes is not None:
        excess = [scope for scope in rights.scopes if scope not in policy.allowed_scopes]
        if excess:
            raise ScopeNotAllowed(excess)
    longest = policy.largest_lifetime
    if rights.expires_at is None:
        if longest is not None or not policy.never_allowed:
            raise ExpiryTooFar(longest)
    elif longest is not None and rights.expires_at - now > longest + _CLOCKS_DIFFER:
        raise ExpiryTooFar(longest)
    if policy.addresses_required and not rights.allowed_addresses:
        raise AddressesRequired


def require_room(policy: Policy, owner: Member, now: datetime) -> None:
    """
    Raises:
        TooManyKeys: the owner has as many live keys as the policy allows.
    """
    if ApiKey.objects.filter(owner=owner).current(now).count() >= policy.most_keys:
        raise TooManyKeys(policy.most_keys)


def require_may_stop(key: ApiKey, by: Actor) -> None:
    """Revoke or disable: its holder, owners and administrators of its workspace, operators, and the platform itself."""
    if by.member is None:
        allowed = by.surface in _WITHOUT_A_PERSON
    else:
        allowed = by.member == key.owner or _oversees(by.member, key)
    if not allowed:
        raise NotAllowed


def require_may_enable(key: ApiKey, by: Actor) -> None:
    """Who may disable it; but what somebody above the holder disabled, the holder cannot enable."""
    require_may_stop(key, by)
    if by.member == key.owner and key.disabled_by != key.owner and not _oversees(key.owner, key):
        raise NotAllowed


def require_may_change(key: ApiKey, by: Actor) -> None:
    """Rename, narrow: its holder, and operators at the command line."""
    if by.surface != Surface.CLI and by.member != key.owner:
        raise NotAllowed


def _oversees(person: Member, key: ApiKey) -> bool:
    return person.is_superuser or (
        person.is_workspace_admin and person.workspace_id == key.owner.workspace_id
    )


def _told(policy: Policy) -> dict[str, object]:
    """The policy as an audit event tells it."""
    return {
        "creators": policy.creators,
        "chosen": sorted(map(audit.ref_of, policy.chosen.all())) if policy.pk else [],
        "allowed_scopes": policy.allowed_scopes,
        "largest_lifetime_days": policy.largest_lifetime.days if policy.largest_lifetime else None,
        "never_allowed": policy.never_allowed,
        "most_keys": policy.most_keys,
        "addresses_required": policy.addresses_required,
    }
