"""What owners and administrators do with people, channels and groups, which no app can do for them."""

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
    person, channel = _channel(request)
    channel.archived_by_id = person.id
    channel.save(update_fields=["archived_by_id"])
    workspace_events.channel_archived(channel, person)
    return {}


def delete(request: ActRequest) -> dict[str, Any]:
    _, channel = _channel(request)
    workspace_events.channel_deleted(channel)
    channel.delete()
    return {}


def invite(request: ActRequest) -> dict[str, Any]:
    """`{name, email, role?}` joins the workspace and its main channel at once."""
    inviter = _administrator(request)
    name, email = request.text("name").strip(), request.text("email").strip().lower()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ActError(f"name must have 1 to {MAX_NAME_LENGTH} characters")
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise ActError("email must be an e-mail address")
    workspace = inviter.workspace
    with transaction.atomic():
        if workspace.people.filter(email=email).exists():
            raise ActError("somebody with this e-mail address is here already", 409)
        person = Person.objects.create(
            id=ids.new_id(),
            workspace=workspace,
            name=name,
            email=email,
            role=_role(request),
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
    """`memberId` gets the `role`."""
    administrator = _administrator(request)
    [member] = _members(administrator, [request.text("memberId")])
    member.role = _role(request)
    member.save(update_fields=["role"])
    workspace_events.person_updated(member, administrator.id)
    return {}


def deactivate(request: ActRequest) -> dict[str, Any]:
    """The person that `userId` names leaves the workspace."""
    return _set_status(request.person(), Person.Status.DEACTIVATED)


def activate(request: ActRequest) -> dict[str, Any]:
    """The person that `userId` names is back in the workspace."""
    person = Person.objects.filter(HUMAN, pk=request.text("userId")).first()
    if person is None:
        raise ActError("userId names nobody", 404)
    return _set_status(person, Person.Status.ACTIVATED)


def save_group(request: ActRequest) -> dict[str, Any]:
    """A new group of `memberIds`, or, with `groupId`, the one that there is, `disabled` or not."""
    administrator = _administrator(request)
    group_id, member_ids = request.text("groupId", ""), request.value("memberIds")
    if not isinstance(member_ids, list) or not all(isinstance(member, str) for member in member_ids):
        raise ActError("memberIds must be a list of strings")
    groups = administrator.workspace.user_groups
    group = groups.filter(pk=group_id).first() if group_id else None
    if group_id and group is None:
        raise ActError("no such group", 404)
    if group is None:
        group = UserGroup(id=ids.new_id(), workspace=administrator.workspace, created_by_id=administrator.id)
    group.name, group.handle = (
        request.text("name", group.name)[:MAX_NAME_LENGTH],
        request.text("handle", group.handle),
    )
    group.description = request.text("description", group.description)[:250]
    group.disabled = request.value("disabled") is True
    group.member_ids = [member.id for member in _members(administrator, member_ids)]
    if not group.name or not _HANDLE.fullmatch(group.handle):
        raise ActError("a group needs a name, and a handle of small letters, digits, _ and -")
    if groups.filter(handle=group.handle).exclude(pk=group.id).exists():
        raise ActError("this handle is taken", 409)
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


def _administrator(request: ActRequest) -> Person:
    person = request.person()
    if not person.may_install:
        raise ActError("only an owner or administrator can do this", 403)
    return person


def _channel(request: ActRequest) -> tuple[Person, Channel]:
    """The channel, by an owner, an administrator, or whoever made it."""
    person = request.person()
    channel = request.channel(person)
    if not person.may_install and channel.creator_id != person.id:
        raise ActError("only its creator, an owner or administrator can do this", 403)
    if channel.is_main or channel.channel_type in {Channel.Type.DIRECT, Channel.Type.SELF}:
        raise ActError("this channel stays as it is", 409)
    return person, channel


def _role(request: ActRequest) -> str:
    role = request.text("role", Person.Role.USER)
    if role not in Person.Role.values:
        raise ActError(f"role is one of {', '.join(Person.Role.values)}")
    return role


def _members(administrator: Person, person_ids: list[str]) -> list[Person]:
    rows = Person.objects.filter(
        HUMAN, pk__in=person_ids, workspace_id=administrator.workspace_id, status=Person.Status.ACTIVATED
    )
    members = {group.id: group for group in rows}
    if set(person_ids) - set(members):
        raise ActError("this names somebody who is not here", 404)
    return [members[member] for member in dict.fromkeys(person_ids)]
