"""The signature of a hook. Source: Pumble app platform reference, 3.1."""

import hashlib
import hmac


def headers(body: bytes, signing_secret: str, at_ms: int) -> dict[str, str]:
    """Lower-case hex HMAC-SHA256 over `<milliseconds>:<raw body>`, and the milliseconds themselves (13 digits)."""
    timestamp = str(at_ms)
    digest = hmac.digest(signing_secret.encode(), timestamp.encode() + b":" + body, hashlib.sha256).hex()
    return {
        "Content-Type": "application/json",
        "x-pumble-request-timestamp": timestamp,
        "x-pumble-request-signature": digest,
    }
