"""What the operations on users take in."""

import re

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import AnyCaseChoiceField, Input, MillisecondsField

_EMOJI = re.compile(r":[^:\s]+:")


class CustomStatusInput(Input):
    code = serializers.CharField(
        allow_blank=True, max_length=102, help_text=_("An emoji as :code:; empty clears")
    )
    expiresAt = MillisecondsField(  # noqa: N815 - the contract's name
        may_be_long_ago=True, help_text=_("Epoch milliseconds; a time in the past clears")
    )
    status = serializers.CharField(
        required=False, allow_blank=True, max_length=128, help_text=_("A few words beside the emoji")
    )
    expiration = AnyCaseChoiceField(
        choices=["never", "min30", "hour1", "hour4", "today", "thisWeek", "custom"],
        required=False,
        to_upper=False,
        help_text=_("Which choice of Pumble's the time came from, custom unless said"),
    )

    def validate_code(self, code: str) -> str:
        if code and not _EMOJI.fullmatch(code):
            raise serializers.ValidationError("must be an emoji as :code:")
        return code
