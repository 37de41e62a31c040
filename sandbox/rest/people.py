"""The workspace, its people and groups, a person's status and permanent call."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import clock, serializers
from sandbox.exceptions import NotFound, ValidationError
from sandbox.hooks import workspace_events
from sandbox.models import Person, UserGroup
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall


def me(call: ApiCall) -> dict[str, Any]:
    return {
        "workspaceId": call.person.workspace_id,
        "workspaceName": call.person.workspace.name,
        "workspaceUserId": call.person.id,
        "workspaceUserName": call.person.name,
    }


def workspace(call: ApiCall) -> dict[str, Any]:
    return serializers.workspace(call.person.workspace)


def list_all(call: ApiCall) -> list[dict[str, Any]]:
    rows = Person.objects.filter(workspace_id=call.person.workspace_id).order_by("id")
    return [serializers.person(row) for row in rows]


def retrieve(call: ApiCall, person_id: str) -> dict[str, Any]:
    row = Person.objects.filter(pk=person_id, workspace_id=call.person.workspace_id).first()
    if row is None:
        raise NotFound
    return serializers.person(row)


def groups(call: ApiCall) -> list[dict[str, Any]]:
    rows = UserGroup.objects.filter(workspace_id=call.person.workspace_id).order_by("id")
    return [serializers.group(row) for row in rows]


NEVER, CUSTOM = "never", "custom"
DURATIONS = {"min30": timedelta(minutes=30), "hour1": timedelta(hours=1), "hour4": timedelta(hours=4)}
EXPIRATIONS = (NEVER, *DURATIONS, "today", "thisWeek", CUSTOM)
MAX_EXPIRES_AT_MS = 2**63 - 1  # Clients send 4093062627467 and larger numbers for "never".


def update_status(call: ApiCall) -> dict[str, Any]:
    """Set or clear one's own status. An empty code with an empty status clears it.

    Source: Pumble app platform reference, 5.5 (StatusRequest).
    """
    body = call.body()
    text = fields.text(body, "status", maximum=100, default="")
    expires_at = body.get("expiresAt")
    expires_ms = (
        None
        if expires_at is None
        else fields.bounded_number(expires_at, minimum=0, maximum=MAX_EXPIRES_AT_MS)
    )
    expiration = fields.choice(body.get("expiration"), EXPIRATIONS, NEVER if expires_ms is None else CUSTOM)
    fields.flag(body, "pausedNotifications")
    person = call.person
    if body.get("code") == "" and not text:
        person.custom_status = None
    else:
        code = fields.emoji_code(body, minimum=3, maximum=102)
        expires_ms = _expires_ms(expiration, expires_ms)
        person.custom_status = {
            "code": code,
            "status": text,
            "expiration": expiration,
            "expiresAt": expires_ms,
            "showUntil": expires_ms > 0,
        }
    person.save(update_fields=["custom_status"])
    workspace_events.person_updated(person, person.id)
    return serializers.person(person)


def _expires_ms(expiration: str, expires_at: int | None) -> int:
    """Return when the status ends; 0 is never. A given time has priority over `expiration`."""
    if expiration == NEVER:
        return 0
    if expires_at is not None:
        if expires_at <= clock.now_ms():
            raise ValidationError("[expiresAt must be in the future]")
        return expires_at
    if expiration == CUSTOM:
        raise ValidationError("[must not be null]")
    now = datetime.fromtimestamp(clock.now_ms() // 1000, UTC)
    if expiration in DURATIONS:
        end = now + DURATIONS[expiration]
    else:
        days = 1 if expiration == "today" else 7 - now.weekday()
        end = (now + timedelta(days=days)).replace(hour=0, minute=0, second=0)
    return int(end.timestamp()) * 1000


def permanent_call(call: ApiCall) -> dict[str, Any]:
    """Return a person's permanent call, which never changes. Source: Pumble app platform reference, 5.2."""
    code = hashlib.sha256(f"call:{call.person.id}".encode()).hexdigest()
    return {
        "id": code[:24],
        "code": code[24:36],
        "workspaceId": call.person.workspace_id,
        "workspaceUserId": call.person.id,
        "permanentLink": f"https://calls.pumble.test/{code[24:36]}",
    }
