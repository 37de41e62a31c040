"""Operations on users, groups and the custom status."""

import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from keys.reasons import NOT_FOR_WORKSPACE_KEYS
from portal.api import normalization
from portal.api.base import OperationView, WriteOperationView
from portal.api.calls import ApiCall
from portal.api.serializers.responses.fields import Empty
from portal.api.serializers.responses.users import User, UserGroup
from portal.api.serializers.users import CustomStatusInput

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
_NO_STATUS = {"code": "", "status": "", "expiration": "never", "expiresAt": 4_000_000_000_000}


class ListUsers(OperationView):
    operation = "listUsers"
    scope = "users:list"
    tag = "Users"
    summary = _("List the workspace's users")
    description = _(
        "Returns all users, including bots and deactivated people. There are no pages. Roles: OWNER, ADMIN, MEMBER, GUEST."
    )
    response_serializer = User(many=True)
    response_example = [USER_EXAMPLE]

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        return [normalization.user(user) for user in call.pumble.list_users()]


class ListUserGroups(OperationView):
    operation = "listUserGroups"
    scope = "users:list"
    tag = "Users"
    summary = _("List the workspace's user groups")
    description = _("Returns all groups with their members' ids. There are no pages.")
    response_serializer = UserGroup(many=True)
    response_example = [
        {
            "id": "65f0a1b2c3d4e5f607180006",
            "workspaceId": "65f0a1b2c3d4e5f607180001",
            "name": "Backend",
            "handle": "backend",
            "workspaceUserIds": ["65f0a1b2c3d4e5f607180002"],
        }
    ]

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        return [normalization.user_group(group) for group in call.pumble.list_user_groups()]


class MyInfo(OperationView):
    operation = "myInfo"
    scope = "user:read"
    tag = "Users"
    summary = _("The user who owns the key")
    description = _("Use it to test a key. With a workspace key, it is the app's bot.")
    response_serializer = User
    response_example = USER_EXAMPLE

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        return normalization.user(call.pumble.get_user(call.owner_id))


class CustomStatus(WriteOperationView):
    operation = "customStatus"
    method = "POST"
    scope = "status:write"
    tag = "Users"
    for_people_only = True
    errors = (NOT_FOR_WORKSPACE_KEYS,)
    summary = _("Set or clear the owner's custom status")
    description = _("An empty `code` or an `expiresAt` in the past clears it.")
    input_serializer = CustomStatusInput
    request_example = {"code": ":palm_tree:", "status": "On holiday", "expiresAt": 1798761599000}
    response_serializer = Empty
    response_example = {}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        clears = not data["code"] or data["expiresAt"] <= time.time() * 1000
        status = {"status": "", "expiration": "custom"} | data
        call.pumble.set_custom_status(_NO_STATUS if clears else status)
        return {}
