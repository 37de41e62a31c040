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
    NotAWorkspaceManager,
    OwnerNotAuthorized,
    ResponsibleInvalid,
    WiderThanManagingKey,
    WorkspaceKeysNotAllowed,
)
from keys.models import ApiKey, Member, Policy
from keys.rights import Rights

_SURFACES_THAT_GIVE_MANAGEMENT = {Surface.WEB, Surface.ADMIN, Surface.CLI}
_RESPONSIBLE_ROLES = {Member.Role.OWNER, Member.Role.ADMINISTRATOR, Member.Role.USER}
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

    Members create keys for themselves, if the policy allows it. Owners and administrators create workspace keys. Operators
    create keys for any member.

    Raises:
        NotAllowed: `by` is another member, or does not manage the keys of the workspace.
        CreationNotAllowed: the policy does not allow it. It binds operators too where it allows no workspace keys.
        OwnerNotAuthorized: keys of `owner` may not act.
    """
    if owner.is_bot:
        may_create = by.member == owner if by.key is not None else can_manage(by, owner.workspace_id)
        if not may_create:
            raise NotAWorkspaceManager
        _require_workspace_keys_allowed(policy)
    elif by.surface != Surface.CLI:
        if by.member != owner:
            raise NotAllowed
        if not can_create(policy, owner):
            raise CreationNotAllowed
    require_entitled(owner)


def require_can_give(rights: Rights, by: Actor) -> None:
    """Raise unless `by` may give a new key these rights.

    A key gives no more than it has, and never the scope `keys:manage`. That scope is given only by a person in the
    dashboard and by operators. A workspace key without a channel list may give a list, which it found with its own
    rights: it sees public channels only.

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
        require_not_wider(rights, by.key)


def require_not_wider(rights: Rights, manager: ApiKey) -> None:
    """Raise WiderThanManagingKey if `rights` exceed those of the key `manager`."""
    if field := rights.first_wider_field(manager.rights):
        raise WiderThanManagingKey(field)


def require_managed(key: ApiKey, manager: ApiKey) -> None:
    """Raise unless the key `manager` may change and end `key`.

    Raises:
        NotAllowed: `manager` does not manage keys, or the keys have different owners.
        KeyManagesKeys: `key` manages keys too.
        WiderThanManagingKey: `key` has more rights. A channel list of a workspace key can have private channels, unless
            `manager`, which has no list, created the key.
    """
    if scopes.MANAGE not in manager.scopes or key.owner_id != manager.owner_id:
        raise NotAllowed
    if scopes.MANAGE in key.scopes:
        raise KeyManagesKeys
    is_created = key.created_by_key_id == manager.pk
    field = (
        key.rights.first_wider_field(manager.rights) if is_created else manager.first_wider_field(key.rights)
    )
    if field:
        raise WiderThanManagingKey(field)


def require_can_rotate(policy: Policy, key: ApiKey, by: Actor) -> None:
    """Raise unless `by` may create a successor of the key. A key may rotate itself, and what it manages.

    Raises:
        NotAllowed, CreationNotAllowed, OwnerNotAuthorized: see `require_can_issue`. Who is responsible for a workspace key
            may rotate it too.
        KeyManagesKeys, WiderThanManagingKey: see `require_managed`.
    """
    if by.key is not None and by.key.pk != key.pk:
        require_managed(key, by.key)
    if not key.is_workspace_key:
        require_can_issue(policy, key.owner, by)
        return
    if by.key is None:
        require_can_change(key, by)
    _require_workspace_keys_allowed(policy)
    require_entitled(key.owner)


def _require_workspace_keys_allowed(policy: Policy) -> None:
    if not policy.workspace_keys_allowed:
        raise WorkspaceKeysNotAllowed


def require_can_be_responsible(member: Member, workspace_pk: int | None) -> None:
    """Raise ResponsibleInvalid unless the member can be responsible for workspace keys of the workspace.

    Owners, administrators and members can, if they are active and authorize the app. Guests cannot, and nobody with a role
    that is not known.
    """
    problem = ResponsibleInvalid.Problem
    if member.is_bot or member.workspace_id is None or member.workspace_id != workspace_pk:
        raise ResponsibleInvalid(problem.UNKNOWN)
    if not member.is_active:
        raise ResponsibleInvalid(problem.INACTIVE)
    if member.role not in _RESPONSIBLE_ROLES:
        raise ResponsibleInvalid(problem.GUEST)
    if member.authorized_at is None:
        raise ResponsibleInvalid(problem.NOT_AUTHORIZED)


# The same rule as a query, beside that of the workspace.
CAN_BE_RESPONSIBLE = {
    "is_active": True,
    "role__in": sorted(_RESPONSIBLE_ROLES),
    "authorized_at__isnull": False,
}


def keeps_responsibility(member: Member) -> bool:
    """Return whether a member stays responsible for their workspace keys: they are active and no guest.

    A member whose token Pumble rejects stays responsible. They sign in again.
    """
    return member.is_active and member.role in _RESPONSIBLE_ROLES


def can_create(policy: Policy, owner: Member) -> bool:
    """Return whether the policy allows `owner` to have keys."""
    if owner.is_bot:
        return policy.workspace_keys_allowed
    if policy.creators == Policy.Creators.EVERYONE or owner.is_workspace_admin:
        return True
    return policy.creators == Policy.Creators.CHOSEN and owner in policy.allowed_creators.all()


def require_can_revoke(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` may revoke or disable the key: see `require_can_stop_keys`.

    Who is responsible for a workspace key may too. A key may revoke itself and what it manages.
    """
    if by.key is None:
        if not is_holder(key, by.member):
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
        DisabledByAdministrator: an administrator or operator disabled it, and `by` is only its holder.
    """
    require_can_revoke(key, by)
    if is_owner_only(key, by) and key.is_locked and not key.disabled_reason:
        raise DisabledByAdministrator


def is_owner_only(key: ApiKey, by: Actor) -> bool:
    """Return whether `by` is the holder of the key, or a key, and does not manage the keys of the workspace."""
    if by.key is not None:
        return True
    return (
        by.member is not None and is_holder(key, by.member) and not manages(by.member, key.owner.workspace_id)
    )


def is_holder(key: ApiKey, member: Member | None) -> bool:
    """Return whether the member owns the key, or is responsible for it. The bot acts through workspace keys only."""
    return member is not None and member in {key.owner, key.responsible}


def require_can_manage(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` is an owner or administrator of the key's workspace, or an operator."""
    if not can_manage(by, key.owner.workspace_id):
        raise NotAllowed


def require_can_change(key: ApiKey, by: Actor) -> None:
    """Raise NotAllowed unless `by` may rename, narrow or hand over the key.

    Its holder may, operators on the command line, and a key that manages it. Owners and administrators of the workspace may
    change its workspace keys.
    """
    if by.key is not None:
        require_managed(key, by.key)
        return
    if by.surface == Surface.CLI or is_holder(key, by.member):
        return
    if not key.is_workspace_key or by.member is None or by.member.is_superuser:
        raise NotAllowed
    if not manages(by.member, key.owner.workspace_id):
        raise NotAllowed


def can_manage(by: Actor, workspace_pk: int | None) -> bool:
    """Return whether `by` manages the keys of the workspace. A key never does, whoever its owner is."""
    if by.key is not None:
        return False
    return by.surface == Surface.CLI if by.member is None else manages(by.member, workspace_pk)


def manages(member: Member, workspace_pk: int | None) -> bool:
    """Return whether the member is an operator, or an owner or administrator of the workspace."""
    return member.is_superuser or (member.is_workspace_admin and member.workspace_id == workspace_pk)
