"""Hook bodies as dataclasses. A signed body is still hostile: any field may be missing, null, huge or of another type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pumble_bridge import strict_json

_ID = re.compile(r"[0-9a-f]{24}")


class BadPayload(Exception):
    """The body is no hook that Pumble sends; the message says what is wrong and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    command: str
    text: str
    workspace_id: str
    user_id: str
    channel_id: str
    trigger_id: str
    thread_root_id: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """`user_ids` are the people it concerns; `body` is the decoded inner object; `request_id` is its `rid` or ""."""

    type: str
    workspace_id: str
    user_ids: tuple[str, ...]
    body: Mapping[str, Any]
    request_id: str


Payload = SlashCommand | Event


def parse(raw: bytes) -> Payload:
    """The hook in `raw`.

    Source: Pumble app platform reference, slash commands and events.

    Raises:
        BadPayload
    """
    try:
        hook = strict_json.read_object(raw)
    except strict_json.JsonRefused as error:
        raise BadPayload(str(error)) from error
    kind = hook.get("messageType")
    if kind == "SLASH_COMMAND":
        return SlashCommand(
            command=_text(hook, "slashCommand", limit=64),
            text=_text(hook, "text", limit=100_000, default=""),
            workspace_id=_id(hook, "workspaceId"),
            user_id=_id(hook, "userId"),
            channel_id=_id(hook, "channelId"),
            trigger_id=_text(hook, "triggerId", limit=200),
            thread_root_id=_id(hook, "threadRootId") if hook.get("threadRootId") else None,
        )
    if kind in ("APP_EVENT", "PUMBLE_EVENT"):  # which of the two carries APP_* events is not settled
        return _event(hook)
    raise BadPayload("unknown messageType")


def _event(hook: Mapping[str, Any]) -> Event:
    users = hook.get("workspaceUserIds") or []
    if not isinstance(users, list) or not all(
        isinstance(user, str) and _ID.fullmatch(user) for user in users
    ):
        raise BadPayload("workspaceUserIds is not a list of ids")
    try:
        inner = _text(hook, "body", limit=strict_json.MAX_BODY_BYTES, default="{}")
        body = strict_json.read_object(inner.encode())
    except strict_json.JsonRefused as error:
        raise BadPayload(f"body: {error}") from error
    request_id = body.get("rid")
    return Event(
        type=_text(hook, "eventType", limit=64),
        workspace_id=_id(hook, "workspaceId"),
        user_ids=tuple(users),
        body=body,
        request_id=request_id if isinstance(request_id, str) else "",
    )


def _text(hook: Mapping[str, Any], name: str, *, limit: int, default: str | None = None) -> str:
    value = hook.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or len(value) > limit or (not value and default is None):
        raise BadPayload(f"{name} is not a text of at most {limit} characters")
    return value


def _id(hook: Mapping[str, Any], name: str) -> str:
    value = hook.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BadPayload(f"{name} is not an id")
    return value
