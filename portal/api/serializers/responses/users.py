"""People, groups, and the key itself."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from portal.api.serializers.responses.fields import Flag, Id, Ids, Moment, Response, Text, WholeNumber


class Avatar(Response):
    fullPath = Text(_("Address of the picture"), required=False)
    scaledPath = Text(_("Address of a small one"), required=False)


class CustomStatus(Response):
    code = Text(_("An emoji as :code:"), required=False)
    status = Text(required=False)
    expiration = Text(required=False)
    expiresAt = WholeNumber(_("Epoch milliseconds"), required=False)
    showUntil = Flag(required=False)


@extend_schema_serializer(description=_("A person or a bot of the workspace."))
class User(Response):
    id = Id()
    workspaceId = Id()
    email = Text(_("Empty for bots"))
    name = Text()
    role = Text(_("OWNER, ADMIN, MEMBER or GUEST; USER for bots"))
    status = Text(_("ACTIVATED, DEACTIVATED or INVITED"))
    isAddonBot = Flag(_("The bot of an app"))
    isPumbleBot = Flag(_("Pumble's own bot"))
    title = Text(required=False)
    phone = Text(required=False)
    avatar = Avatar(required=False)
    customStatus = CustomStatus(required=False, allow_null=True)
    timeZoneId = Text(_("As Europe/Madrid"), required=False)
    automaticallyTimeZone = Flag(required=False)
    timeFormat = WholeNumber(required=False)
    activeUntil = WholeNumber(_("Epoch milliseconds; 0 where unknown"), required=False)
    invitedBy = Id(required=False, allow_null=True)
    broadcastWarningShownTs = WholeNumber(required=False, allow_null=True)


class UserGroup(Response):
    id = Id()
    workspaceId = Id()
    name = Text()
    handle = Text(_("How it is mentioned, without @"))
    description = Text(required=False, allow_null=True)
    disabled = Flag(required=False)
    createdBy = Text(required=False)
    workspaceUserIds = Ids(_("The members' ids"), required=False)


class KeyInfo(Response):
    id = Text(_("The public part of the key"))
    name = Text()
    scopes = serializers.ListField(child=Text())
    channels = Ids(_("Null for a key that is not bound to channels"), allow_null=True)
    expiresAt = Moment(_("Null for a key that does not expire"), allow_null=True)
