"""Messages, their reactions, and pages of them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from portal.api.serializers.responses.fields import (
    Flag,
    Id,
    Ids,
    Moment,
    Objects,
    Response,
    Text,
    WholeNumber,
)


@extend_schema_serializer(description=_("Where something new can be found."))
class MessageRef(Response):
    id = Id()
    channelId = Id()


@extend_schema_serializer(
    description=_("A piece of rich text; pieces hold pieces. Everything in it is passed on untouched.")
)
class Block(Response):
    type = Text(_("As rich_text, rich_text_section, text, link, emoji or user"))
    text = Text(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return super().get_fields() | {"elements": Block(many=True, required=False)}


class Reaction(Response):
    user = Id()
    code = Text(_("An emoji as :code:"))


@extend_schema_serializer(description=_("For a message that has replies"))
class ThreadRootInfo(Response):
    repliesCount = WholeNumber(_("How many replies"), required=False)
    replyCount = WholeNumber(_("The same, by its other name"), required=False)
    repliers = Ids(_("Who replied"), required=False)
    lastReplyTimestamp = Moment(required=False)
    lastReplyTimestampMilli = WholeNumber(required=False)
    lastMarkTimestamp = Moment(required=False)
    lastMarkTimestampMilli = WholeNumber(required=False)
    isFollowing = Flag(required=False)


@extend_schema_serializer(description=_("For a reply"))
class ThreadReplyInfo(Response):
    rootId = Id(_("The message that began the thread"), required=False)
    replySentToChannel = Flag(required=False)
    rootText = Text(required=False)


class Message(Response):
    id = Id()
    channelId = Id()
    workspaceId = Id()
    author = Id(_("The user who wrote it"))
    text = Text(_("Empty for a deleted message, or one that has only blocks"))
    timestamp = Moment()
    timestampMilli = WholeNumber(_("Epoch milliseconds, of whole seconds"))
    authorAppId = Text(_("The app, for what a bot wrote"), required=False, allow_null=True)
    blocks = Block(
        many=True, required=False, allow_null=True, help_text=_("Rich text; shown instead of `text`")
    )
    attachments = Objects(required=False)
    files = Objects(required=False)
    linkPreviews = Objects(required=False)
    reactions = Reaction(many=True, required=False, help_text=_("One object per person and emoji"))
    threadRootInfo = ThreadRootInfo(required=False, allow_null=True)
    threadReplyInfo = ThreadReplyInfo(required=False, allow_null=True)
    sharedMessage = serializers.DictField(required=False, allow_null=True)
    meta = serializers.DictField(required=False, allow_null=True)
    deleted = Flag(_("True for the empty place of a deleted message that had replies"), required=False)
    edited = Flag(required=False)
    isFollowing = Flag(required=False)
    subtype = Text(_("Names the kind of a system message; empty otherwise"), required=False)
    localId = Text(required=False)
    savedTimestampMilli = WholeNumber(required=False)


class MessagePage(Response):
    messages = Message(many=True, help_text=_("Oldest first"))
    hasMoreBefore = Flag(_("Null where this side was not looked at"), allow_null=True)
    hasMoreAfter = Flag(_("Null where this side was not looked at"), allow_null=True)


@extend_schema_serializer(description=_("A message that was found."))
class SearchHit(Message):
    highlightedBlocks = Block(
        many=True,
        required=False,
        allow_null=True,
        help_text=_("The blocks, with what was found marked"),
    )


class SearchResult(Response):
    content = SearchHit(many=True)
    totalElements = WholeNumber(_("All hits, also those of other pages"))
    hasMore = Flag()
