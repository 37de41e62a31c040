"""Messages that are sent later."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.responses.fields import Flag, Id, Objects, Response, Text, WholeNumber
from portal.api.serializers.responses.messages import Block


class Recurrence(Response):
    recurrenceType = Text(required=False)
    endAfterOccurrences = WholeNumber(required=False, allow_null=True)
    endDate = WholeNumber(_("Epoch milliseconds"), required=False, allow_null=True)


class ScheduledMessage(Response):
    id = Id()
    channelId = Id()
    workspaceId = Id()
    author = Id(_("The user who wrote it"))
    text = Text()
    sendAt = WholeNumber(_("Epoch milliseconds"))
    blocks = Block(many=True, required=False, help_text=_("Rich text; shown instead of `text`"))
    attachments = Objects(required=False)
    files = Objects(required=False)
    alsoSendToChannel = Flag(required=False)
    threadRootId = Text(required=False, allow_null=True)
    rootText = Text(required=False, allow_null=True)
    quotedMessage = serializers.DictField(required=False, allow_null=True)
    recurrence = Recurrence(required=False, allow_null=True)


class ScheduledMessagePage(Response):
    scheduledMessages = ScheduledMessage(many=True)
    hasMore = Flag()
