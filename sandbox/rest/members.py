"""Members of a channel: adding and removing people. Source: Pumble app platform reference, 5.2."""

from typing import Any

from django.db import transaction

from sandbox import channels, messages
from sandbox.exceptions import ChannelArchived, Forbidden, ValidationError
from sandbox.messages import Draft
from sandbox.models import HUMAN, Channel, Membership, Person
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall

NOT_VALID = "Provided participants are not valid"
ADDED, JOINED, REMOVED, LEFT = "USERS_ADDED", "USER_JOINED", "USER_REMOVED", "USER_LEFT"


def get_participants(call: ApiCall, person_ids: list[str]) -> list[Person]:
    """Return active people and bots of the caller's workspace, in the order of the ids.

    Raises:
        ValidationError: one is unknown or inactive.
    """
    rows = Person.objects.filter(
        pk__in=person_ids, workspace_id=call.person.workspace_id, status=Person.Status.ACTIVATED
    )
    by_id = {row.id: row for row in rows}
    if len(by_id) != len(person_ids):
        raise ValidationError(NOT_VALID)
    return [by_id[person_id] for person_id in person_ids]


def add(call: ApiCall, channel_id: str) -> dict[str, Any]:
    """Add people to the channel and post a system message. People who are in it already stay."""
    body = call.body()
    add_everyone = fields.flag(body, "addEachWorkspaceUser")
    person_ids = fields.ids(body.get("userIds"), minimum=0 if add_everyone else 1, maximum=1000)
    channel = _get_channel(call, channel_id)
    people = get_participants(call, person_ids)
    if add_everyone:
        rows = Person.objects.filter(HUMAN, workspace_id=channel.workspace_id, status=Person.Status.ACTIVATED)
        people += [
            row for row in rows.exclude(role__contains="GUEST").order_by("id") if row.id not in person_ids
        ]
    with transaction.atomic():
        present = set(Membership.objects.filter(channel=channel).values_list("person_id", flat=True))
        added = [person.id for person in people if person.id not in present]
        Membership.objects.bulk_create(
            Membership(channel=channel, person_id=person_id, added_by_id=call.person.id)
            for person_id in added
        )
    if added == [call.person.id]:
        _post_system_message(call, channel, "joined this channel", JOINED)
    elif added:
        names = ", ".join(f"<<@{person_id}>>" for person_id in added)
        _post_system_message(call, channel, f"added {names} to this channel", ADDED)
    return {"channelId": channel.id, "addedUserIds": added}


def remove(call: ApiCall, channel_id: str, person_id: str) -> None:
    """Remove a person from the channel.

    Allowed for the person, the channel's creator, owners, administrators, and a bot in the channel.
    """
    channel = _get_channel(call, channel_id)
    members = Membership.objects.filter(channel=channel)
    membership = members.filter(person_id=person_id)
    is_self = person_id == call.person.id
    is_bot_member = call.person.is_bot and members.filter(person=call.person).exists()
    is_allowed = is_self or is_bot_member or call.person.may_install or channel.creator_id == call.person.id
    if not is_allowed or not membership.exists():
        raise Forbidden
    if is_self:
        # Post before the membership ends, while the person can still see the channel.
        _post_system_message(call, channel, "left this channel", LEFT)
        membership.delete()
    else:
        membership.delete()
        _post_system_message(call, channel, f"removed <<@{person_id}>> from this channel", REMOVED)


def _get_channel(call: ApiCall, channel_id: str) -> Channel:
    """Return a channel whose members can change.

    Raises:
        Forbidden: it is a direct channel, or the caller is a guest.
        ChannelArchived: it is archived.
    """
    channel = channels.get_visible(call.person, channel_id)
    if channel.is_archived:
        raise ChannelArchived
    if channel.channel_type in {Channel.Type.DIRECT, Channel.Type.SELF} or call.person.is_guest:
        raise Forbidden
    return channel


def _post_system_message(call: ApiCall, channel: Channel, text: str, subtype: str) -> None:
    messages.post(call.person, channel, Draft(text), subtype=subtype)
