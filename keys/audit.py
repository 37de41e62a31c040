"""Recording of audit events. The caller's transaction carries the event: no event, no change."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from keys import keyformat, notify
from keys.models import ApiKey, AuditEvent, Member, Workspace

Surface = AuditEvent.Surface
Type = AuditEvent.Type


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and through what. `member` is None for operators at the command line and for Pumble itself."""

    member: Member | None
    surface: AuditEvent.Surface
    address: str | None = None
    request_id: str = ""


OPERATOR = Actor(member=None, surface=Surface.CLI)
MAINTENANCE = Actor(member=None, surface=Surface.SYSTEM)
PUMBLE = Actor(member=None, surface=Surface.PUMBLE)


def record(
    event_type: AuditEvent.Type,
    *,
    workspace: Workspace,
    by: Actor,
    now: datetime,
    key: ApiKey | None = None,
    member: Member | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write one event. `detail` holds before and after, never anything secret. Listeners hear of it after the commit."""
    event = AuditEvent.objects.create(
        type=event_type,
        workspace=workspace,
        surface=by.surface,
        actor=by.member,
        member=member,
        key=key,
        detail=_redacted(detail),
        address=by.address,
        request_id=by.request_id,
        at=now,
    )
    transaction.on_commit(partial(notify.tell, event))
    return event


def _redacted(value: Any) -> Any:
    """A net: events can never be changed, so no key that came in by a free text may stand in one."""
    if isinstance(value, str):
        return keyformat.redact(value)
    if isinstance(value, dict):
        return {name: _redacted(item) for name, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value
