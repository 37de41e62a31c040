"""Tokens of the command line tool. They are JWTs, because the tool reads their `exp` before it sends them."""

import base64
import binascii
import hashlib
import hmac
import time

from django.conf import settings

from sandbox import strict_json

_HEADER = {"alg": "HS256", "typ": "JWT"}


def issue(kind: str, person_id: str, lifetime: int) -> str:
    """Return a token of this kind for this person, valid for `lifetime` seconds."""
    claims = {"kind": kind, "sub": person_id, "exp": int(time.time()) + lifetime}
    head, body = (_encoded(strict_json.dumps_ascii(part)) for part in (_HEADER, claims))
    return f"{head}.{body}.{_signature(f'{head}.{body}')}"


def verify(kind: str, token: str) -> str | None:
    """Return the person's id, or None for a token that is invalid, of another kind or expired."""
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(_signature(signed).encode(), signature.encode()):
        return None
    try:
        claims = strict_json.load_object(_decoded(signed.partition(".")[2]))
    except (strict_json.InvalidJson, binascii.Error):
        return None
    is_valid = claims.get("kind") == kind and int(claims["exp"]) > time.time()
    return str(claims["sub"]) if is_valid else None


def _signature(signed: str) -> str:
    return _encoded(hmac.digest(settings.SECRET_KEY.encode(), signed.encode(), hashlib.sha256))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
