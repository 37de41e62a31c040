"""The operations that manage keys. A key manages keys of its own owner, and never gives more than it has."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import ListSerializer

from keys import lifecycle, permissions, rights, scopes, selectors, unicode_text, usage
from keys.exceptions import KeysError, WiderThanManagingKey
from keys.lifecycle import GRACE_PERIODS
from keys.models import ApiKey
from keys.reasons import (
    PUMBLE_NOT_ASKED,
    PUMBLE_TIMEOUT,
    PUMBLE_UNAVAILABLE,
    ROTATION_IN_PROGRESS,
    SCOPE_MISSING,
    TOO_MANY_NEW_KEYS,
    UNKNOWN_CHANNEL,
    UNKNOWN_KEY,
)
from keys.rights import Rights
from keys.summary import summarize
from portal.api.calls import ApiCall, pumble_slot
from portal.api.exceptions import InvalidInput
from portal.api.key_management import RIGHTS_FIELDS, KeyChangeView, KeyIssuingView, KeyManagementView
from portal.api.lookup import find_channel
from portal.api.serializers import keys as inputs
from portal.api.serializers.base import parse_id
from portal.api.serializers.responses import keys as responses

_SCOPES = ["channels:read", "messages:write"]
_KEY = {
    "id": "4F9DkLmN0pQr",
    "name": "deploy bot",
    "workspace": "Acme",
    "member": "ana@acme.test",
    "state": "active",
    "scopes": _SCOPES,
    "expiresAt": "2027-01-12T22:59:59Z",
    "lastUsedAt": "2027-01-11T08:30:00Z",
    "createdBy": "HinAcQ2ncH7E",
}
_NEW_KEY = {
    "id": "Xk29dLq81TzV",
    "key": "pmb_Xk29dLq81TzV_...",
    "name": "deploy 42",
    "scopes": _SCOPES,
    "expiresAt": "2027-01-12T22:59:59Z",
}


class ListKeys(KeyManagementView):
    operation = "listKeys"
    attempt = "list"
    scope = scopes.MANAGE
    summary = _("List the keys of the same owner")
    description = _(
        "Lists the live keys of the owner of this key, newest first. No answer contains a key itself."
    )
    response_serializer = ListSerializer(child=responses.Key())
    response_example = [_KEY]

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        keys = selectors.list_own_keys(self.manager.owner, self.now)
        return [summarize(key, self.now) for key in keys if key.confirmed_at is not None]


class CreateKey(KeyIssuingView):
    operation = "createKey"
    method = "POST"
    attempt = "issue"
    scope = scopes.MANAGE
    summary = _("Create a key")
    description = _(
        "Creates a key of the same owner. What you do not send is as that of this key, without `keys:manage`. No new key has more rights than this key, or ends later. If this key is revoked, the keys that it created are revoked too. The answer contains the new key once: a repetition with the same `Idempotency-Key` gets `null` instead."
    )
    input_serializer = inputs.CreateKeyInput
    request_example = {
        "name": "deploy 42",
        "scopes": _SCOPES,
        "channels": ["deploys"],
        "expiresAt": "2027-01-12T22:59:59Z",
    }
    response_serializer = responses.NewKey
    response_example = _NEW_KEY
    errors = (UNKNOWN_CHANNEL, TOO_MANY_NEW_KEYS, PUMBLE_UNAVAILABLE, PUMBLE_NOT_ASKED, PUMBLE_TIMEOUT)

    def prepare(self, call: ApiCall, data: dict[str, Any]) -> None:
        if "channels" in data:
            data["channels"] = _resolve_channels(call, data["channels"], self.manager.channels)

    def change(self, data: dict[str, Any]) -> Any:
        wanted = _read_rights(data, without_management(self.manager.rights))
        key, plaintext = lifecycle.issue(
            owner=self.manager.owner,
            name=data["name"],
            by=self.by,
            now=self.now,
            scopes=wanted.scopes,
            channels=wanted.channels,
            allowed_addresses=wanted.allowed_addresses,
            calls_per_minute=wanted.calls_per_minute,
            expires_at=wanted.expires_at,
            purpose=data.get("purpose", ""),
        )
        return self.issue(key, plaintext)

    def field_of(self, error: KeysError) -> str | None:
        if isinstance(error, WiderThanManagingKey):
            return RIGHTS_FIELDS[error.field]
        return super().field_of(error)


class UpdateKey(KeyChangeView):
    operation = "updateKey"
    method = "POST"
    attempt = "update"
    scope = scopes.MANAGE
    summary = _("Rename, reduce, disable or enable a key")
    description = _(
        "Changes a key of the same owner, all or nothing. Its permissions can only become narrower. A key with more rights than this key, or one with `keys:manage`, cannot be changed."
    )
    input_serializer = inputs.UpdateKeyInput
    request_example = {"id": "4F9DkLmN0pQr", "enabled": False}
    response_serializer = responses.Key
    response_example = _KEY | {"state": "disabled"}
    errors = (UNKNOWN_KEY, UNKNOWN_CHANNEL, PUMBLE_UNAVAILABLE, PUMBLE_NOT_ASKED, PUMBLE_TIMEOUT)

    def prepare(self, call: ApiCall, data: dict[str, Any]) -> None:
        key = self.find_key(data["id"])
        permissions.require_managed(key, self.manager)
        if "channels" in data:
            data["channels"] = _resolve_channels(call, data["channels"], key.channels)

    def change(self, data: dict[str, Any]) -> Any:
        key = self.find_key(data["id"])
        if "name" in data:
            key = lifecycle.rename(key=key, name=data["name"], by=self.by, now=self.now)
        wanted = _read_rights(data, key.rights)
        if wanted != key.rights:
            key = lifecycle.narrow(key=key, rights=wanted, by=self.by, now=self.now)
        if "purpose" in data:
            key = lifecycle.change_purpose(key=key, purpose=data["purpose"], by=self.by, now=self.now)
        if "enabled" in data:
            toggle = lifecycle.enable if data["enabled"] else lifecycle.disable
            key = toggle(key=key, by=self.by, now=self.now)
        return summarize(key, self.now)


class RotateKey(KeyIssuingView):
    operation = "rotateKey"
    method = "POST"
    attempt = "rotate"
    scope = None
    summary = _("Replace a key with a new one")
    description = _(
        "Creates a successor with the same name, rights and expiry. The old key works until the grace period ends. Without `id`, the key of the request rotates itself, which needs no scope. With the `id` of another key, `keys:manage` is required. If the answer is lost, the old key can rotate itself again in its grace period, as long as the new key was not used: that one is then revoked."
    )
    input_serializer = inputs.RotateKeyInput
    request_example = {"grace": "24h"}
    response_serializer = responses.NewKey
    response_example = _NEW_KEY
    errors = (SCOPE_MISSING, UNKNOWN_KEY, ROTATION_IN_PROGRESS, TOO_MANY_NEW_KEYS)

    def prepare(self, call: ApiCall, data: dict[str, Any]) -> None:
        if self.is_own(data.get("id")):
            usage.recorder.flush()  # has the successor been used?
        else:
            self.require_management()

    def change(self, data: dict[str, Any]) -> Any:
        key_id = data.get("id")
        key = self.manager if self.is_own(key_id) else self.find_key(str(key_id))
        grace = GRACE_PERIODS[data.get("grace", inputs.DEFAULT_GRACE)]
        return self.issue(*lifecycle.rotate(key=key, grace=grace, by=self.by, now=self.now))


class RevokeKey(KeyChangeView):
    operation = "revokeKey"
    method = "POST"
    attempt = "revoke"
    scope = None
    summary = _("Revoke a key")
    description = _(
        "Ends a key for good, with the keys that it created. Without `id`, the key of the request revokes itself, which needs no scope. With the `id` of another key, `keys:manage` is required. A key with more rights than this key, or one with `keys:manage`, cannot be revoked."
    )
    input_serializer = inputs.RevokeKeyInput
    request_example = {"id": "4F9DkLmN0pQr", "reason": "deploy 42 is done"}
    response_serializer = responses.Key
    response_example = _KEY | {"state": "revoked"}
    errors = (SCOPE_MISSING, UNKNOWN_KEY)

    def prepare(self, call: ApiCall, data: dict[str, Any]) -> None:
        if not self.is_own(data.get("id")):
            self.require_management()

    def change(self, data: dict[str, Any]) -> Any:
        key_id = data.get("id")
        key = self.manager if self.is_own(key_id) else self.find_key(str(key_id))
        reason = ApiKey.RevokeReason.BY_KEY
        key = lifecycle.revoke(key=key, by=self.by, reason=reason, now=self.now, note=data.get("reason", ""))
        return summarize(key, self.now)


def without_management(held: Rights) -> Rights:
    """Return the rights that a new key has by default."""
    return replace(held, scopes=[scope for scope in held.scopes if scope != scopes.MANAGE])


def _read_rights(data: dict[str, Any], default: Rights) -> Rights:
    """Return the rights in the input. Those that are absent are as in `default`.

    Raises:
        ScopeUnknown, ChannelsInvalid, AddressInvalid, TooManyAddresses, LimitInvalid.
    """
    return rights.make(
        scopes_wanted=data.get("scopes", default.scopes),
        channels=data.get("channels", default.channels),
        allowed_addresses=data.get("allowedIps", default.allowed_addresses),
        calls_per_minute=data.get("callsPerMinute", default.calls_per_minute),
        expires_at=data.get("expiresAt", default.expires_at),
    )


def _resolve_channels(call: ApiCall, texts: list[str], known: dict[str, str] | None) -> dict[str, str]:
    """Return the names of channels, given by id or name, by id. Ask Pumble if the key is not limited to `known` channels.

    Raises:
        InvalidInput: no channel of a limited key has this name.
        ChannelNotFound: the owner cannot see such a channel. PumbleError.
    """
    if known is None:
        with pumble_slot(call):
            found = [find_channel(call, {"channel": text})["channel"] for text in texts]
        return {channel["id"]: str(channel.get("name") or "") for channel in found}
    ids = {unicode_text.fold(name): channel_id for channel_id, name in known.items()}
    channels: dict[str, str] = {}
    for text in texts:
        channel_id = ids.get(unicode_text.fold(text.strip().removeprefix("#"))) or parse_id(text.strip())
        if channel_id is None:
            raise InvalidInput({"channels": ["must be channels that the key may use"]})
        channels[channel_id] = known.get(channel_id, "")
    return channels
