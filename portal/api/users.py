"""Users: who the key acts as, who else there is, groups, the custom status; and the key's own description."""

import re
import time
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api import shapes
from portal.api.endpoint import Call, Endpoint
from portal.api.inputs import Choice, Input, Milliseconds

USER_EXAMPLE = {
    "id": "65f0a1b2c3d4e5f607180002",
    "workspaceId": "65f0a1b2c3d4e5f607180001",
    "name": "Ana",
    "email": "ana@acme.test",
    "role": "OWNER",
    "status": "ACTIVATED",
    "isAddonBot": False,
    "isPumbleBot": False,
}
_EMOJI = re.compile(r":[^:\s]+:")
_NO_STATUS = {"code": "", "status": "", "expiration": "never", "expiresAt": 4_000_000_000_000}


class ListUsers(Endpoint):
    operation = "listUsers"
    scope = "users:list"
    tag = "Users"
    summary = _("List the workspace's users")
    description = _(
        "Everybody in one answer, bots and deactivated people included. Roles: OWNER, ADMIN, MEMBER, GUEST."
    )
    answers = ["User"]
    answer_example = [USER_EXAMPLE]

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return [shapes.user(user) for user in call.pumble.list_users()]


class ListUserGroups(Endpoint):
    operation = "listUserGroups"
    scope = "users:list"
    tag = "Users"
    summary = _("List the workspace's user groups")
    description = _("Every group with its members' ids, in one answer.")
    answers = ["UserGroup"]
    answer_example = [
        {
            "id": "65f0a1b2c3d4e5f607180006",
            "workspaceId": "65f0a1b2c3d4e5f607180001",
            "name": "Backend",
            "handle": "backend",
            "workspaceUserIds": ["65f0a1b2c3d4e5f607180002"],
        }
    ]

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return [shapes.user_group(group) for group in call.pumble.list_user_groups()]


class MyInfo(Endpoint):
    operation = "myInfo"
    scope = "user:read"
    tag = "Users"
    summary = _("The user who owns the key")
    description = _("Good as a test whether a key works.")
    answers = "User"
    answer_example = USER_EXAMPLE

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        return shapes.user(call.pumble.get_user(call.owner_id))


class CustomStatusInput(Input):
    code = serializers.CharField(
        allow_blank=True, max_length=102, help_text=_("An emoji as :code:; empty clears")
    )
    expiresAt = Milliseconds(  # noqa: N815 - the contract's name
        may_be_long_ago=True, help_text=_("Epoch milliseconds; a time in the past clears")
    )
    status = serializers.CharField(
        required=False, allow_blank=True, max_length=128, help_text=_("A few words beside the emoji")
    )
    expiration = Choice(
        choices=["never", "min30", "hour1", "hour4", "today", "thisWeek", "custom"],
        required=False,
        to_upper=False,
        help_text=_("Which choice of Pumble's the time came from, custom unless said"),
    )

    def validate_code(self, code: str) -> str:
        if code and not _EMOJI.fullmatch(code):
            raise serializers.ValidationError("must be an emoji as :code:")
        return code


class CustomStatus(Endpoint):
    operation = "customStatus"
    method = "POST"
    scope = "status:write"
    tag = "Users"
    summary = _("Set or clear the owner's custom status")
    description = _("An empty `code` or an `expiresAt` in the past clears it.")
    takes = CustomStatusInput
    request_example = {"code": ":palm_tree:", "status": "On holiday", "expiresAt": 1798761599000}
    answers = "Empty"
    answer_example = {}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        clears = not given["code"] or given["expiresAt"] <= time.time() * 1000
        status = {"status": "", "expiration": "custom"} | given
        call.pumble.set_custom_status(_NO_STATUS if clears else status)
        return {}


class KeyInfo(Endpoint):
    operation = "keyInfo"
    scope = None
    asks_pumble = False
    tag = "Users"
    summary = _("What this key is and may do")
    description = _(
        "For the key itself; needs no scope. `channels` has the ids of the only channels it may touch and see, and is null "
        "for a key that is not bound to channels."
    )
    answers = "KeyInfo"
    answer_example = {
        "id": "4F9DkLmN0pQr",
        "name": "deploy bot",
        "scopes": ["messages:write"],
        "channels": None,
        "expiresAt": "2027-01-12T22:59:59Z",
    }

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        key = call.key
        expires_at = key.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if key.expires_at else None
        return {
            "id": key.key_id,
            "name": key.name,
            "scopes": key.scopes,
            "channels": None if key.channels is None else list(key.channels),
            "expiresAt": expires_at,
        }
