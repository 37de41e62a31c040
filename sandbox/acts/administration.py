"""What owners and administrators do with people, channels and groups. Apps cannot do this."""

import re
from typing import Any

from django.db import transaction

from sandbox import clock, ids
from sandbox.acts.endpoint import ActRequest
from sandbox.exceptions import ActError
from sandbox.hooks import workspace_events
from sandbox.models import HUMAN, Channel, Membership, Person, UserGroup

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+", re.ASCII)
_HANDLE = re.compile(r"[a-z0-9_-]{1,80}", re.ASCII)
MAX_NAME_LENGTH = 80


def archive(request: ActRequest) -> dict[str, Any]:
    person, channel = _get_channel(request)
    channel.archived_by_id = person.id
    channel.save(update_fields=["archived_by_id"])
    workspace_events.channel_archived(channel, person)
    return {}


def delete(request: ActRequest) -> dict[str, Any]:
    _, channel = _get_channel(request)
    workspace_events.channel_deleted(channel)
    channel.delete()
    return {}


def invite(request: ActRequest) -> dict[str, Any]:
    """`{name, email, role?}`: add a person to the workspace and its main channel, without an e-mail."""
    inviter = _get_administrator(request)
    name, email = request.text("name").strip(), request.text("email").strip().lower()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ActError(f"name must have 1 to {MAX_NAME_LENGTH} characters")
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise ActError("email must be an e-mail address")
    workspace = inviter.workspace
    with transaction.atomic():
        if workspace.people.filter(email=email).exists():
            raise ActError("a person with this e-mail address is already in the workspace", 409)
        person = Person.objects.create(
            id=ids.new_id(),
            workspace=workspace,
            name=name,
            email=email,
            role=_parse_role(request),
            invited_by_id=inviter.id,
        )
        self_channel = Channel.objects.create(
            id=ids.new_id(),
            workspace=workspace,
            channel_type=Channel.Type.SELF,
            creator_id=person.id,
            created_ms=clock.now_ms(),
        )
        for channel in [self_channel, *workspace.channels.filter(is_main=True)]:
            Membership.objects.create(channel=channel, person=person, added_by_id=inviter.id)
    workspace_events.person_joined(person)
    return {"id": person.id}


def change_role(request: ActRequest) -> dict[str, Any]:
    """Give the person `memberId` the `role`."""
    administrator = _get_administrator(request)
    [member] = _get_members(administrator, [request.text("memberId")])
    member.role = _parse_role(request)
    member.save(update_fields=["role"])
    workspace_events.person_updated(member, administrator.id)
    return {}


def deactivate(request: ActRequest) -> dict[str, Any]:
    """Deactivate the person `userId`."""
    return _set_status(request.person(), Person.Status.DEACTIVATED)


def activate(request: ActRequest) -> dict[str, Any]:
    """Activate the person `userId` again."""
    person = Person.objects.filter(HUMAN, pk=request.text("userId")).first()
    if person is None:
        raise ActError("there is no person with this userId", 404)
    return _set_status(person, Person.Status.ACTIVATED)


def save_group(request: ActRequest) -> dict[str, Any]:
    """Create a group of `memberIds`, or change the group `groupId`; `disabled` disables it."""
    administrator = _get_administrator(request)
    group_id, member_ids = request.text("groupId", ""), request.value("memberIds")
    if not isinstance(member_ids, list) or not all(isinstance(member, str) for member in member_ids):
        raise ActError("memberIds must be a list of strings")
    groups = administrator.workspace.user_groups
    group = groups.filter(pk=group_id).first() if group_id else None
    if group_id and group is None:
        raise ActError("there is no group with this groupId", 404)
    if group is None:
        group = UserGroup(id=ids.new_id(), workspace=administrator.workspace, created_by_id=administrator.id)
    group.name, group.handle = (
        request.text("name", group.name)[:MAX_NAME_LENGTH],
        request.text("handle", group.handle),
    )
    group.description = request.text("description", group.description)[:250]
    group.disabled = request.value("disabled") is True
    group.member_ids = [member.id for member in _get_members(administrator, member_ids)]
    if not group.name or not _HANDLE.fullmatch(group.handle):
        raise ActError("a group needs a name, and a handle of lower-case letters, digits, _ and -")
    if groups.filter(handle=group.handle).exclude(pk=group.id).exists():
        raise ActError("another group has this handle", 409)
    group.save()
    if group_id:
        workspace_events.group_updated(group, administrator)
    else:
        workspace_events.group_created(group)
    return {"id": group.id}


def _set_status(person: Person, status: Person.Status) -> dict[str, Any]:
    person.status = status
    person.save(update_fields=["status"])
    owners = Person.objects.filter(workspace_id=person.workspace_id, role=Person.Role.OWNER)
    owner = owners.order_by("id").first()
    workspace_events.person_updated(person, owner.id if owner else person.id)
    return {}


def _get_administrator(request: ActRequest) -> Person:
    person = request.person()
    if not person.may_install:
        raise ActError("only an owner or an administrator can do this", 403)
    return person


def _get_channel(request: ActRequest) -> tuple[Person, Channel]:
    """Return the person and the channel. An owner, an administrator or its creator may change it."""
    person = request.person()
    channel = request.channel(person)
    if not person.may_install and channel.creator_id != person.id:
        raise ActError("only its creator, an owner or an administrator can do this", 403)
    if channel.is_main or channel.channel_type in {Channel.Type.DIRECT, Channel.Type.SELF}:
        raise ActError("a main, direct or self channel cannot be archived or deleted", 409)
    return person, channel


def _parse_role(request: ActRequest) -> str:
    role = request.text("role", Person.Role.USER)
    if role not in Person.Role.values:
        raise ActError(f"role must be one of {', '.join(Person.Role.values)}")
    return role


def _get_members(administrator: Person, person_ids: list[str]) -> list[Person]:
    rows = Person.objects.filter(
        HUMAN, pk__in=person_ids, workspace_id=administrator.workspace_id, status=Person.Status.ACTIVATED
    )
    members = {group.id: group for group in rows}
    if set(person_ids) - set(members):
        raise ActError("a member id is unknown or inactive in this workspace", 404)
    return [members[member] for member in dict.fromkeys(person_ids)]
