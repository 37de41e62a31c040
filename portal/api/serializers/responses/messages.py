"""Messages, their reactions, and pages of them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from portal.api.serializers.responses.fields import (
    Boolean,
    DateTime,
    Id,
    IdList,
    Integer,
    ObjectList,
    Response,
    Text,
)


@extend_schema_serializer(description=_("The ids of a new message."))
class MessageRef(Response):
    id = Id()
    channelId = Id()


@extend_schema_serializer(
    description=_("A part of rich text. Parts can contain parts. All fields are passed on unchanged.")
)
class Block(Response):
    type = Text(_("For example rich_text, rich_text_section, text, link, emoji or user"))
    text = Text(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return super().get_fields() | {"elements": Block(many=True, required=False)}


class Reaction(Response):
    user = Id()
    code = Text(_("An emoji as :code:"))


@extend_schema_serializer(description=_("For a message that has replies"))
class ThreadRootInfo(Response):
    repliesCount = Integer(_("How many replies"), required=False)
    replyCount = Integer(_("The same as `repliesCount`"), required=False)
    repliers = IdList(_("Who replied"), required=False)
    lastReplyTimestamp = DateTime(required=False)
    lastReplyTimestampMilli = Integer(required=False)
    lastMarkTimestamp = DateTime(required=False)
    lastMarkTimestampMilli = Integer(required=False)
    isFollowing = Boolean(required=False)


@extend_schema_serializer(description=_("For a reply"))
class ThreadReplyInfo(Response):
    rootId = Id(_("The message that started the thread"), required=False)
    replySentToChannel = Boolean(required=False)
    rootText = Text(required=False)


class Message(Response):
    id = Id()
    channelId = Id()
    workspaceId = Id()
    author = Id(_("The user who wrote it"))
    text = Text(_("Empty for a deleted message, or one that has only blocks"))
    timestamp = DateTime()
    timestampMilli = Integer(_("Epoch milliseconds, of whole seconds"))
    authorAppId = Text(_("The app of the bot that wrote the message"), required=False, allow_null=True)
    blocks = Block(
        many=True, required=False, allow_null=True, help_text=_("Rich text. Shown instead of `text`")
    )
    attachments = ObjectList(required=False)
    files = ObjectList(required=False)
    linkPreviews = ObjectList(required=False)
    reactions = Reaction(many=True, required=False, help_text=_("One object per person and emoji"))
    threadRootInfo = ThreadRootInfo(required=False, allow_null=True)
    threadReplyInfo = ThreadReplyInfo(required=False, allow_null=True)
    sharedMessage = serializers.DictField(required=False, allow_null=True)
    meta = serializers.DictField(required=False, allow_null=True)
    deleted = Boolean(_("Whether the message was deleted but still has replies"), required=False)
    edited = Boolean(required=False)
    isFollowing = Boolean(required=False)
    subtype = Text(_("The kind of a system message. Empty for other messages"), required=False)
    localId = Text(required=False)
    savedTimestampMilli = Integer(required=False)


class MessagePage(Response):
    messages = Message(many=True, help_text=_("Oldest first"))
    hasMoreBefore = Boolean(_("Null if this side was not read"), allow_null=True)
    hasMoreAfter = Boolean(_("Null if this side was not read"), allow_null=True)


@extend_schema_serializer(description=_("A search result."))
class SearchHit(Message):
    highlightedBlocks = Block(
        many=True,
        required=False,
        allow_null=True,
        help_text=_("The blocks, with the matches marked"),
    )


class SearchResult(Response):
    content = SearchHit(many=True)
    totalElements = Integer(_("The number of results on all pages"))
    hasMore = Boolean()
