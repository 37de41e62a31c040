"""Handlers of Pumble's events about the app, users and messages. All are idempotent and independent of order."""

import logging
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction

from keys import audit, membership
from keys.audit import Actor
from keys.models import Member, Workspace
from pumble_bridge import installations
from pumble_bridge.chat.notices.leak_texts import MESSAGE_ID
from pumble_bridge.events import feed
from pumble_bridge.events.contents import TYPES
from pumble_bridge.hooks import greetings, leak_detection
from pumble_bridge.hooks.payloads import Event, InvalidEvent
from pumble_bridge.hooks.responses import Ack, HookResponse

log = logging.getLogger(__name__)


def is_relevant(event: Event, *, now: datetime) -> bool:
    """Return whether the event can change something.

    Nearly all messages of a workspace have neither a key nor a greeting, and often no key listens to events.
    """
    if event.type not in TYPES or feed.is_heard(event, now=now):
        return True
    if event.type not in leak_detection.MESSAGE_EVENTS:
        return False
    try:
        _message_id(event)
    except InvalidEvent:
        return True  # so that `handle` logs it
    return bool(leak_detection.find_keys(event)) or greetings.is_greeting(event)


def handle(event: Event, *, request_id: str, now: datetime) -> HookResponse:
    """Update stored rows for an event. An invalid event changes nothing and is logged."""
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
    user_ids = {*event.user_ids, _text(event, "workspaceUser") or ""}
    for member in Member.objects.people().filter(workspace=workspace, pumble_user_id__in=user_ids):
        installations.revoke_authorization(member, by=by, now=now)


def _on_user_changed(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    """Update the member, if known, after a user joined, returned or changed.

    Source: Pumble app platform reference, events: uId, uN (name), uE (e-mail), ro (role), st (status), tz (time zone).
    """
    user_id = _text(event, "uId")
    if user_id is None:
        raise InvalidEvent("uId is missing")
    name, email, role, status, zone = (_text(event, field) for field in ("uN", "uE", "ro", "st", "tz"))
    member = Member.objects.people().filter(workspace=workspace, pumble_user_id=user_id).first()
    if member is None:
        return
    profile = membership.Profile(
        user_id=user_id,
        name=name or member.name,
        email=email or member.email,
        role=role or member.role,
        is_active=member.is_active if status is None else status != "DEACTIVATED",
        time_zone=zone or member.time_zone,
        time_format=member.time_format,  # events do not tell it
    )
    installations.record_member(workspace, profile, by=by, now=now)


def _on_message(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    leak_detection.report_leaks(workspace, event, message_id=_message_id(event), by=by, now=now)
    if greetings.is_greeting(event):  # no lock may be held while Pumble is called
        transaction.on_commit(partial(greetings.answer, workspace, event, now=now), robust=True)
    feed.append(workspace, event, now=now)


def _on_change_in_channel(workspace: Workspace, event: Event, by: Actor, now: datetime) -> None:
    feed.append(workspace, event, now=now)


def _message_id(event: Event) -> str:
    """Return the message's id.

    Raises:
        InvalidEvent: there is no valid id, or `tx` is not a string.
    """
    message_id = _text(event, "mId")
    _text(event, "tx")
    if message_id is None or not re.fullmatch(MESSAGE_ID, message_id):
        raise InvalidEvent("mId is not an id")
    return message_id


def _text(event: Event, name: str) -> str | None:
    """Return a string field of the body, or None if it is missing, null or empty.

    Raises:
        InvalidEvent: the field is not a string.
    """
    value = event.body.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"{name} is not a text")
    return value or None


_HANDLERS: dict[str, Callable[[Workspace, Event, Actor, datetime], None]] = {
    "APP_UNAUTHORIZED": _on_app_unauthorized,
    "APP_UNINSTALLED": _on_app_uninstalled,
    "CHANNEL_ARCHIVED": _on_change_in_channel,
    "CHANNEL_CREATED": _on_change_in_channel,
    "NEW_MESSAGE": _on_message,
    "REACTION_ADDED": _on_change_in_channel,
    "UPDATED_MESSAGE": _on_message,
    "WORKSPACE_USER_JOINED": _on_user_changed,
    "WORKSPACE_USER_UPDATED": _on_user_changed,
}
