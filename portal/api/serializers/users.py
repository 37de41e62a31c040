"""Input of the operations on users."""

import re

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import AnyCaseChoiceField, Input, MillisecondsField

_EMOJI = re.compile(r":[^:\s]+:")


class CustomStatusInput(Input):
    code = serializers.CharField(
        allow_blank=True, max_length=102, help_text=_("An emoji as :code:. Empty clears the status")
    )
    expiresAt = MillisecondsField(  # noqa: N815 - the contract's name
        accept_old_times=True, help_text=_("Epoch milliseconds. A time in the past clears the status")
    )
    status = serializers.CharField(
        required=False, allow_blank=True, max_length=128, help_text=_("The text beside the emoji")
    )
    expiration = AnyCaseChoiceField(
        choices=["never", "min30", "hour1", "hour4", "today", "thisWeek", "custom"],
        required=False,
        to_upper=False,
        help_text=_("The option in Pumble that set the time. Default: custom"),
    )

    def validate_code(self, code: str) -> str:
        if code and not _EMOJI.fullmatch(code):
            raise serializers.ValidationError("must be an emoji as :code:")
        return code
