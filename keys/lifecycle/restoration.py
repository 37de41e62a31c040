"""After a backup was restored: stop again the keys that were stopped after the backup, from an audit export."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from keys.audit import Actor, Type
from keys.lifecycle.revocation import revoke
from keys.lifecycle.updates import disable
from keys.models import ApiKey

_ENDING = {Type.KEY_REVOKED, Type.KEY_ROTATED, Type.KEY_RETIRED, Type.KEY_DISABLED}
_KNOWN_REASONS = set(ApiKey.RevokeReason.values)


def reapply_revocations(
    lost: Iterable[dict[str, Any]], *, by: Actor, now: datetime
) -> list[tuple[ApiKey, str]]:
    """Stop the keys that were stopped in the lost events. Return each key with the type of the event.

    A revoked key is revoked with the same reason. A replaced key is revoked, because its successor is lost too. A disabled
    key is disabled, even if it was enabled later. If it is in the grace period of a rotation, it is revoked.

    Args:
        lost: the events of an export that the database lacks, from `keys.audit.verification.missing_events`.
    """
    ended: dict[str, dict[str, Any]] = {}
    for event in lost:
        earlier = ended.get(event["key"])
        if event["type"] in _ENDING and (earlier is None or earlier["type"] != Type.KEY_REVOKED):
            ended[event["key"]] = event
    done = []
    for key_id, event in ended.items():
        key = ApiKey.objects.select_related("owner__workspace").filter(key_id=key_id).first()
        if key is not None and _stop(key, event, by=by, now=now):
            done.append((key, event["type"]))
    return done


def _stop(key: ApiKey, event: dict[str, Any], *, by: Actor, now: datetime) -> bool:
    """Stop the key as the event says. Return whether it was still working."""
    if key.revoked_at is not None:
        return False
    note = str(event["detail"].get("note") or "")
    if event["type"] == Type.KEY_REVOKED:
        recorded = event["detail"].get("reason")
        reason = (
            ApiKey.RevokeReason(recorded) if recorded in _KNOWN_REASONS else ApiKey.RevokeReason.BY_OPERATOR
        )
        revoke(key=key, by=by, reason=reason, now=now, note=note)
    elif key.state(now).is_over:
        return False
    elif event["type"] == Type.KEY_DISABLED and key.retires_at is None:
        if key.disabled_at is not None:
            return False
        disable(key=key, by=by, now=now, note=note)
    elif event["type"] == Type.KEY_DISABLED or key.retires_at is None:
        # A key that is being replaced need not be kept.
        reason = ApiKey.RevokeReason.BY_OPERATOR
        revoke(key=key, by=by, reason=reason, now=now, note="replaced after the backup")
    else:
        return False
    return True
