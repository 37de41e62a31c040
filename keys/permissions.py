"""Who may do what to whose key. Each rule stands once; every surface meets it through `keys.lifecycle`."""

from datetime import datetime

from keys.audit import Actor, Surface
from keys.exceptions import CreationNotAllowed, NotAllowed, OwnerNotAuthorized
from keys.models import ApiKey, Member, Policy

_SURFACES_WITHOUT_MEMBER = {Surface.CLI, Surface.SYSTEM, Surface.PUMBLE}


def is_entitled(owner: Member) -> bool:
    """Whether keys of `owner` may act."""
    workspace = owner.workspace
    return workspace is not None and can_act(owner.is_active, owner.authorized_at, workspace.installed_at)


def can_act(is_active: bool, authorized_at: datetime | None, installed_at: datetime | None) -> bool:  # noqa: FBT001
    """Whether somebody's keys may act: an active person who authorised the app, where that is installed."""
    return is_active and authorized_at is not None and installed_at is not None


def require_entitled(owner: Member) -> None:
    if not is_entitled(owner):
        raise OwnerNotAuthorized


def require_can_issue(policy: Policy, owner: Member, by: Actor) -> None:
    """People make keys for themselves only, where the policy lets them; the operator for anyone who is entitled.

    Raises:
        NotAllowed, CreationNotAllowed, OwnerNotAuthorized.
    """
    if by.surface != Surface.CLI:
        if by.member != owner:
            raise NotAllowed
        if not can_create(policy, owner):
            raise CreationNotAllowed
    require_entitled(owner)


def can_create(policy: Policy, owner: Member) -> bool:
    """Whether `owner` is among those whom the policy lets have keys."""
    if policy.creators == Policy.Creators.EVERYONE or owner.is_workspace_admin:
        return True
    return policy.creators == Policy.Creators.CHOSEN and owner in policy.chosen.all()


def require_can_revoke(key: ApiKey, by: Actor) -> None:
    """Revoke or disable: its holder, owners and administrators of its workspace, operators, and the platform itself."""
    if by.member is None:
        allowed = by.surface in _SURFACES_WITHOUT_MEMBER
    else:
        allowed = by.member == key.owner or manages(by.member, key.owner.workspace_id)
    if not allowed:
        raise NotAllowed


def require_can_enable(key: ApiKey, by: Actor) -> None:
    """Who may disable it; but what somebody above the holder decided to disable, the holder cannot enable.

    What was disabled for lying idle the holder can enable, and what did not fit the policy once it does:
    `keys.lifecycle.enable` sees to the latter.
    """
    require_can_revoke(key, by)
    if is_owner_only(key, by) and key.is_held and not key.disabled_reason:
        raise NotAllowed


def is_owner_only(key: ApiKey, by: Actor) -> bool:
    """Whether `by` is the key's holder, and not also somebody who oversees the workspace's keys."""
    return by.member == key.owner and not manages(key.owner, key.owner.workspace_id)


def require_can_manage(key: ApiKey, by: Actor) -> None:
    """Bring a key in line: owners and administrators of its workspace, and operators."""
    if not can_manage(by, key.owner.workspace_id):
        raise NotAllowed


def require_can_change(key: ApiKey, by: Actor) -> None:
    """Rename, narrow: its holder, and operators at the command line."""
    if by.surface != Surface.CLI and by.member != key.owner:
        raise NotAllowed


def can_manage(by: Actor, workspace_pk: int | None) -> bool:
    return by.surface == Surface.CLI if by.member is None else manages(by.member, workspace_pk)


def manages(person: Member, workspace_pk: int | None) -> bool:
    return person.is_superuser or (person.is_workspace_admin and person.workspace_id == workspace_pk)
