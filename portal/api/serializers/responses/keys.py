"""Answers of key management."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.responses.fields import DateTime, Response, Text


class Key(Response):
    id = Text(_("The public part of the key"))
    name = Text()
    workspace = Text(_("The name of the workspace"))
    member = Text(_("The e-mail of the owner"))
    state = Text(_("active, disabled, retiring, or revoked. A retiring key is being replaced"))
    scopes = serializers.ListField(child=Text())
    expiresAt = DateTime(_("Null for a key that does not expire"), allow_null=True)
    lastUsedAt = DateTime(_("Null for a key that was never used"), allow_null=True)
    createdBy = Text(_("The id of the key that created this key. Absent if a person did"), required=False)


class NewKey(Response):
    id = Text(_("The public part of the key"))
    key = Text(
        _("The key itself. It is in this answer only. Null in the answer to a repetition"), allow_null=True
    )
    name = Text()
    scopes = serializers.ListField(child=Text())
    expiresAt = DateTime(_("Null for a key that does not expire"), allow_null=True)
    note = Text(_("Only in the answer to a repetition: why there is no key"), required=False)
