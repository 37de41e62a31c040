"""Sends one signed hook and gives back what it means; three seconds, in all, and not one more."""

import time
from typing import Any

from pumble_bridge.sandbox import clock, jsonbody, wire
from pumble_bridge.sandbox.hooks import answers, signing
from pumble_bridge.sandbox.models import App
from pumble_bridge.sandbox.traffic import LOG

SECONDS = 3.0


def deadline() -> float:
    return time.monotonic() + SECONDS


def send(app: App, url: str, payload: dict[str, Any], until: float) -> answers.Answer:
    """The app's answer to a trigger. The body that is signed is the body that is sent."""
    body = jsonbody.write_ascii(payload)
    entry = LOG.begin("hook", "POST", url, sent=body, appId=app.id, messageType=payload["messageType"])
    try:
        reply = wire.call(
            "POST",
            url,
            deadline=until,
            body=body,
            headers=signing.headers(body, app.signing_secret, clock.now_ms()),
        )
    except wire.Unreachable as exc:
        LOG.end(entry, None, outcome=f"unavailable: {exc}")
        return answers.Unavailable(str(exc))
    answer = answers.read(reply, payload["triggerId"])
    LOG.end(entry, reply.status, received=reply.body, outcome=answer.kind)
    return answer


def send_event(app: App, url: str, payload: dict[str, Any]) -> None:
    """An event needs no answer: any 2xx is fine, anything else is only noted."""
    body = jsonbody.write_ascii(payload)
    entry = LOG.begin(
        "hook",
        "POST",
        url,
        sent=body,
        appId=app.id,
        messageType=payload["messageType"],
        eventType=payload["eventType"],
    )
    try:
        reply = wire.call(
            "POST",
            url,
            deadline=deadline(),
            body=body,
            headers=signing.headers(body, app.signing_secret, clock.now_ms()),
        )
    except wire.Unreachable as exc:
        LOG.end(entry, None, outcome=f"unavailable: {exc}")
    else:
        outcome = "delivered" if 200 <= reply.status < 300 else "refused"
        LOG.end(entry, reply.status, received=reply.body, outcome=outcome)
