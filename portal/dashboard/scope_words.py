"""What each scope and preset lets a key do, in words."""

from typing import TYPE_CHECKING

from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SCOPES: "dict[str, StrPromise]" = {
    "channels:list": _("List channels"),
    "channels:read": _("Look up one channel"),
    "channels:write": _("Create channels and change their members"),
    "messages:read": _("Read and search messages"),
    "messages:write": _("Post messages, now or later"),
    "messages:edit": _("Edit your messages"),
    "messages:delete": _("Delete your messages"),
    "reaction:write": _("React to messages"),
    "users:list": _("List people and groups"),
    "user:read": _("See your own profile"),
    "status:write": _("Set your status"),
}
PRESETS: "dict[str, tuple[StrPromise, StrPromise]]" = {
    "read-only": (_("Read only"), _("sees channels, people and messages; changes nothing")),
    "post-messages": (_("Post messages"), _("posts, and sees channels and people; reads no messages")),
    "full-access": (_("Full access"), _("does everything that you can do in Pumble")),
    "custom": (_("Custom"), _("choose each thing yourself")),
}


def _scope(name: str) -> SafeString:
    return format_html("{} <code>{}</code>", SCOPES[name], name)


def _preset(name: str) -> SafeString:
    return format_html('<strong>{}</strong> <span class="quiet">{}</span>', *PRESETS[name])


scope_label = lazy(_scope, SafeString)
preset_label = lazy(_preset, SafeString)
