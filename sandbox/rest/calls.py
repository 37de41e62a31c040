"""Calls: nobody can join them here, but apps get the address that they expect."""

import hashlib
from typing import Any

from sandbox.rest.endpoint import Call


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
