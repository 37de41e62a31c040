"""Whole keys where they do not belong: whoever reads along has them now, so they end before a word is said."""

from datetime import datetime

from django.utils.translation import gettext as _

from keys import authentication, keyformat, lifecycle
from keys.audit import Actor
from keys.models import ApiKey


def revoke(pasted: list[keyformat.Plaintext], *, workspace_id: str, by: Actor, now: datetime) -> str:
    """Revoke those of this workspace, whoever typed them; what to tell the person."""
    revoked = False
    for plaintext in pasted:
        key = authentication.find_by_plaintext(plaintext)
        workspace = key.owner.workspace if key else None
        if key is not None and workspace is not None and workspace.pumble_id == workspace_id:
            lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.PASTED, now=now)
            revoked = True
    if revoked:
        return _(
            "That was a full key, so I revoked it. Keys do not belong in chat: next time use its name or id."
        )
    return _(
        "That looks like a full key, but none of this workspace. Keys do not belong in chat: use a name or id."
    )
