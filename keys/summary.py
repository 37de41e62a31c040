"""A key as JSON, without secrets, for commands and for key management over HTTP."""

from datetime import UTC, datetime
from typing import Any

from keys.models import ApiKey


def summarize(key: ApiKey, now: datetime) -> dict[str, Any]:
    """Return the key as JSON. Times are ISO 8601 in UTC, or None. Select `last_use` and `created_by_key` with the key.

    The member of a workspace key is the person who is responsible, or "" for nobody. `createdBy` is there only if a key created it.
    """
    workspace = key.owner.workspace
    summary = {
        "id": key.key_id,
        "name": key.name,
        "workspace": workspace.name if workspace else "",
        "member": key.holder.email if key.holder else "",
        "state": key.state(now).value.lower(),
        "scopes": key.scopes,
        "expiresAt": iso(key.expires_at),
        "lastUsedAt": iso(key.last_used_at),
    }
    return summary | ({"createdBy": key.created_by_key.key_id} if key.created_by_key else {})


def iso(moment: datetime | None) -> str | None:
    """Return the time as ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
