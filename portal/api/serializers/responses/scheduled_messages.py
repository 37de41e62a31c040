"""Messages that are sent later."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.responses.fields import Boolean, Id, Integer, ObjectList, Response, Text
from portal.api.serializers.responses.messages import Block


class Recurrence(Response):
    recurrenceType = Text(required=False)
    endAfterOccurrences = Integer(required=False, allow_null=True)
    endDate = Integer(_("Epoch milliseconds"), required=False, allow_null=True)


class ScheduledMessage(Response):
    id = Id()
    channelId = Id()
    workspaceId = Id()
    author = Id(_("The user who wrote it"))
    text = Text()
    sendAt = Integer(_("Epoch milliseconds"))
    blocks = Block(many=True, required=False, help_text=_("Rich text. Shown instead of `text`"))
    attachments = ObjectList(required=False)
    files = ObjectList(required=False)
    alsoSendToChannel = Boolean(required=False)
    threadRootId = Text(required=False, allow_null=True)
    rootText = Text(required=False, allow_null=True)
    quotedMessage = serializers.DictField(required=False, allow_null=True)
    recurrence = Recurrence(required=False, allow_null=True)


class ScheduledMessagePage(Response):
    scheduledMessages = ScheduledMessage(many=True)
    hasMore = Boolean()
