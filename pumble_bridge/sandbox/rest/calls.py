"""Calls, of which nothing lasts, and the end of interactions."""

import hashlib
from typing import Any

from pumble_bridge.sandbox.interactions import RUNNING
from pumble_bridge.sandbox.rest.endpoint import Call


def permanent(call: Call) -> dict[str, Any]:
    """A person's permanent call: the same one every time. Source: Pumble app platform reference, 5.2."""
    code = hashlib.sha256(f"call:{call.person.id}".encode()).hexdigest()
    return {
        "id": code[:24],
        "code": code[24:36],
        "workspaceId": call.person.workspace_id,
        "workspaceUserId": call.person.id,
        "permanentLink": f"https://calls.pumble.test/{code[24:36]}",
    }


def complete(call: Call) -> None:
    """The app has finished with a click: its spinner ends."""
    trigger_id = call.body().get("triggerId")
    if isinstance(trigger_id, str):
        RUNNING.complete(trigger_id)
