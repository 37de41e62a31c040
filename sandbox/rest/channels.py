"""Channels: list, details, creation, direct channels."""

import unicodedata
from typing import Any

from django.db import transaction

from sandbox import channels, clock, home_tab, ids, serializers
from sandbox.exceptions import Forbidden, Invalid, NotFound
from sandbox.hooks import workspace_events
from sandbox.models import Channel, Membership, Person
from sandbox.rest import fields, members
from sandbox.rest.endpoint import Call

TYPES = ("PUBLIC", "PRIVATE", "DIRECT", "SELF")
NOT_YOURSELF = "You cannot open a direct channel with yourself"


def info(channel: Channel, viewer: Person) -> dict[str, Any]:
    found = serializers.channel_infos([channel], viewer)[0]
    found["homeView"] = home_tab.of_channel(channel, viewer)
    return found


def list_all(call: Call) -> list[dict[str, Any]]:
    rows = channels.channels_of(call.person).order_by("id")
    wanted = call.query("types")
    if wanted is not None:
        types = [fields.choice(one, TYPES) for one in wanted.split(",")]
        rows = rows.filter(channel_type__in=types)
    return serializers.channel_infos(rows, call.person)


def details(call: Call, channel_id: str) -> dict[str, Any]:
    return info(channels.channel_for(call.person, channel_id), call.person)


def create(call: Call) -> dict[str, Any]:
    """A channel with its creator in it. The name is lower-cased, with `-` for spaces, and unique in the workspace.

    Source: Pumble app platform reference, 5.5 (CreateChannel) and 8 (row 45).
    """
    body = call.body()
    name = fields.text(body, "name", least=1, most=80)
    channel_type = fields.choice(body.get("type"), ("PUBLIC", "PRIVATE"))
    description = fields.text(body, "description", most=250, default="")
    name = _normal(name)
    if call.person.is_guest:
        raise Forbidden
    with transaction.atomic():
        if Channel.objects.filter(workspace_id=call.person.workspace_id, name=name).exists():
            raise Invalid("This channel name is already taken")
        channel = Channel.objects.create(
            id=ids.new_id(),
            workspace_id=call.person.workspace_id,
            channel_type=channel_type,
            name=name,
            description=description,
            creator_id=call.person.id,
            created_ms=clock.now_ms(),
        )
        Membership.objects.create(channel=channel, person=call.person)
    workspace_events.channel_created(channel)
    return info(channel, call.person)


def direct_details(call: Call) -> dict[str, Any]:
    """The direct channel of exactly these people; `participantIds` includes the caller."""
    wanted = {one for one in (call.query("participantIds") or "").split(",") if one}
    if not wanted:
        raise Invalid("[must not be null]")
    channel = channels.find_direct(wanted | {call.person.id})
    if channel is None or wanted == {call.person.id}:
        raise NotFound
    return info(channel, call.person)


def direct_create(call: Call) -> dict[str, Any]:
    """The direct channel with these people, new or as it was; the caller need not be in `participantIds`, but may."""
    body = call.body()
    wanted = set(fields.ids(body.get("participantIds"), least=1, most=8))
    hidden_for = fields.ids(body.get("hiddenFor"), least=0, most=8)
    if wanted == {call.person.id}:
        raise Invalid(NOT_YOURSELF)
    members.participants(call, sorted(wanted))
    channel, fresh = channels.open_direct(call.person, wanted | {call.person.id})
    if fresh:
        Membership.objects.filter(channel=channel, person_id__in=hidden_for).update(is_hidden=True)
        workspace_events.channel_created(channel)
    return info(channel, call.person)


def _normal(name: str) -> str:
    """The name as the platform keeps it. Letters of any script have their marks with them."""
    name = unicodedata.normalize("NFC", name).strip().lower()
    if not name or any(unicodedata.category(sign)[0] not in "LMN" and sign not in "_- " for sign in name):
        raise Invalid("[Only letters, digits, spaces, - and _ are allowed]")
    return name.replace(" ", "-")
