"""Channels and their members."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer

from portal.api.serializers.responses.fields import Boolean, DateTime, Id, IdList, Integer, Response, Text
from portal.api.serializers.responses.messages import Message


class ChannelRef(Response):
    id = Id()
    name = Text(_("The name as it is stored"))


class Posting(Response):
    allowThreads = Boolean(required=False)
    allowMentions = Boolean(required=False)
    postingPermissionsGroup = Text(_("EVERYONE, WORKSPACE_ADMINS or SPECIFIC_USERS"), required=False)


class PostingPermissions(Posting):
    workspaceUserIds = IdList(required=False)


class PostingPermissionsV2(Posting):
    allowedUserIds = IdList(required=False)
    allowedGroupIds = IdList(required=False)
    blockedUserIds = IdList(required=False)
    blockedGroupIds = IdList(required=False)
    blockGuests = Boolean(required=False)


@extend_schema_serializer(description=_("A channel, as the key's owner sees it."))
class Channel(Response):
    id = Id()
    workspaceId = Id()
    name = Text(_("Empty for direct channels"))
    channelType = Text(_("PUBLIC, PRIVATE, DIRECT or SELF. New types are possible"))
    description = Text(required=False)
    sectionId = Text(required=False)
    creatorId = Text(required=False)
    addedById = Text(required=False, allow_null=True)
    isArchived = Boolean(required=False)
    isHidden = Boolean(required=False)
    isMember = Boolean(_("Whether the key's owner is a member"), required=False)
    isMuted = Boolean(required=False)
    isMain = Boolean(_("Whether it is the channel with all members"), required=False)
    isInitial = Boolean(required=False)
    isAddonBot = Boolean(required=False)
    isPumbleBot = Boolean(required=False)
    notifyAboutRepliesInThreads = Boolean(required=False)
    timestamp = DateTime(_("When it was created"), required=False)
    timestampMilli = Integer(required=False)
    lastMessageTimestamp = DateTime(required=False)
    lastMessageTimestampMilli = Integer(required=False)
    lastMarkTimestamp = DateTime(_("The time up to which the key's owner has read"), required=False)
    lastMarkTimestampMilli = Integer(required=False)
    desktopNotificationPreferences = Text(_("EVERYTHING, MENTIONS or NONE"), required=False, allow_null=True)
    mobileNotificationPreferences = Text(_("EVERYTHING, MENTIONS or NONE"), required=False, allow_null=True)
    postingPermissions = PostingPermissions(required=False)
    postingPermissionsV2 = PostingPermissionsV2(required=False)


class ChannelInfo(Response):
    channel = Channel()
    users = IdList(_("The members' ids"))


class ChannelListEntry(ChannelInfo):
    pinnedMessages = Message(many=True)
