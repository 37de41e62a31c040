"""Events of channels, people and groups. Source: Pumble app platform reference, 3.9."""

from typing import Any

from sandbox.hooks.events import publish
from sandbox.models import Channel, Person, UserGroup

CHANNELS, PEOPLE, GROUPS = "channels:read", "user:read", "group:read"


def channel_created(channel: Channel) -> None:
    body = {
        "wId": channel.workspace_id,
        "cId": channel.id,
        "cN": channel.name,
        "cU": _members(channel),
        "cT": channel.channel_type,
        "ty": "CHANNEL_CREATED",
    }
    publish("CHANNEL_CREATED", channel.workspace_id, body, CHANNELS, channel)


def channel_archived(channel: Channel, actor: Person) -> None:
    body = {
        "wId": channel.workspace_id,
        "cId": channel.id,
        "m": _members(channel),
        "v": True,
        "uId": actor.id,
        "ty": "CHANNEL_ARCHIVED",
    }
    publish("CHANNEL_ARCHIVED", channel.workspace_id, body, CHANNELS, channel)


def channel_deleted(channel: Channel) -> None:
    """Publish CHANNEL_DELETED. Call it before the deletion, while the members are known."""
    body = {
        "wId": channel.workspace_id,
        "cId": channel.id,
        "m": _members(channel),
        "ty": "CHANNEL_DELETED",
    }
    publish("CHANNEL_DELETED", channel.workspace_id, body, CHANNELS, channel)


def person_joined(person: Person) -> None:
    body = {**_person(person), "ty": "WORKSPACE_USER_JOINED"}
    publish("WORKSPACE_USER_JOINED", person.workspace_id, body, PEOPLE, None)


def person_updated(person: Person, changed_by: str) -> None:
    body = {
        **_person(person),
        "puE": person.email,
        "cb": changed_by,
        "atz": True,
        "ty": "WORKSPACE_USER_UPDATED",
    }
    publish("WORKSPACE_USER_UPDATED", person.workspace_id, body, PEOPLE, None)


def group_created(group: UserGroup) -> None:
    body = {**_group(group), "ty": "WORKSPACE_USER_GROUP_CREATED"}
    publish("WORKSPACE_USER_GROUP_CREATED", group.workspace_id, body, GROUPS, None)


def group_updated(group: UserGroup, actor: Person) -> None:
    body = {**_group(group), "uId": actor.id, "ty": "WORKSPACE_USER_GROUP_UPDATED"}
    publish("WORKSPACE_USER_GROUP_UPDATED", group.workspace_id, body, GROUPS, None)


def _members(channel: Channel) -> list[str]:
    return list(channel.memberships.order_by("id").values_list("person_id", flat=True))


def _person(person: Person) -> dict[str, Any]:
    return {
        "wId": person.workspace_id,
        "uId": person.id,
        "uN": person.name,
        "uE": person.email,
        "afp": f"https://avatars.pumble.test/{person.id}/640",
        "asp": f"https://avatars.pumble.test/{person.id}/48",
        "tz": person.time_zone,
        "sts": "",
        "pt": person.title,
        "pp": person.phone,
        "cs": _custom_status(person),
        "st": person.status,
        "ro": person.role,
        "au": "",
        "ib": person.invited_by_id,
    }


def _custom_status(person: Person) -> dict[str, Any]:
    status = person.custom_status
    if not status:
        return {"st": "", "co": "", "ex": "", "ea": "", "su": False}
    return {
        "st": status["status"],
        "co": status["code"],
        "ex": status["expiration"],
        "ea": str(status["expiresAt"]),
        "su": status["showUntil"],
    }


def _group(group: UserGroup) -> dict[str, Any]:
    return {
        "wId": group.workspace_id,
        "cbId": group.created_by_id,
        "id": group.id,
        "n": group.name,
        "h": group.handle,
        "d": group.description,
        "di": group.disabled,
        "uIds": group.member_ids,
        "cIds": [],
    }
