"""The operation on the key itself."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.api.base import OperationView
from portal.api.calls import ApiCall
from portal.api.serializers.responses import users


class KeyInfo(OperationView):
    operation = "keyInfo"
    scope = None
    calls_pumble = False
    tag = "Users"
    summary = _("Get this key and its rights")
    description = _(
        "Describes the key of the request. No scope is required. `channels` has the ids of the channels that the key may use. It is null for a key that is not restricted to channels."
    )
    response_serializer = users.KeyInfo
    response_example = {
        "id": "4F9DkLmN0pQr",
        "name": "deploy bot",
        "scopes": ["messages:write"],
        "channels": None,
        "expiresAt": "2027-01-12T22:59:59Z",
    }

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        key = call.key
        expires_at = key.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if key.expires_at else None
        return {
            "id": key.key_id,
            "name": key.name,
            "scopes": key.scopes,
            "channels": None if key.channels is None else list(key.channels),
            "expiresAt": expires_at,
        }
