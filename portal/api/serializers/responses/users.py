"""Users, groups, and the key itself."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from portal.api.serializers.responses.fields import Boolean, DateTime, Id, IdList, Integer, Response, Text


class Avatar(Response):
    fullPath = Text(_("The URL of the picture"), required=False)
    scaledPath = Text(_("The URL of a small picture"), required=False)


class CustomStatus(Response):
    code = Text(_("An emoji as :code:"), required=False)
    status = Text(required=False)
    expiration = Text(required=False)
    expiresAt = Integer(_("Epoch milliseconds"), required=False)
    showUntil = Boolean(required=False)


@extend_schema_serializer(description=_("A person or a bot of the workspace."))
class User(Response):
    id = Id()
    workspaceId = Id()
    email = Text(_("Empty for bots"))
    name = Text()
    role = Text(_("OWNER, ADMIN, MEMBER or GUEST. USER for bots"))
    status = Text(_("ACTIVATED, DEACTIVATED or INVITED"))
    isAddonBot = Boolean(_("The bot of an app"))
    isPumbleBot = Boolean(_("Pumble's own bot"))
    title = Text(required=False)
    phone = Text(required=False)
    avatar = Avatar(required=False)
    customStatus = CustomStatus(required=False, allow_null=True)
    timeZoneId = Text(_("For example Europe/Madrid"), required=False)
    automaticallyTimeZone = Boolean(required=False)
    timeFormat = Integer(required=False)
    activeUntil = Integer(_("Epoch milliseconds. 0 if unknown"), required=False)
    invitedBy = Id(required=False, allow_null=True)
    broadcastWarningShownTs = Integer(required=False, allow_null=True)


class UserGroup(Response):
    id = Id()
    workspaceId = Id()
    name = Text()
    handle = Text(_("How it is mentioned, without @"))
    description = Text(required=False, allow_null=True)
    disabled = Boolean(required=False)
    createdBy = Text(required=False)
    workspaceUserIds = IdList(_("The members' ids"), required=False)


class KeyInfo(Response):
    id = Text(_("The public part of the key"))
    name = Text()
    scopes = serializers.ListField(child=Text())
    channels = IdList(_("Null for a key that is not restricted to channels"), allow_null=True)
    expiresAt = DateTime(_("Null for a key that does not expire"), allow_null=True)
