"""Input of a search."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.exceptions import InvalidBody
from portal.api.serializers.base import (
    AnyCaseChoiceField,
    Input,
    LimitField,
    MillisecondsField,
    TextListField,
)
from pumble_bridge.hints import Hint


class SearchInput(Input):
    require_any_of = ("text", "from", "in")

    text = serializers.CharField(
        required=False, allow_blank=True, max_length=1000, help_text=_("Words to look for")
    )
    limit = LimitField(
        max_limit=20, default_limit=10, required=False, help_text=_("The maximum number of entries per page")
    )
    strategy = AnyCaseChoiceField(
        choices=["MOST_RELEVANT", "MOST_RECENT", "NEWEST", "OLDEST"],
        required=False,
        help_text=_("The order of the results. Default: MOST_RELEVANT"),
    )
    beforeTs = MillisecondsField(required=False, help_text=_("Epoch milliseconds, not included"))  # noqa: N815 - the contract's
    afterTs = MillisecondsField(required=False, help_text=_("Epoch milliseconds, not included"))  # noqa: N815 - names

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` and `in` are keywords of Python.
        people = TextListField(required=False, help_text=_("People's ids, names or e-mails"))
        channels = TextListField(required=False, help_text=_("Channels' ids or names"))
        return super().get_fields() | {"from": people, "in": channels}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs.get("text", "").strip() or attrs.get("from") or attrs.get("in")):
            raise InvalidBody(Hint.CRITERION_MISSING)
        return attrs
