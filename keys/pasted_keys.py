"""API keys that were pasted into a form of the portal or a chat command, where others may read them."""

from collections.abc import Iterable
from datetime import datetime

from keys import authentication, lifecycle
from keys.audit import Actor
from keys.key_format import Plaintext
from keys.models import ApiKey


def revoke_pasted(plaintexts: Iterable[Plaintext], *, workspace_id: str, by: Actor, now: datetime) -> bool:
    """Revoke those of the keys that belong to the workspace, whoever pasted them. Return whether there was one.

    Args:
        workspace_id: the Pumble id of the workspace.
    """
    revoked = False
    for plaintext in plaintexts:
        key = authentication.find_by_plaintext(plaintext)
        workspace = key.owner.workspace if key else None
        if key is not None and workspace is not None and workspace.pumble_id == workspace_id:
            lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.PASTED, now=now)
            revoked = True
    return revoked
