"""What the chat answers to a command that contains a key."""

from datetime import datetime

from django.utils.translation import gettext as _

from keys import keyformat
from keys.audit import Actor
from keys.pasted_keys import revoke_pasted


def revoke(pasted: list[keyformat.Plaintext], *, workspace_id: str, by: Actor, now: datetime) -> str:
    """Revoke the keys of this workspace, and return what to tell the person."""
    if revoke_pasted(pasted, workspace_id=workspace_id, by=by, now=now):
        return _(
            "That was a full key, so I revoked it. Keys do not belong in chat: next time use its name or id."
        )
    return _(
        "That looks like a full key, but none of this workspace. Keys do not belong in chat: use a name or id."
    )
