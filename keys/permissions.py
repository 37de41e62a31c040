"""Who may do what to whose key. Each rule is here once, and every surface meets it through `keys.lifecycle`."""

from datetime import datetime

from keys import scopes
from keys.audit import Actor, Surface
from keys.exceptions import (
    CreationNotAllowed,
    DisabledByAdministrator,
    KeyManagesKeys,
    ManagementNotGiven,
    NotAllowed,
    OwnerNotAuthorized,
    WiderThanManagingKey,
)
from keys.models import ApiKey, Member, Policy
from keys.rights import Rights

_SURFACES_THAT_GIVE_MANAGEMENT = {Surface.WEB, Surface.ADMIN, Surface.CLI}
_SURFACES_WITHOUT_MEMBER = {Surface.CLI, Surface.SYSTEM, Surface.PUMBLE}


def is_entitled(owner: Member) -> bool:
    """Return whether the keys of `owner` may act."""
    workspace = owner.workspace
    return workspace is not None and can_act(owner.is_active, owner.authorized_at, workspace.installed_at)


def can_act(is_active: bool, authorized_at: datetime | None, installed_at: datetime | None) -> bool:  # noqa: FBT001
    """Return whether the keys of a member may act: the member is active and authorized the app, and the app is installed."""
    return is_active and authorized_at is not None and installed_at is not None


def require_entitled(owner: Member) -> None:
    """Raise OwnerNotAuthorized unless the keys of `owner` may act."""
    if not is_entitled(owner):
        raise OwnerNotAuthorized


def require_can_issue(policy: Policy, owner: Member, by: Actor) -> None:
    """Raise unless `by` may create keys of `owner`.

    Members create keys for themselves, if the policy allows it. Operators create keys for any member.

    Raises:
        NotAllowed: `by` is another member.
        CreationNotAllowed: the policy does not allow it.
        OwnerNotAuthorized: keys of `owner` may not act.
    """
    if by.surface != Surface.CLI:
        if by.member != owner:
            raise NotAllowed
        if not can_create(policy, owner):
            raise CreationNotAllowed
    require_entitled(owner)


def require_can_give(rights: Rights, by: Actor) -> None:
    """Raise unless `by` may give a new key these rights.

    A key gives no more than it has, and never the scope `keys:manage`. That scope is given only by a person in the
    dashboard and by operators.

    Raises:
        ManagementNotGiven, WiderThanManagingKey; NotAllowed: the key of `by` does not manage keys.
    """
    if scopes.MANAGE in rights.scopes and (
        by.key is not None or by.surface not in _SURFACES_THAT_GIVE_MANAGEMENT
    ):
        raise ManagementNotGiven
    if by.key is not None:
        if scopes.MANAGE not in by.key.scopes:
            raise NotAllowed
        _require_within(rights, by.key)


def require_managed(key: ApiKey, manager: ApiKey) -> None:
    """Raise unless the key `manager` may change and end `key`.

    Raises:
        NotAllowed: `manager` does not manage keys, or the keys have different owners.
        KeyManagesKeys: `key` manages keys too.
        WiderThanManagingKey: `key` has more rights.
    """
    if scopes.MANAGE not in manager.scopes or key.owner_id != manager.owner_id:
        raise NotAllowed
    if scopes.MANAGE in key.scopes:
        raise KeyManagesKeys
    _require_within(key.rights, manager)


def require_can_rotate(key: ApiKey, by: Actor) -> None:
    """Raise as `require_managed` if `by` is a key, and not `key` itself. `require_can_issue` has the other rules."""
    if by.key is not None and by.key.pk != key.pk:
        require_managed(key, by.key)


def _require_within(rights: Rights, manager: ApiKey) -> None:
    if field := rights.first_wider_field(manager.rights):
        raise WiderThanManagingKey(field)


def can_create(policy: Policy, owner: Member) -> bool:
    """Return whether the policy allows `owner` to have keys."""
    if policy.creators == Policy.Creators.EVERYONE or owner.is_workspace_admin:
        return True
    return policy.creators == Policy.Creators.CHOSEN and owner in policy.allowed_creators.all()


def require_can_revoke(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` may revoke or disable the key. A key may revoke itself and what it manages."""
    if by.key is None:
        require_can_stop_keys(key.owner, by)
    elif by.key.pk != key.pk:
        require_managed(key, by.key)


def require_can_stop_keys(owner: Member, by: Actor) -> None:
    """Raise NotAllowed unless `by` may revoke and disable the keys of `owner`.

    The owner may, owners and administrators of the workspace, operators, Pumble and maintenance.
    """
    if by.key is not None:
        allowed = False
    elif by.member is None:
        allowed = by.surface in _SURFACES_WITHOUT_MEMBER
    else:
        allowed = by.member == owner or manages(by.member, owner.workspace_id)
    if not allowed:
        raise NotAllowed


def require_can_enable(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` may enable the key.

    Everybody who may disable it may. But its owner may not enable what an administrator or operator disabled. The owner
    may enable a key that was disabled because it was idle, or for the policy if it complies by now, which
    `keys.lifecycle.enable` checks.

    Raises:
        DisabledByAdministrator: an administrator or operator disabled it, and `by` is only its owner.
    """
    require_can_revoke(key, by)
    if is_owner_only(key, by) and key.is_locked and not key.disabled_reason:
        raise DisabledByAdministrator


def is_owner_only(key: ApiKey, by: Actor) -> bool:
    """Return whether `by` is the owner of the key, or their key, and does not manage the keys of the workspace."""
    return by.member == key.owner and (by.key is not None or not manages(key.owner, key.owner.workspace_id))


def require_can_manage(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` is an owner or administrator of the key's workspace, or an operator."""
    if not can_manage(by, key.owner.workspace_id):
        raise NotAllowed


def require_can_change(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` may rename or narrow the key.

    Its owner may, operators on the command line, and a key that manages it.
    """
    if by.key is not None:
        require_managed(key, by.key)
    if by.surface != Surface.CLI and by.member != key.owner:
        raise NotAllowed


def can_manage(by: Actor, workspace_pk: int | None) -> bool:
    """Return whether `by` manages the keys of the workspace. A key never does, whoever its owner is."""
    if by.key is not None:
        return False
    return by.surface == Surface.CLI if by.member is None else manages(by.member, workspace_pk)


def manages(member: Member, workspace_pk: int | None) -> bool:
    """Return whether the member is an operator, or an owner or administrator of the workspace."""
    return member.is_superuser or (member.is_workspace_admin and member.workspace_id == workspace_pk)
