"""Who is in a channel: adding and removing people. Source: Pumble app platform reference, 5.2."""

from typing import Any

from django.db import transaction

from sandbox import channels, messages
from sandbox.exceptions import ChannelUnusable, Forbidden, Invalid
from sandbox.messages import Draft
from sandbox.models import HUMAN, Channel, Membership, Person
from sandbox.rest import fields
from sandbox.rest.endpoint import Call

NOT_VALID = "Provided participants are not valid"
ADDED, JOINED, REMOVED, LEFT = "USERS_ADDED", "USER_JOINED", "USER_REMOVED", "USER_LEFT"


def participants(call: Call, person_ids: list[str]) -> list[Person]:
    """Active people and bots of the caller's workspace, in the order given.

    Raises:
        Invalid: one of them is unknown or inactive.
    """
    rows = Person.objects.filter(
        pk__in=person_ids, workspace_id=call.person.workspace_id, status=Person.Status.ACTIVATED
    )
    found = {row.id: row for row in rows}
    if len(found) != len(person_ids):
        raise Invalid(NOT_VALID)
    return [found[person_id] for person_id in person_ids]


def add(call: Call, channel_id: str) -> dict[str, Any]:
    """People join the channel; who is in it already just stays. A system message says who came."""
    body = call.body()
    everybody = fields.flag(body, "addEachWorkspaceUser")
    wanted = fields.ids(body.get("userIds"), least=0 if everybody else 1, most=1000)
    channel = _channel(call, channel_id)
    people = participants(call, wanted)
    if everybody:
        rows = Person.objects.filter(HUMAN, workspace_id=channel.workspace_id, status=Person.Status.ACTIVATED)
        people += [row for row in rows.exclude(role__contains="GUEST").order_by("id") if row.id not in wanted]
    with transaction.atomic():
        present = set(Membership.objects.filter(channel=channel).values_list("person_id", flat=True))
        added = [person.id for person in people if person.id not in present]
        Membership.objects.bulk_create(
            Membership(channel=channel, person_id=person_id, added_by_id=call.person.id)
            for person_id in added
        )
    if added == [call.person.id]:
        _tell(call, channel, "joined this channel", JOINED)
    elif added:
        names = ", ".join(f"<<@{person_id}>>" for person_id in added)
        _tell(call, channel, f"added {names} to this channel", ADDED)
    return {"channelId": channel.id, "addedUserIds": added}


def remove(call: Call, channel_id: str, person_id: str) -> None:
    """One leaves, or is removed by the channel's creator, an owner or administrator, or a bot in the channel."""
    channel = _channel(call, channel_id)
    members = Membership.objects.filter(channel=channel)
    found = members.filter(person_id=person_id)
    itself = person_id == call.person.id
    bot_inside = call.person.is_bot and members.filter(person=call.person).exists()
    may = itself or bot_inside or call.person.may_install or channel.creator_id == call.person.id
    if not may or not found.exists():
        raise Forbidden
    if itself:
        # Before the membership ends: the message reaches those who could still see it.
        _tell(call, channel, "left this channel", LEFT)
        found.delete()
    else:
        found.delete()
        _tell(call, channel, f"removed <<@{person_id}>> from this channel", REMOVED)


def _channel(call: Call, channel_id: str) -> Channel:
    """A channel whose members can change.

    Raises:
        Forbidden: a direct channel is what it is, and guests manage none.
        ChannelUnusable: it is archived.
    """
    channel = channels.channel_for(call.person, channel_id)
    if channel.is_archived:
        raise ChannelUnusable
    if channel.channel_type in {Channel.Type.DIRECT, Channel.Type.SELF} or call.person.is_guest:
        raise Forbidden
    return channel


def _tell(call: Call, channel: Channel, text: str, subtype: str) -> None:
    messages.post(call.person, channel, Draft(text), subtype=subtype)
