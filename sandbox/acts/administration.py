"""What owners and administrators do with people, channels and groups, which no app can do for them."""

import re
from typing import Any

from django.db import transaction

from sandbox import clock, ids
from sandbox.acts.endpoint import Act
from sandbox.exceptions import ActRefused
from sandbox.hooks import workspace_events
from sandbox.models import HUMAN, Channel, Membership, Person, UserGroup

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+", re.ASCII)
_HANDLE = re.compile(r"[a-z0-9_-]{1,80}", re.ASCII)
MOST_NAME = 80


def archive(act: Act) -> dict[str, Any]:
    person, channel = _channel(act)
    channel.archived_by_id = person.id
    channel.save(update_fields=["archived_by_id"])
    workspace_events.channel_archived(channel, person)
    return {}


def delete(act: Act) -> dict[str, Any]:
    _, channel = _channel(act)
    workspace_events.channel_deleted(channel)
    channel.delete()
    return {}


def invite(act: Act) -> dict[str, Any]:
    """`{name, email, role?}` joins the workspace and its main channel at once."""
    inviter = _administrator(act)
    name, email = act.text("name").strip(), act.text("email").strip().lower()
    if not 0 < len(name) <= MOST_NAME:
        raise ActRefused(f"name must have 1 to {MOST_NAME} characters")
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise ActRefused("email must be an e-mail address")
    workspace = inviter.workspace
    with transaction.atomic():
        if workspace.people.filter(email=email).exists():
            raise ActRefused("somebody with this e-mail address is here already", 409)
        person = Person.objects.create(
            id=ids.new_id(),
            workspace=workspace,
            name=name,
            email=email,
            role=_role(act),
            invited_by_id=inviter.id,
        )
        own = Channel.objects.create(
            id=ids.new_id(),
            workspace=workspace,
            channel_type=Channel.Type.SELF,
            creator_id=person.id,
            created_ms=clock.now_ms(),
        )
        for channel in [own, *workspace.channels.filter(is_main=True)]:
            Membership.objects.create(channel=channel, person=person, added_by_id=inviter.id)
    workspace_events.person_joined(person)
    return {"id": person.id}


def change_role(act: Act) -> dict[str, Any]:
    """`memberId` gets the `role`."""
    administrator = _administrator(act)
    [member] = _members(administrator, [act.text("memberId")])
    member.role = _role(act)
    member.save(update_fields=["role"])
    workspace_events.person_updated(member, administrator.id)
    return {}


def deactivate(act: Act) -> dict[str, Any]:
    """The person that `userId` names leaves the workspace."""
    return _become(act.person(), Person.Status.DEACTIVATED)


def activate(act: Act) -> dict[str, Any]:
    """The person that `userId` names is back in the workspace."""
    person = Person.objects.filter(HUMAN, pk=act.text("userId")).first()
    if person is None:
        raise ActRefused("userId names nobody", 404)
    return _become(person, Person.Status.ACTIVATED)


def group(act: Act) -> dict[str, Any]:
    """A new group of `memberIds`, or, with `groupId`, the one that there is, `disabled` or not."""
    administrator = _administrator(act)
    group_id, member_ids = act.text("groupId", ""), act.value("memberIds")
    if not isinstance(member_ids, list) or not all(isinstance(one, str) for one in member_ids):
        raise ActRefused("memberIds must be a list of strings")
    groups = administrator.workspace.user_groups
    row = groups.filter(pk=group_id).first() if group_id else None
    if group_id and row is None:
        raise ActRefused("no such group", 404)
    if row is None:
        row = UserGroup(id=ids.new_id(), workspace=administrator.workspace, created_by_id=administrator.id)
    row.name, row.handle = act.text("name", row.name)[:MOST_NAME], act.text("handle", row.handle)
    row.description = act.text("description", row.description)[:250]
    row.disabled = act.value("disabled") is True
    row.member_ids = [one.id for one in _members(administrator, member_ids)]
    if not row.name or not _HANDLE.fullmatch(row.handle):
        raise ActRefused("a group needs a name, and a handle of small letters, digits, _ and -")
    if groups.filter(handle=row.handle).exclude(pk=row.id).exists():
        raise ActRefused("this handle is taken", 409)
    row.save()
    if group_id:
        workspace_events.group_updated(row, administrator)
    else:
        workspace_events.group_created(row)
    return {"id": row.id}


def _become(person: Person, status: Person.Status) -> dict[str, Any]:
    person.status = status
    person.save(update_fields=["status"])
    owners = Person.objects.filter(workspace_id=person.workspace_id, role=Person.Role.OWNER)
    owner = owners.order_by("id").first()
    workspace_events.person_updated(person, owner.id if owner else person.id)
    return {}


def _administrator(act: Act) -> Person:
    person = act.person()
    if not person.may_install:
        raise ActRefused("only an owner or administrator can do this", 403)
    return person


def _channel(act: Act) -> tuple[Person, Channel]:
    """The channel, by an owner, an administrator, or whoever made it."""
    person = act.person()
    channel = act.channel(person)
    if not person.may_install and channel.creator_id != person.id:
        raise ActRefused("only its creator, an owner or administrator can do this", 403)
    if channel.is_main or channel.channel_type in {Channel.Type.DIRECT, Channel.Type.SELF}:
        raise ActRefused("this channel stays as it is", 409)
    return person, channel


def _role(act: Act) -> str:
    role = act.text("role", Person.Role.USER)
    if role not in Person.Role.values:
        raise ActRefused(f"role is one of {', '.join(Person.Role.values)}")
    return role


def _members(administrator: Person, person_ids: list[str]) -> list[Person]:
    rows = Person.objects.filter(
        HUMAN, pk__in=person_ids, workspace_id=administrator.workspace_id, status=Person.Status.ACTIVATED
    )
    found = {row.id: row for row in rows}
    if set(person_ids) - set(found):
        raise ActRefused("this names somebody who is not here", 404)
    return [found[one] for one in dict.fromkeys(person_ids)]
