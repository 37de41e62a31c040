"""Who may do what with a key. Each rule stands once; every surface meets it through `keys.lifecycle`."""

from keys.audit import Actor, Surface
from keys.errors import NotAllowed, OwnerNotAuthorized
from keys.models import ApiKey, Member

_WITHOUT_A_PERSON = {Surface.CLI, Surface.SYSTEM, Surface.PUMBLE}


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


def require_may_issue(owner: Member, by: Actor) -> None:
    """People make keys for themselves only; the operator may for anyone who is entitled."""
    if by.surface != Surface.CLI and by.member != owner:
        raise NotAllowed
    require_entitled(owner)


def require_may_revoke(key: ApiKey, by: Actor) -> None:
    """A key's holder, the owners and administrators of its workspace, operators, and the platform itself."""
    if by.member is None:
        allowed = by.surface in _WITHOUT_A_PERSON
    else:
        same_workspace = by.member.workspace_id == key.owner.workspace_id
        allowed = (
            by.member.is_superuser
            or by.member == key.owner
            or (same_workspace and by.member.is_workspace_admin)
        )
    if not allowed:
        raise NotAllowed


def require_may_rename(key: ApiKey, by: Actor) -> None:
    if by.surface != Surface.CLI and by.member != key.owner:
        raise NotAllowed
