"""Pumble tokens at rest: encrypted, and bound to the row they were encrypted in.

Fernet binds a text to nothing but its key, so the encrypted text also says whose token it is and of which kind; a
token copied into another row does not work there.
"""

import json
import logging
from functools import lru_cache
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from pumble_bridge import strict_json

log = logging.getLogger(__name__)

Kind = Literal["access", "bot"]


def encrypt(token: str, *, workspace_id: str, user_id: str, kind: Kind) -> bytes:
    text = json.dumps({"workspace": workspace_id, "user": user_id, "kind": kind, "token": token})
    return _fernet().encrypt(text.encode())


def decrypt(encrypted: bytes | memoryview, *, workspace_id: str, user_id: str, kind: Kind) -> str | None:
    """The token, or None (and an error in the log) where the text is not that row's or no key opens it."""
    try:
        payload = strict_json.loads_object(_fernet().decrypt(bytes(encrypted)), limit=64 * 1024)
    except (InvalidToken, strict_json.InvalidJson):
        payload = {}
    if (payload.get("workspace"), payload.get("user"), payload.get("kind")) != (workspace_id, user_id, kind):
        log.error("token.unreadable", extra={"workspace": workspace_id, "member": user_id, "kind": kind})
        return None
    return str(payload["token"])


def reencrypt(encrypted: bytes | memoryview) -> bytes | None:
    """The same text under the newest encryption key; None where no key opens it."""
    try:
        return _fernet().rotate(bytes(encrypted))
    except InvalidToken:
        return None


def _fernet() -> MultiFernet:
    return _build_fernet(tuple(settings.TOKEN_ENCRYPTION_KEYS))


@lru_cache(maxsize=1)
def _build_fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
