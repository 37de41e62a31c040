"""Verifies that a hook comes from Pumble. Pure: clock and secrets are parameters."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=300)

# Strict patterns matter: a colon also occurs in JSON, so a lenient timestamp would let the boundary between timestamp
# and body move under an unchanged signature.
_TIMESTAMP = re.compile(r"[0-9]{10}|[0-9]{13}", re.ASCII)  # seconds, or milliseconds as Pumble sends them
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


class InvalidSignature(Exception):
    """The signature is invalid. `code` is `missing`, `malformed`, `mismatch` or `stale`.

    A stale hook has a correct signature that is `seconds_old`. A negative number means a time in the future.
    """

    def __init__(self, code: str, seconds_old: float = 0.0) -> None:
        super().__init__(code)
        self.code, self.seconds_old = code, seconds_old


def verify(body: bytes, *, timestamp: str, signature: str, secrets: Sequence[str], now: datetime) -> None:
    """Verify that `signature` is the lower-case hex HMAC-SHA256 of `<timestamp>:<raw body>` under one of the secrets.

    Args:
        timestamp: the header as sent: milliseconds since the epoch, 13 digits (or seconds, 10).
            Source: Pumble app platform, request signing.
        secrets: newest first; empty ones never match.
        now: aware.

    Raises:
        InvalidSignature: `code` says why.
    """
    if not (timestamp and signature):
        raise InvalidSignature("missing")
    if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
        raise InvalidSignature("malformed")
    message = timestamp.encode() + b":" + body
    digests = [
        hmac.digest(secret.encode(), message, hashlib.sha256).hex().encode() for secret in secrets if secret
    ]
    if not any(hmac.compare_digest(digest, signature.encode()) for digest in digests):
        raise InvalidSignature("mismatch")
    seconds = int(timestamp) / (1000 if len(timestamp) == 13 else 1)
    seconds_old = now.timestamp() - seconds
    if abs(seconds_old) > TOLERANCE.total_seconds():
        raise InvalidSignature("stale", seconds_old)
