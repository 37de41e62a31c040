"""Signs and sends a hook, and parses the answer. Source: Pumble app platform reference, 3.1.

An app has three seconds in all to answer.
"""

import hashlib
import hmac
import time
from typing import Any

from sandbox import clock, http_client, strict_json
from sandbox.hooks import responses
from sandbox.models import App
from sandbox.switches import SWITCHES
from sandbox.traffic import TRAFFIC


def signed_headers(body: bytes, signing_secret: str, at_ms: int) -> dict[str, str]:
    """Return the headers with the time in milliseconds (13 digits) and the signature.

    The signature is the lower-case hex HMAC-SHA256 of `<milliseconds>:<raw body>`.
    """
    timestamp = str(at_ms)
    digest = hmac.digest(signing_secret.encode(), timestamp.encode() + b":" + body, hashlib.sha256).hex()
    return {
        "Content-Type": "application/json",
        "x-pumble-request-timestamp": timestamp,
        "x-pumble-request-signature": digest,
    }


TIMEOUT = 3.0
MAX_ATTEMPTS = 3
RETRY_DELAY = 0.2


def new_deadline() -> float:
    return time.monotonic() + TIMEOUT


def send(app: App, url: str, payload: dict[str, Any], deadline: float) -> responses.HookResponse:
    """Send a trigger and return the app's answer. With retries, all attempts share the three seconds."""
    answer = _post_trigger(app, url, payload, deadline)
    for _ in range(_max_retries()):
        if not isinstance(answer, responses.Unavailable) or time.monotonic() + RETRY_DELAY > deadline:
            break
        time.sleep(RETRY_DELAY)
        answer = _post_trigger(app, url, payload, deadline)
    return answer


def send_event(app: App, url: str, payload: dict[str, Any]) -> None:
    """Send an event. Any 2xx is a success. Other answers are noted in the traffic list, and retried if hooks are."""
    delivered = _post_event(app, url, payload)
    for _ in range(_max_retries()):
        if delivered:
            return
        time.sleep(RETRY_DELAY)
        delivered = _post_event(app, url, payload)


def _max_retries() -> int:
    # No retries by default: Pumble was never seen to retry (reference, 9, row 3).
    return MAX_ATTEMPTS - 1 if SWITCHES.hook_retries else 0


def _post_trigger(app: App, url: str, payload: dict[str, Any], deadline: float) -> responses.HookResponse:
    body = strict_json.dumps_ascii(payload)
    entry = TRAFFIC.begin("hook", "POST", url, sent=body, appId=app.id, messageType=payload["messageType"])
    try:
        reply = _post(app, url, body, deadline)
    except http_client.Unreachable as exc:
        TRAFFIC.end(entry, None, outcome=f"unavailable: {exc}")
        return responses.Unavailable(str(exc))
    answer = responses.parse(reply, payload["triggerId"])
    TRAFFIC.end(entry, reply.status, received=reply.body, outcome=answer.kind)
    return answer


def _post_event(app: App, url: str, payload: dict[str, Any]) -> bool:
    details = {"messageType": payload["messageType"], "eventType": payload["eventType"]}
    body = strict_json.dumps_ascii(payload)
    entry = TRAFFIC.begin("hook", "POST", url, sent=body, appId=app.id, **details)
    try:
        reply = _post(app, url, body, new_deadline())
    except http_client.Unreachable as exc:
        TRAFFIC.end(entry, None, outcome=f"unavailable: {exc}")
        return False
    delivered = 200 <= reply.status < 300
    outcome = "delivered" if delivered else "refused"
    TRAFFIC.end(entry, reply.status, received=reply.body, outcome=outcome)
    return delivered


def _post(app: App, url: str, body: bytes, deadline: float) -> http_client.Response:
    """Send the body that was signed, byte for byte."""
    headers = signed_headers(body, app.signing_secret, clock.now_ms())
    return http_client.request("POST", url, deadline=deadline, body=body, headers=headers)
