"""Sends one signed hook and gives back what it means; three seconds, in all, and not one more."""

import time
from typing import Any

from sandbox import clock, jsonbody, wire
from sandbox.hooks import answers, signing
from sandbox.models import App
from sandbox.switches import SWITCHES
from sandbox.traffic import LOG

SECONDS = 3.0
ATTEMPTS = 3
PAUSE = 0.2


def deadline() -> float:
    return time.monotonic() + SECONDS


def send(app: App, url: str, payload: dict[str, Any], until: float) -> answers.Answer:
    """The app's answer to a trigger; where hooks are retried, all attempts share the three seconds."""
    answer = _ask(app, url, payload, until)
    for _ in range(_further_attempts()):
        if not isinstance(answer, answers.Unavailable) or time.monotonic() + PAUSE > until:
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


def _ask(app: App, url: str, payload: dict[str, Any], until: float) -> answers.Answer:
    body = jsonbody.write_ascii(payload)
    entry = LOG.begin("hook", "POST", url, sent=body, appId=app.id, messageType=payload["messageType"])
    try:
        reply = _post(app, url, body, until)
    except wire.Unreachable as exc:
        LOG.end(entry, None, outcome=f"unavailable: {exc}")
        return answers.Unavailable(str(exc))
    answer = answers.read(reply, payload["triggerId"])
    LOG.end(entry, reply.status, received=reply.body, outcome=answer.kind)
    return answer


def _tell(app: App, url: str, payload: dict[str, Any]) -> bool:
    facts = {"messageType": payload["messageType"], "eventType": payload["eventType"]}
    body = jsonbody.write_ascii(payload)
    entry = LOG.begin("hook", "POST", url, sent=body, appId=app.id, **facts)
    try:
        reply = _post(app, url, body, deadline())
    except wire.Unreachable as exc:
        LOG.end(entry, None, outcome=f"unavailable: {exc}")
        return False
    delivered = 200 <= reply.status < 300
    outcome = "delivered" if delivered else "refused"
    LOG.end(entry, reply.status, received=reply.body, outcome=outcome)
    return delivered


def _post(app: App, url: str, body: bytes, until: float) -> wire.Reply:
    """The body that is signed is the body that is sent."""
    headers = signing.headers(body, app.signing_secret, clock.now_ms())
    return wire.call("POST", url, deadline=until, body=body, headers=headers)
