"""Input of key management."""

import re
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from keys import ip_networks, rights, scopes
from keys.key_format import PREFIX
from keys.lifecycle import GRACE_PERIODS, MAX_NOTE_LENGTH
from portal.api.serializers.base import (
    LOOKS_LIKE_SECONDS,
    AnyCaseChoiceField,
    BoundedListField,
    Input,
    looks_like_seconds,
)

_KEY_ID = re.compile(r"[0-9A-Za-z]{12}", re.ASCII)
DEFAULT_GRACE = "24h"


@extend_schema_field({"type": "string", "pattern": "^[0-9A-Za-z]{12}$"})
class KeyIdField(serializers.CharField):
    """The public id of a key, with or without `pmb_`."""

    default_error_messages = {"invalid_id": "must be the id of a key: 12 letters and digits"}

    def to_internal_value(self, data: Any) -> str:
        key_id = super().to_internal_value(data).removeprefix(f"{PREFIX}_")
        if not _KEY_ID.fullmatch(key_id):
            self.fail("invalid_id")
        return key_id


@extend_schema_field({"type": "string", "format": "date-time"})
class ExpiryField(serializers.Field[datetime, Any, str, Any]):
    """A time: ISO 8601 with a time zone, or epoch milliseconds."""

    default_error_messages = {
        "invalid": "must be an ISO time with a time zone, such as 2027-01-12T22:59:59Z, or epoch milliseconds",
        "seconds": LOOKS_LIKE_SECONDS,
    }

    def to_internal_value(self, data: Any) -> datetime:
        if isinstance(data, bool) or not isinstance(data, str | int | float):
            self.fail("invalid")
        try:
            if isinstance(data, str):
                moment = parse_datetime(data)
            elif looks_like_seconds(int(data)):
                self.fail("seconds")
            else:
                moment = datetime.fromtimestamp(int(data) / 1000, tz=UTC)
        except (ValueError, OverflowError, OSError):
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail("invalid")
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            self.fail("invalid")


class _TextList(BoundedListField):
    """A list of texts without duplicates in its length."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=200), required=False, **options)


class KeyRightsInput(Input):
    """The rights of a key. Each is as those of the presented key, or of the changed key, unless it is given."""

    scopes = _TextList(
        max_length=len(scopes.KNOWN), help_text=_("What the key may do. `keys:manage` cannot be given")
    )
    channels = _TextList(
        max_length=rights.MAX_CHANNELS,
        help_text=_("The only channels that the key may use: ids, or names with or without #"),
    )
    allowedIps = _TextList(  # noqa: N815 - as in the contract's style
        max_length=ip_networks.MAX_NETWORKS,
        help_text=_("The only IP addresses and networks that the key may be used from"),
    )
    callsPerMinute = serializers.IntegerField(  # noqa: N815 - as in the contract's style
        required=False,
        min_value=1,
        max_value=rights.CALLS_PER_MINUTE,
        help_text=_("The key's own rate limit"),
    )
    expiresAt = ExpiryField(  # noqa: N815 - as in the contract's style
        required=False, help_text=_("When the key expires, as ISO 8601 or epoch milliseconds")
    )
    purpose = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_NOTE_LENGTH, help_text=_("What the key is for")
    )


class CreateKeyInput(KeyRightsInput):
    name = serializers.CharField(
        max_length=1000, help_text=_("1 to 64 visible characters. No other current key has this name")
    )


class UpdateKeyInput(KeyRightsInput):
    id = KeyIdField(help_text=_("The key to change"))
    name = serializers.CharField(required=False, max_length=1000, help_text=_("The new name"))
    enabled = serializers.BooleanField(
        required=False, help_text=_("False disables the key, true enables it again")
    )


class RotateKeyInput(Input):
    id = KeyIdField(
        required=False, help_text=_("The key to rotate. Without it, the key of the request rotates itself")
    )
    grace = AnyCaseChoiceField(
        choices=list(GRACE_PERIODS),
        required=False,
        to_upper=False,
        help_text=_("How long the old key still works. Default: 24h"),
    )


class RevokeKeyInput(Input):
    id = KeyIdField(
        required=False, help_text=_("The key to revoke. Without it, the key of the request revokes itself")
    )
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_NOTE_LENGTH,
        help_text=_("Why, for the history of the key"),
    )
