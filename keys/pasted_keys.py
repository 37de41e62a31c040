"""API keys that were pasted into chat, where others may read them, or into a form of the portal."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from keys import audit, authentication, key_format, lifecycle
from keys.audit import Actor
from keys.key_format import Plaintext
from keys.models import ApiKey, AuditEvent, Member

_MAX_SEARCHED = 20  # of the plaintexts in one text; each costs a query
_RECORD_INTERVAL = timedelta(minutes=10)  # a page may send one form again and again, for its preview


def revoke_pasted(
    plaintexts: Iterable[Plaintext],
    *,
    workspace_id: str,
    reason: ApiKey.RevokeReason,
    by: Actor,
    now: datetime,
) -> bool:
    """Revoke those of the keys that belong to the workspace, whoever pasted them. Return whether there was one.

    Args:
        workspace_id: the Pumble id of the workspace.
        reason: says where the keys were pasted.
    """
    revoked = False
    for plaintext in plaintexts:
        key = authentication.find_by_plaintext(plaintext)
        workspace = key.owner.workspace if key else None
        if key is not None and workspace is not None and workspace.pumble_id == workspace_id:
            lifecycle.revoke(key=key, by=by, reason=reason, now=now)
            revoked = True
    return revoked


def identify(text: str, *, viewer: Member, by: Actor, now: datetime) -> ApiKey | None:
    """Return the first key in `text` that `viewer` may see, and record that it was looked up."""
    return next(identify_all(text, viewer=viewer, by=by, now=now), None)


def identify_all(text: str, *, viewer: Member, by: Actor, now: datetime) -> Iterator[ApiKey]:
    """Yield each key in `text` that `viewer` may see, and record that it was looked up.

    A colleague's key is recorded too, so that its holder and the administrators can see who has it.
    """
    plaintexts = {plaintext.text: plaintext for plaintext in key_format.find_in(text)}
    for plaintext in islice(plaintexts.values(), _MAX_SEARCHED):
        key = authentication.find_by_plaintext(plaintext)
        workspace = key.owner.workspace if key else None
        if key is None or workspace is None:
            continue
        visible = ApiKey.objects.for_viewer(viewer).filter(pk=key.pk).exists()
        if (visible or workspace == viewer.workspace) and not _was_recorded(key, by, now):
            event = AuditEvent.Type.KEY_IDENTIFIED
            audit.record(event, workspace=workspace, key=key, member=key.owner, by=by, now=now)
        if visible:
            yield key


def _was_recorded(key: ApiKey, by: Actor, now: datetime) -> bool:
    recent = AuditEvent.objects.filter(key=key, actor=by.member, at__gt=now - _RECORD_INTERVAL)
    return recent.filter(type=AuditEvent.Type.KEY_IDENTIFIED).exists()
