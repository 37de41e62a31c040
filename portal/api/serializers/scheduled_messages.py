"""Input of the operations on scheduled messages."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import (
    AnyCaseChoiceField,
    BlocksField,
    ChannelIdField,
    IdField,
    Input,
    Int64Field,
    LimitField,
    MillisecondsField,
    TextField,
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
    endAfterOccurrences = Int64Field(  # noqa: N815
        required=False, max_value=9999, help_text=_("The number of times after which it ends")
    )
    endDate = MillisecondsField(required=False, help_text=_("Epoch milliseconds after which it ends"))  # noqa: N815


class ScheduledMessageInput(Input):
    channelId = ChannelIdField()  # noqa: N815 - the contract's names
    text = TextField(help_text=_("The text. Shown where blocks cannot be shown"))
    sendAt = MillisecondsField(help_text=_("Epoch milliseconds, in the future"))  # noqa: N815
    blocks = BlocksField(required=False)
    recurrence = RecurrenceInput(required=False, help_text=_("Repeat the message"))


class CreateScheduledMessageInput(ScheduledMessageInput):
    threadRootId = IdField(required=False, help_text=_("Send as a reply in this message's thread"))  # noqa: N815 - the contract's names
    alsoSendToChannel = serializers.BooleanField(  # noqa: N815
        required=False, help_text=_("Show the reply in the channel too")
    )


class FetchScheduledMessagesInput(Input):
    channelId = ChannelIdField(required=False, help_text=_("Only the messages of this channel"))  # noqa: N815
    cursor = IdField(required=False, help_text=_("The id of the last message on the previous page"))
    limit = LimitField(
        max_limit=200,
        default_limit=100,
        required=False,
        help_text=_("The maximum number of entries per page"),
    )


class ScheduledMessageIdInput(Input):
    scheduledMessageId = IdField(help_text=_("The scheduled message's id"))  # noqa: N815 - the contract's name


class EditScheduledMessageInput(ScheduledMessageIdInput, ScheduledMessageInput):
    pass
