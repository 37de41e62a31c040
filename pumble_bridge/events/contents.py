"""From the hook of an event to the event of the API, and its encryption.

Each field of a hook is checked, because a signed body is still untrusted. `data` has the shape that the API has for messages
and channels, with the fields that the hook carries.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.fernet import InvalidToken

from keys.pumble_ids import is_pumble_id
from pumble_bridge.encryption import fernet
from pumble_bridge.hooks.payloads import Event, InvalidEvent

log = logging.getLogger(__name__)

Json = dict[str, Any]

# The type of the API by Pumble's, and the scope that hears it.
TYPES = {
    "NEW_MESSAGE": "message.created",
    "UPDATED_MESSAGE": "message.updated",
    "REACTION_ADDED": "reaction.added",
    "CHANNEL_CREATED": "channel.created",
    "CHANNEL_ARCHIVED": "channel.archived",
}
SCOPES = {
    "message.created": "messages:read",
    "message.updated": "messages:read",
    "reaction.added": "reaction:read",
    "channel.created": "channels:read",
    "channel.archived": "channels:read",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What is stored of an event. `models.StoredEvent` describes each."""

    type: str
    channel_id: str
    author_id: str
    data: Json
    is_partial: bool = False


class Unreadable(Exception):
    """No encryption key decrypts the stored event, or it was stored as another one."""


def read(event: Event) -> Content | None:
    """Return the content of a hook, or None if the API has no such event.

    Source: Pumble app platform reference, events.

    Raises:
        InvalidEvent: a field is missing or of another type.
    """
    body, kind = event.body, TYPES.get(event.type)
    if kind is None or body.get("eph"):  # only one user sees an ephemeral message
        return None
    channel_id = _id(body, "cId")
    if kind in {"message.created", "message.updated"}:
        data = _message(event.workspace_id, body)
        return Content(kind, channel_id, data["author"], data, is_partial=not data["text"])
    if kind == "reaction.added":
        data = {"workspaceId": event.workspace_id, "channelId": channel_id, "messageId": _id(body, "mId")}
        data |= {"user": _id(body, "uId"), "code": _text(body, "rc")}
        return Content(kind, channel_id, data["user"], data)
    channel: Json = {"id": channel_id, "workspaceId": event.workspace_id}
    if kind == "channel.created":
        channel |= {"name": _text(body, "cN"), "channelType": _text(body, "cT"), "isArchived": False}
        return Content(kind, channel_id, "", {"channel": channel, "users": _ids(body, "cU")})
    actor = _id(body, "uId") if body.get("uId") else ""
    data = {"channel": channel | {"isArchived": True}, "users": _ids(body, "m")}
    return Content(kind, channel_id, actor, data)


def complete(data: Json, message: Json) -> Json:
    """Return a message's data with what a fetched message has and its hook did not carry.

    Fields that differ between readers are left out.
    """
    names = ("text", "blocks", "attachments", "files")
    return data | {name: message[name] for name in names if message.get(name)}


def encrypt(data: Json, *, event_id: str, workspace_id: str, number: int) -> bytes:
    """Return id and data, encrypted and bound to their place. Fernet binds nothing else."""
    text = {"workspace": workspace_id, "number": number, "id": event_id, "data": data}
    return fernet().encrypt(msgspec.json.encode(text))


def decrypt(content: bytes | memoryview, *, workspace_id: str, number: int) -> tuple[str, Json]:
    """Return id and data.

    Raises:
        Unreadable.
    """
    try:
        stored = msgspec.json.decode(fernet().decrypt(bytes(content)))
    except InvalidToken:
        stored = {}
    if (stored.get("workspace"), stored.get("number")) != (workspace_id, number):
        log.error("event.unreadable", extra={"workspace": workspace_id, "number": number})
        raise Unreadable
    return stored["id"], stored["data"]


def new_id() -> str:
    """Return the id of an event. It is random: a number would tell how much happens in other channels."""
    return secrets.token_hex(12)


def _message(workspace_id: str, body: Any) -> Json:
    """Return a Message of the API, with the fields that the hook carries."""
    at_ms = body.get("tsm")
    if not isinstance(at_ms, int) or isinstance(at_ms, bool) or not 0 <= at_ms < 10**13:
        raise InvalidEvent("tsm is not a time")
    data: Json = {
        "id": _id(body, "mId"),
        "workspaceId": workspace_id,
        "channelId": _id(body, "cId"),
        "author": _id(body, "aId"),
        "text": _text(body, "tx"),
        "timestamp": datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timestampMilli": at_ms,
        "subtype": _text(body, "st"),
        "edited": body.get("e") is True,
        "localId": _text(body, "lId"),
        "threadReplyInfo": None,
    }
    for name, field in (("blocks", "bl"), ("attachments", "att"), ("files", "f")):
        if isinstance(body.get(field), list):
            data[name] = [item for item in body[field] if isinstance(item, dict)]
    for name, field in (("sharedMessage", "sm"), ("meta", "mm")):
        if isinstance(body.get(field), dict):
            data[name] = body[field]
    if body.get("trId"):
        data["threadReplyInfo"] = {
            "rootId": _id(body, "trId"),
            "replySentToChannel": body.get("stc") is True or body.get("stc") == "true",
            "rootText": _text(body, "trMt"),
        }
    return data


def _id(body: Any, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not is_pumble_id(value):
        raise InvalidEvent(f"{name} is not an id")
    return value


def _ids(body: Any, name: str) -> list[str]:
    values = body.get(name)
    return [value for value in values if is_pumble_id(value)] if isinstance(values, list) else []


def _text(body: Any, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"{name} is not a text")
    return value or ""
