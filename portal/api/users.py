"""Users: who the key acts as."""

from typing import Any

from portal.api import shapes
from portal.api.endpoint import Call, Endpoint


class MyInfo(Endpoint):
    operation = "myInfo"
    scope = "user:read"
    tag = "Users"
    summary = "The user who owns the key"
    description = "Good as a test whether a key works."
    answer_example = {
        "id": "65f0a1b2c3d4e5f607180002",
        "workspaceId": "65f0a1b2c3d4e5f607180001",
        "name": "Ana",
        "email": "ana@acme.test",
        "role": "OWNER",
        "status": "ACTIVATED",
        "isAddonBot": False,
        "isPumbleBot": False,
    }

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return shapes.user(call.pumble.get_user(call.owner_id))
