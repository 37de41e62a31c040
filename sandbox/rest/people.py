"""Workspace and people."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import clock, serializers
from sandbox.exceptions import Invalid, NotFound
from sandbox.hooks import workspace_events
from sandbox.models import Person, UserGroup
from sandbox.rest import fields
from sandbox.rest.endpoint import Call


def me(call: Call) -> dict[str, Any]:
    return {
        "workspaceId": call.person.workspace_id,
        "workspaceName": call.person.workspace.name,
        "workspaceUserId": call.person.id,
        "workspaceUserName": call.person.name,
    }


def workspace(call: Call) -> dict[str, Any]:
    return serializers.workspace(call.person.workspace)


def list_all(call: Call) -> list[dict[str, Any]]:
    rows = Person.objects.filter(workspace_id=call.person.workspace_id).order_by("id")
    return [serializers.person(row) for row in rows]


def details(call: Call, person_id: str) -> dict[str, Any]:
    row = Person.objects.filter(pk=person_id, workspace_id=call.person.workspace_id).first()
    if row is None:
        raise NotFound
    return serializers.person(row)


def groups(call: Call) -> list[dict[str, Any]]:
    rows = UserGroup.objects.filter(workspace_id=call.person.workspace_id).order_by("id")
    return [serializers.group(row) for row in rows]


NEVER, CUSTOM = "never", "custom"
SPANS = {"min30": timedelta(minutes=30), "hour1": timedelta(hours=1), "hour4": timedelta(hours=4)}
EXPIRATIONS = (NEVER, *SPANS, "today", "thisWeek", CUSTOM)
LATEST_MS = 2**63 - 1  # clients send 4093062627467 and larger numbers for never


def update_status(call: Call) -> dict[str, Any]:
    """Set or clear one's own status. An empty code with an empty status clears it, whenever it would expire."""
    body = call.body()
    text = fields.text(body, "status", most=100, default="")
    given = body.get("expiresAt")
    until = None if given is None else fields.within(given, least=0, most=LATEST_MS)
    expiration = fields.choice(body.get("expiration"), EXPIRATIONS, NEVER if until is None else CUSTOM)
    fields.flag(body, "pausedNotifications")
    person = call.person
    if body.get("code") == "" and not text:
        person.custom_status = None
    else:
        code = fields.code(body, least=3, most=102)
        until = _until(expiration, until)
        person.custom_status = {
            "code": code,
            "status": text,
            "expiration": expiration,
            "expiresAt": until,
            "showUntil": until > 0,
        }
    person.save(update_fields=["custom_status"])
    workspace_events.person_updated(person, person.id)
    return serializers.person(person)


def _until(expiration: str, given: int | None) -> int:
    """When it ends; 0 is never. A time that is given counts before the word for one."""
    if expiration == NEVER:
        return 0
    if given is not None:
        if given <= clock.now_ms():
            raise Invalid("[expiresAt must be in the future]")
        return given
    if expiration == CUSTOM:
        raise Invalid("[must not be null]")
    now = datetime.fromtimestamp(clock.now_ms() // 1000, UTC)
    if expiration in SPANS:
        end = now + SPANS[expiration]
    else:
        days = 1 if expiration == "today" else 7 - now.weekday()
        end = (now + timedelta(days=days)).replace(hour=0, minute=0, second=0)
    return int(end.timestamp()) * 1000


def permanent_call(call: Call) -> dict[str, Any]:
    """A person's permanent call: the same one every time. Source: Pumble app platform reference, 5.2."""
    code = hashlib.sha256(f"call:{call.person.id}".encode()).hexdigest()
    return {
        "id": code[:24],
        "code": code[24:36],
        "workspaceId": call.person.workspace_id,
        "workspaceUserId": call.person.id,
        "permanentLink": f"https://calls.pumble.test/{code[24:36]}",
    }
