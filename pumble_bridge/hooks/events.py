"""What Pumble tells of the app, of people and of messages. Each is harmless to repeat, in whatever order and number they come."""

import logging
import re
from collections.abc import Callable
from datetime import datetime

from keys import audit, membership
from keys.audit import Actor
from keys.models import Member, Workspace
from pumble_bridge import installations
from pumble_bridge.chat.notices.leak_buttons import MESSAGE_ID
from pumble_bridge.hooks import leak_detection
from pumble_bridge.hooks.payloads import Event
from pumble_bridge.hooks.responses import Ack, HookResponse

log = logging.getLogger(__name__)


class InvalidEvent(Exception):
    """The event's body is not what Pumble sends; the message says what is wrong and quotes nothing of it."""


def is_relevant(event: Event) -> bool:
    """False for a message without a key in it: of the many messages in a workspace hardly any has one."""
    if event.type not in leak_detection.MESSAGE_EVENTS:
        return True
    try:
        _message_id(event)
    except InvalidEvent:
        return True  # for the log
    return bool(leak_detection.find_keys(event))


def handle(event: Event, *, request_id: str, now: datetime) -> HookResponse:
    """Bring our rows in line with what happened. What cannot be read changes nothing; the log says why."""
    workspace = Workspace.objects.filter(pumble_id=event.workspace_id).first()
    by = Actor(None, audit.Surface.PUMBLE, request_id=request_id)
    ignored = ""
    if workspace is None:
        ignored = "unknown workspace"
    elif event.body.get("wId", event.workspace_id) != event.workspace_id:
        ignored = "wId is of another workspace"
    elif event.type not in _HANDLERS:
        ignored = "unknown eventType"
    else:
        try:
            _HANDLERS[event.type](workspace, event, by, now)
        except InvalidEvent as error:
            ignored = str(error)
    if ignored:
        log.info("event.ignored", extra={"kind": event.type, "reason": ignored})
    return Ack()


def _on_app_uninstalled(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    installations.remove_installation(workspace, by=by, now=now)


def _on_app_unauthorized(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    leaving = {*event.user_ids, _text(event, "workspaceUser") or ""}
    for member in Member.objects.filter(workspace=workspace, pumble_user_id__in=leaving):
        installations.revoke_authorization(member, by=by, now=now)


def _on_user_changed(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    """Somebody came, came back or changed: if we know them, we know them as they are now.

    Source: Pumble app platform reference, events: uId, uN (name), uE (e-mail), ro (role), st (status).
    """
    user_id = _text(event, "uId")
    if user_id is None:
        raise InvalidEvent("uId is missing")
    name, email, role, status = (_text(event, field) for field in ("uN", "uE", "ro", "st"))
    member = Member.objects.filter(workspace=workspace, pumble_user_id=user_id).first()
    if member is None:
        return
    profile = membership.Profile(
        user_id=user_id,
        name=name or member.name,
        email=email or member.email,
        role=role or member.role,
        is_active=member.is_active if status is None else status != "DEACTIVATED",
    )
    installations.record_member(workspace, profile, by=by, now=now)


def _on_message(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    leak_detection.report_leaks(workspace, event, message_id=_message_id(event), by=by, now=now)


def _message_id(event: Event) -> str:
    """
    Raises:
        InvalidEvent: there is none, or the message's text is no text.
    """
    message_id = _text(event, "mId")
    _text(event, "tx")
    if message_id is None or not re.fullmatch(MESSAGE_ID, message_id):
        raise InvalidEvent("mId is not an id")
    return message_id


def _text(event: Event, name: str) -> str | None:
    """The text of that field; None where it is missing, null or empty.

    Raises:
        InvalidEvent: it holds something else.
    """
    value = event.body.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"{name} is not a text")
    return value or None


_HANDLERS: dict[str, Callable[[Workspace, Event, Actor, datetime], None]] = {
    "APP_UNAUTHORIZED": _on_app_unauthorized,
    "APP_UNINSTALLED": _on_app_uninstalled,
    "NEW_MESSAGE": _on_message,
    "UPDATED_MESSAGE": _on_message,
    "WORKSPACE_USER_JOINED": _on_user_changed,
    "WORKSPACE_USER_UPDATED": _on_user_changed,
}
