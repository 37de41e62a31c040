"""Sends one signed hook and gives back what it means; three seconds, in all, and not one more."""

import hashlib
import hmac
import time
from typing import Any

from sandbox import clock, http_client, strict_json
from sandbox.hooks import responses
from sandbox.models import App
from sandbox.switches import SWITCHES
from sandbox.traffic import LOG


def signed_headers(body: bytes, signing_secret: str, at_ms: int) -> dict[str, str]:
    """Lower-case hex HMAC-SHA256 over `<milliseconds>:<raw body>`, and the milliseconds themselves (13 digits)."""
    timestamp = str(at_ms)
    digest = hmac.digest(signing_secret.encode(), timestamp.encode() + b":" + body, hashlib.sha256).hex()
    return {
        "Content-Type": "application/json",
        "x-pumble-request-timestamp": timestamp,
        "x-pumble-request-signature": digest,
    }


SECONDS = 3.0
ATTEMPTS = 3
PAUSE = 0.2


def deadline() -> float:
    return time.monotonic() + SECONDS


def send(app: App, url: str, payload: dict[str, Any], until: float) -> responses.Answer:
    """The app's answer to a trigger; where hooks are retried, all attempts share the three seconds."""
    answer = _ask(app, url, payload, until)
    for _ in range(_further_attempts()):
        if not isinstance(answer, responses.Unavailable) or time.monotonic() + PAUSE > until:
            break
        time.sleep(PAUSE)
        answer = _ask(app, url, payload, until)
    return answer


def send_event(app: App, url: str, payload: dict[str, Any]) -> None:
    """An event needs no answer: any 2xx is fine, anything else is only noted, unless hooks are retried."""
    delivered = _tell(app, url, payload)
    for _ in range(_further_attempts()):
        if delivered:
            return
        time.sleep(PAUSE)
        delivered = _tell(app, url, payload)


def _further_attempts() -> int:
    # None by default: real Pumble was never seen to retry (reference, 9, row 3).
    return ATTEMPTS - 1 if SWITCHES.hook_retries else 0


def _ask(app: App, url: str, payload: dict[str, Any], until: float) -> responses.Answer:
    body = strict_json.write_ascii(payload)
    entry = LOG.begin("hook", "POST", url, sent=body, appId=app.id, messageType=payload["messageType"])
    try:
        reply = _post(app, url, body, until)
    except http_client.Unreachable as exc:
        LOG.end(entry, None, outcome=f"unavailable: {exc}")
        return responses.Unavailable(str(exc))
    answer = responses.read(reply, payload["triggerId"])
    LOG.end(entry, reply.status, received=reply.body, outcome=answer.kind)
    return answer


def _tell(app: App, url: str, payload: dict[str, Any]) -> bool:
    facts = {"messageType": payload["messageType"], "eventType": payload["eventType"]}
    body = strict_json.write_ascii(payload)
    entry = LOG.begin("hook", "POST", url, sent=body, appId=app.id, **facts)
    try:
        reply = _post(app, url, body, deadline())
    except http_client.Unreachable as exc:
        LOG.end(entry, None, outcome=f"unavailable: {exc}")
        return False
    delivered = 200 <= reply.status < 300
    outcome = "delivered" if delivered else "refused"
    LOG.end(entry, reply.status, received=reply.body, outcome=outcome)
    return delivered


def _post(app: App, url: str, body: bytes, until: float) -> http_client.Reply:
    """The body that is signed is the body that is sent."""
    headers = signed_headers(body, app.signing_secret, clock.now_ms())
    return http_client.call("POST", url, deadline=until, body=body, headers=headers)
