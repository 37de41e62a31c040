"""What the operations on scheduled messages take in."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import (
    AnyCaseChoiceField,
    BlocksField,
    ChannelIdField,
    IdField,
    Input,
    LimitField,
    MillisecondsField,
    TextField,
    WholeNumberField,
)

RECURRENCES = [
    "DAILY",
    "BUSINESSDAYS",
    "WEEKLY",
    "BIWEEKLY",
    "MONTHLY_NTH_WEEKDAY",
    "MONTHLY_LAST_WEEKDAY",
    "QUARTERLY_NTH_WEEKDAY",
    "QUARTERLY_LAST_WEEKDAY",
    "ANNUALLY",
]


class RecurrenceInput(Input):
    recurrenceType = AnyCaseChoiceField(choices=RECURRENCES, help_text=_("How often"))  # noqa: N815 - the contract's names
    endAfterOccurrences = WholeNumberField(  # noqa: N815
        required=False, max_value=9999, help_text=_("After how many times it ends")
    )
    endDate = MillisecondsField(required=False, help_text=_("Epoch milliseconds after which it ends"))  # noqa: N815


class ScheduledInput(Input):
    channelId = ChannelIdField()  # noqa: N815 - the contract's names
    text = TextField(help_text=_("Shown where blocks are not"))
    sendAt = MillisecondsField(help_text=_("Epoch milliseconds, in the future"))  # noqa: N815
    blocks = BlocksField(required=False)
    recurrence = RecurrenceInput(required=False, help_text=_("Send it again and again"))


class CreateScheduledMessageInput(ScheduledInput):
    threadRootId = IdField(required=False, help_text=_("Send as a reply in this message's thread"))  # noqa: N815 - the contract's names
    alsoSendToChannel = serializers.BooleanField(  # noqa: N815
        required=False, help_text=_("Show the reply in the channel too")
    )


class FetchScheduledMessagesInput(Input):
    channelId = ChannelIdField(required=False, help_text=_("Only those for this channel"))  # noqa: N815
    cursor = IdField(required=False, help_text=_("The id of the last one of the page before"))
    limit = LimitField(
        max_limit=200, default_limit=100, required=False, help_text=_("How many a page may have")
    )


class OneScheduledInput(Input):
    scheduledMessageId = IdField(help_text=_("The scheduled message's id"))  # noqa: N815 - the contract's name


class EditScheduledMessageInput(OneScheduledInput, ScheduledInput):
    pass
