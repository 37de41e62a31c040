"""Channels, with who is in them."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer

from portal.api.serializers.responses.fields import Flag, Id, Ids, Moment, Response, Text, WholeNumber
from portal.api.serializers.responses.messages import Message


class ChannelRef(Response):
    id = Id()
    name = Text(_("As it is stored"))


class Posting(Response):
    allowThreads = Flag(required=False)
    allowMentions = Flag(required=False)
    postingPermissionsGroup = Text(_("EVERYONE, WORKSPACE_ADMINS or SPECIFIC_USERS"), required=False)


class PostingPermissions(Posting):
    workspaceUserIds = Ids(required=False)


class PostingPermissionsV2(Posting):
    allowedUserIds = Ids(required=False)
    allowedGroupIds = Ids(required=False)
    blockedUserIds = Ids(required=False)
    blockedGroupIds = Ids(required=False)
    blockGuests = Flag(required=False)


@extend_schema_serializer(description=_("A channel, as the key's owner sees it."))
class Channel(Response):
    id = Id()
    workspaceId = Id()
    name = Text(_("Empty for direct channels"))
    channelType = Text(_("PUBLIC, PRIVATE, DIRECT or SELF; others may come"))
    description = Text(required=False)
    sectionId = Text(required=False)
    creatorId = Text(required=False)
    addedById = Text(required=False, allow_null=True)
    isArchived = Flag(required=False)
    isHidden = Flag(required=False)
    isMember = Flag(_("Whether the key's owner is a member"), required=False)
    isMuted = Flag(required=False)
    isMain = Flag(_("The channel that everybody is in"), required=False)
    isInitial = Flag(required=False)
    isAddonBot = Flag(required=False)
    isPumbleBot = Flag(required=False)
    notifyAboutRepliesInThreads = Flag(required=False)
    timestamp = Moment(_("When it was created"), required=False)
    timestampMilli = WholeNumber(required=False)
    lastMessageTimestamp = Moment(required=False)
    lastMessageTimestampMilli = WholeNumber(required=False)
    lastMarkTimestamp = Moment(_("Up to where the key's owner has read"), required=False)
    lastMarkTimestampMilli = WholeNumber(required=False)
    desktopNotificationPreferences = Text(_("EVERYTHING, MENTIONS or NONE"), required=False, allow_null=True)
    mobileNotificationPreferences = Text(_("EVERYTHING, MENTIONS or NONE"), required=False, allow_null=True)
    postingPermissions = PostingPermissions(required=False)
    postingPermissionsV2 = PostingPermissionsV2(required=False)


class ChannelInfo(Response):
    channel = Channel()
    users = Ids(_("The members' ids"))


class ChannelListEntry(ChannelInfo):
    pinnedMessages = Message(many=True)
