"""Audit events of keys."""

from datetime import datetime
from typing import Any

from keys import audit
from keys.audit import Actor
from keys.models import ApiKey, AuditEvent
from keys.rights import Rights


def record_key_event(
    event_type: AuditEvent.Type, key: ApiKey, by: Actor, now: datetime, **detail: Any
) -> None:
    owner = key.owner
    audit.record(event_type, workspace=owner.workspace, key=key, member=owner, by=by, now=now, **detail)


def rights_detail(rights: Rights) -> dict[str, Any]:
    """Return the rights as an audit event records them. The names are stored."""
    return {
        "scopes": rights.scopes,
        "channels": rights.channels,
        "allowed_addresses": rights.allowed_addresses,
        "calls_per_minute": rights.calls_per_minute,
        "expires_at": rights.expires_at.isoformat() if rights.expires_at else None,
    }
