"""Pumble tokens at rest: encrypted, and bound to the row that stores them.

Fernet has no associated data, so the encrypted text itself names the workspace, the user and the kind of the token.
A token that was copied into another row is refused there.
"""

import json
import logging
from typing import Literal

from cryptography.fernet import InvalidToken

from pumble_bridge import strict_json
from pumble_bridge.encryption import fernet

log = logging.getLogger(__name__)

Kind = Literal["access", "bot"]


def encrypt(token: str, *, workspace_id: str, user_id: str, kind: Kind) -> bytes:
    """Return the token, encrypted with the newest key and bound to its workspace, user and kind."""
    text = json.dumps({"workspace": workspace_id, "user": user_id, "kind": kind, "token": token})
    return fernet().encrypt(text.encode())


def decrypt(encrypted: bytes | memoryview, *, workspace_id: str, user_id: str, kind: Kind) -> str | None:
    """Return the token. Log an error and return None if no key decrypts it or it is bound to another row."""
    try:
        payload = strict_json.loads_object(fernet().decrypt(bytes(encrypted)), limit=64 * 1024)
    except (InvalidToken, strict_json.InvalidJson):
        payload = {}
    if (payload.get("workspace"), payload.get("user"), payload.get("kind")) != (workspace_id, user_id, kind):
        log.error("token.unreadable", extra={"workspace": workspace_id, "member": user_id, "kind": kind})
        return None
    return str(payload["token"])


def reencrypt(encrypted: bytes | memoryview) -> bytes | None:
    """Return the text, encrypted with the newest key, or None if no key decrypts it."""
    try:
        return fernet().rotate(bytes(encrypted))
    except InvalidToken:
        return None
