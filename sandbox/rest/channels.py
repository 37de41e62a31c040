"""Channels: list, details, creation, direct channels."""

import unicodedata
from typing import Any

from django.db import transaction

from sandbox import channels, clock, home_tab, ids, serializers
from sandbox.exceptions import Forbidden, NotFound, ValidationError
from sandbox.hooks import workspace_events
from sandbox.models import Channel, Membership, Person
from sandbox.rest import fields, members
from sandbox.rest.endpoint import ApiCall

TYPES = ("PUBLIC", "PRIVATE", "DIRECT", "SELF")
NOT_YOURSELF = "You cannot open a direct channel with yourself"


def serialize(channel: Channel, viewer: Person) -> dict[str, Any]:
    data = serializers.channel_infos([channel], viewer)[0]
    data["homeView"] = home_tab.view_of_channel(channel, viewer)
    return data


def list_all(call: ApiCall) -> list[dict[str, Any]]:
    rows = channels.visible_to(call.person).order_by("id")
    requested = call.query("types")
    if requested is not None:
        types = [fields.choice(item, TYPES) for item in requested.split(",")]
        rows = rows.filter(channel_type__in=types)
    return serializers.channel_infos(rows, call.person)


def retrieve(call: ApiCall, channel_id: str) -> dict[str, Any]:
    return serialize(channels.get_visible(call.person, channel_id), call.person)


def create(call: ApiCall) -> dict[str, Any]:
    """Create a channel with its creator in it.

    The name is lower-cased, has `-` for spaces, and is unique in the workspace.
    Source: Pumble app platform reference, 5.5 (CreateChannel) and 8 (row 45).
    """
    body = call.body()
    name = fields.text(body, "name", minimum=1, maximum=80)
    channel_type = fields.choice(body.get("type"), ("PUBLIC", "PRIVATE"))
    description = fields.text(body, "description", maximum=250, default="")
    name = _normalize_name(name)
    if call.person.is_guest:
        raise Forbidden
    with transaction.atomic():
        if Channel.objects.filter(workspace_id=call.person.workspace_id, name=name).exists():
            raise ValidationError("This channel name is already taken")
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
    return serialize(channel, call.person)


def get_direct(call: ApiCall) -> dict[str, Any]:
    """Return the direct channel of exactly these people; `participantIds` may include the caller."""
    requested = {item for item in (call.query("participantIds") or "").split(",") if item}
    if not requested:
        raise ValidationError("[must not be null]")
    channel = channels.find_direct(requested | {call.person.id})
    if channel is None or requested == {call.person.id}:
        raise NotFound
    return serialize(channel, call.person)


def create_direct(call: ApiCall) -> dict[str, Any]:
    """Return the direct channel with these people, created if needed; `participantIds` may include the caller."""
    body = call.body()
    requested = set(fields.ids(body.get("participantIds"), minimum=1, maximum=8))
    hidden_for = fields.ids(body.get("hiddenFor"), minimum=0, maximum=8)
    if requested == {call.person.id}:
        raise ValidationError(NOT_YOURSELF)
    members.get_participants(call, sorted(requested))
    channel, created = channels.get_or_create_direct(call.person, requested | {call.person.id})
    if created:
        Membership.objects.filter(channel=channel, person_id__in=hidden_for).update(is_hidden=True)
        workspace_events.channel_created(channel)
    return serialize(channel, call.person)


def _normalize_name(name: str) -> str:
    """Return the name as the platform stores it. Letters of all scripts and their marks are allowed."""
    name = unicodedata.normalize("NFC", name).strip().lower()
    if not name or any(
        unicodedata.category(character)[0] not in "LMN" and character not in "_- " for character in name
    ):
        raise ValidationError("[Only letters, digits, spaces, - and _ are allowed]")
    return name.replace(" ", "-")
