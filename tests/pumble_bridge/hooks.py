"""Hooks as raw requests: signed correctly or not, with any content."""

import hashlib
import hmac
import itertools
import json
import time
from typing import Any

import requests
from django.conf import settings

from tests.pumble import Person

_numbers = itertools.count()


def send(
    portal: str,
    body: bytes,
    *,
    at: float | None = None,
    late_by: float = 0,
    secret: str | None = None,
    **headers: str,
) -> requests.Response:
    signed = {"Content-Type": "application/json"} | signature(body, (at or time.time()) - late_by, secret)
    return requests.post(
        f"{portal}/pumble/hook", data=body, headers=signed | headers, timeout=10, allow_redirects=False
    )


def signature(body: bytes, at: float | None = None, secret: str | None = None) -> dict[str, str]:
    """Return the two signature headers for `body`."""
    stamp = str(int((time.time() if at is None else at) * 1000))
    key = (secret if secret is not None else settings.PUMBLE_APP_SIGNING_SECRETS[0]).encode()
    return {
        "x-pumble-request-timestamp": stamp,
        "x-pumble-request-signature": hmac.new(key, f"{stamp}:".encode() + body, hashlib.sha256).hexdigest(),
    }


def command(person: Person, channel: str, text: str = "generate ci", **changes: Any) -> dict[str, Any]:
    return {
        "messageType": "SLASH_COMMAND",
        "slashCommand": "/api-keys",
        "text": text,
        "blocks": [],
        "userId": person.id,
        "channelId": channel,
        "workspaceId": person.workspace_id,
        "triggerId": "t-1",
    } | changes


def click(person: Person, on_action: str, value: str = "", **changes: Any) -> dict[str, Any]:
    """Return a click in the Home tab."""
    return {
        "messageType": "BLOCK_INTERACTION",
        "sourceType": "VIEW",
        "sourceId": "f" * 24,
        "actionType": "BUTTON",
        "onAction": on_action,
        "payload": json.dumps({"value": value}),
        "view": {"id": "f" * 24, "type": "HOME", "blocks": [], "state": {"values": {}}},
        "userId": person.id,
        "workspaceId": person.workspace_id,
        "triggerId": f"t-{next(_numbers)}",
        "loadingTimeout": 0,
    } | changes


def submission(person: Person, callback_id: str, values: Any, **changes: Any) -> dict[str, Any]:
    """Return a submission of a modal. `values` are by block id, which is also the action id."""
    state = {name: {name: {"type": "x", "value": value}} for name, value in values.items()}
    view = {
        "id": "e" * 24,
        "type": "MODAL",
        "callbackId": callback_id,
        "title": {"type": "plain_text", "text": "A title"},
        "notifyOnClose": False,
        "blocks": [],
        "state": {"values": state},
    }
    return {
        "messageType": "VIEW_ACTION",
        "viewActionType": "SUBMIT",
        "view": view,
        "userId": person.id,
        "workspaceId": person.workspace_id,
        "triggerId": f"t-{next(_numbers)}",
    } | changes


def menu(person: Person, query: str = "", on_action: str = "key", **changes: Any) -> dict[str, Any]:
    return {
        "messageType": "DYNAMIC_MENU",
        "onAction": on_action,
        "query": query,
        "userId": person.id,
        "workspaceId": person.workspace_id,
        "triggerId": f"t-{next(_numbers)}",
    } | changes


def event(person: Person, kind: str, **changes: Any) -> dict[str, Any]:
    return {
        "messageType": "APP_EVENT",
        "eventType": kind,
        "workspaceId": person.workspace_id,
        "workspaceUserIds": [person.id],
        "body": json.dumps({"id": "a" * 24, "workspaceUser": person.id}),
    } | changes


def hook(workspace: str, named: list[str], kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """An event as Pumble sends it."""
    return {
        "messageType": "PUMBLE_EVENT",
        "eventType": kind,
        "workspaceId": workspace,
        "workspaceUserIds": named,
        "body": json.dumps(body | {"wId": workspace, "ty": kind, "rid": f"r-{next(_numbers)}"}),
    }


def message_body(channel: str, author: str, text: str, **more: Any) -> dict[str, Any]:
    at = int(time.time()) * 1000
    message_id = f"{next(_numbers):024x}"
    body = {"mId": message_id, "cId": channel, "aId": author, "tx": text, "tsm": at, "trId": "", "bl": []}
    return body | {"e": False, "eph": False, "st": ""} | more


def raw(payload: Any) -> bytes:
    return json.dumps(payload).encode()
