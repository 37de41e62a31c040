"""Hook bodies as dataclasses. A signed body is still untrusted: any field may be missing, null, huge or of another type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keys.pumble_ids import is_pumble_id
from pumble_bridge import strict_json

MAX_TEXT_LENGTH = 100_000


class InvalidPayload(Exception):
    """The body is not a valid hook. The message says why and quotes nothing of it."""


class InvalidEvent(Exception):
    """A field in the body of an event is invalid. The message says which one and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An action of a user that waits for a response."""

    workspace_id: str
    user_id: str
    trigger_id: str


@dataclass(frozen=True, slots=True)
class SlashCommand(Trigger):
    command: str
    text: str
    channel_id: str
    thread_root_id: str | None


@dataclass(frozen=True, slots=True)
class Click(Trigger):
    """A click or selection in a message or view, such as the Home tab. `value` is "" if there is none."""

    in_view: bool
    source_id: str
    on_action: str
    value: str
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class Submission(Trigger):
    """A submitted modal. `values` are the values of its inputs, by block id."""

    callback_id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dismissal(Trigger):
    """A modal that was closed without submitting."""


@dataclass(frozen=True, slots=True)
class MenuQuery(Trigger):
    """A request for the options of a dynamic menu. `value` is the current choice, "" if there is none."""

    on_action: str
    query: str
    value: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event. `user_ids` are the users it is about, `body` the decoded inner object, `request_id` its `rid` or ""."""

    type: str
    workspace_id: str
    user_ids: tuple[str, ...]
    body: Mapping[str, Any]
    request_id: str


Payload = SlashCommand | Click | Submission | Dismissal | MenuQuery | Event


def parse(raw: bytes) -> Payload:
    """Return the hook in `raw`.

    Source: Pumble app platform reference, hooks.

    Raises:
        InvalidPayload: not JSON, of an unknown type, or with an invalid field.
    """
    try:
        hook = strict_json.loads_object(raw)
    except strict_json.InvalidJson as error:
        raise InvalidPayload(str(error)) from error
    match hook.get("messageType"):
        case "SLASH_COMMAND":
            return SlashCommand(
                **_trigger_fields(hook),
                command=_text(hook, "slashCommand", limit=64),
                text=_text(hook, "text", limit=MAX_TEXT_LENGTH, default=""),
                channel_id=_id(hook, "channelId"),
                thread_root_id=_optional_id(hook, "threadRootId"),
            )
        case "BLOCK_INTERACTION":
            return Click(
                **_trigger_fields(hook),
                in_view=_text(hook, "sourceType", limit=64) == "VIEW",
                source_id=_id(hook, "sourceId"),
                on_action=_text(hook, "onAction", limit=200),
                value=_text(
                    _inner({"payload": hook.get("payload") or None}, "payload"),
                    "value",
                    limit=MAX_TEXT_LENGTH,
                    default="",
                ),
                channel_id=_optional_id(hook, "channelId"),
            )
        case "VIEW_ACTION":
            return _view_action(hook)
        case "DYNAMIC_MENU":
            return MenuQuery(
                **_trigger_fields(hook),
                on_action=_text(hook, "onAction", limit=200),
                query=_text(hook, "query", limit=MAX_TEXT_LENGTH, default=""),
                value=_text(hook, "value", limit=200, default=""),
            )
        case "APP_EVENT" | "PUMBLE_EVENT":  # it is undocumented which of the two carries APP_* events
            return _event(hook)
        case _:
            raise InvalidPayload("unknown messageType")


def _trigger_fields(hook: Mapping[str, Any]) -> dict[str, str]:
    return {
        "workspace_id": _id(hook, "workspaceId"),
        "user_id": _id(hook, "userId"),
        "trigger_id": _text(hook, "triggerId", limit=200),
    }


def _view_action(hook: Mapping[str, Any]) -> Submission | Dismissal:
    kind = hook.get("viewActionType")
    if kind == "CLOSE":
        return Dismissal(**_trigger_fields(hook))
    if kind != "SUBMIT":
        raise InvalidPayload("unknown viewActionType")
    view = _object(hook, "view")
    return Submission(
        **_trigger_fields(hook),
        callback_id=_text(view, "callbackId", limit=200, default=""),
        values=_values(view),
    )


def _values(view: Mapping[str, Any]) -> dict[str, str]:
    """Return the value of each input, by block id. Each block of the app has one element."""
    values = _object(_object(view, "state"), "values")
    return {
        block_id: _text(element, "value", limit=MAX_TEXT_LENGTH, default="")
        for block_id in values
        for element in _object(values, block_id).values()
        if isinstance(element, dict)
    }


def _event(hook: Mapping[str, Any]) -> Event:
    users = hook.get("workspaceUserIds") or []
    if not isinstance(users, list) or not all(map(is_pumble_id, users)):
        raise InvalidPayload("workspaceUserIds is not a list of ids")
    body = _inner(hook, "body")
    request_id = body.get("rid")
    return Event(
        type=_text(hook, "eventType", limit=64),
        workspace_id=_id(hook, "workspaceId"),
        user_ids=tuple(users),
        body=body,
        request_id=request_id if isinstance(request_id, str) else "",
    )


def _inner(hook: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the object that a string field of the hook contains as JSON."""
    try:
        encoded = _text(hook, name, limit=strict_json.MAX_BODY_BYTES, default="{}")
        return strict_json.loads_object(encoded.encode())
    except strict_json.InvalidJson as error:
        raise InvalidPayload(f"{name}: {error}") from error


def _object(hook: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = hook.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidPayload(f"{name} is not an object")
    return value


def _text(hook: Mapping[str, Any], name: str, *, limit: int, default: str | None = None) -> str:
    value = hook.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or len(value) > limit or (not value and default is None):
        raise InvalidPayload(f"{name} is not a text of at most {limit} characters")
    return value


def _id(hook: Mapping[str, Any], name: str) -> str:
    value = hook.get(name)
    if not isinstance(value, str) or not is_pumble_id(value):
        raise InvalidPayload(f"{name} is not an id")
    return value


def _optional_id(hook: Mapping[str, Any], name: str) -> str | None:
    return _id(hook, name) if hook.get(name) else None
