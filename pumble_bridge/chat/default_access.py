"""The line above a new key whose permissions or expiry nobody chose, and the buttons that limit the key."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from keys import lifecycle, scopes, selectors, texts, times
from keys.models import ApiKey
from pumble_bridge.chat.blocks import Element, button, escape_user_text, message, paragraph, text
from pumble_bridge.chat.modals import reduce_permissions
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks.payloads import Click
from pumble_bridge.hooks.responses import Ack, HookResponse

EXPIRE, REDUCE = "expire_key", "reduce_key"
LIFETIME = timedelta(days=90)


def heading(key: ApiKey, now: datetime) -> Element:
    """Return a line about the key's access: full, or all that the workspace allows."""
    until = texts.short_date(key.expires_at, now=now) if key.expires_at else ""
    if set(key.scopes) == set(scopes.ALL):
        line = _("Full access until %(until)s.") if until else _("Full access, never expires.")
    elif until:
        line = _("All permissions that this workspace allows, until %(until)s.")
    else:
        line = _("All permissions that this workspace allows, never expires.")
    return paragraph(text(line % {"until": until}, bold=True))


def buttons(key: ApiKey, *, expiry: bool = True, permissions: bool = True) -> list[Element]:
    """Return the buttons that limit the key's expiry and permissions, as far as they are not limited yet."""
    offered = []
    if expiry and key.expires_at is None:
        label = _("Expire in %(days)s") % {"days": texts.format_days(LIFETIME)}
        offered.append(button(EXPIRE, label, value=key.key_id))
    if permissions and reduce_permissions.options(key):
        offered.append(button(REDUCE, _("Reduce permissions"), value=key.key_id))
    return offered


def expire(click: Click, user: ChatUser) -> HookResponse:
    """Set the expiry of the button's key to 90 days from now.

    Raises:
        KeysError, PumbleError
    """
    key = selectors.get_own_key_by_id(user.member, click.value, user.now)
    expires_at = user.now + LIFETIME
    if key.expires_at is None or key.expires_at > expires_at:
        rights = replace(key.rights, expires_at=expires_at)
        key = lifecycle.narrow(key=key, rights=rights, by=user.by, now=user.now)
    if click.channel_id and key.expires_at:
        line = _("“%(name)s” expires on %(date)s.") % {
            "name": escape_user_text(key.name),
            "date": times.full_date(key.expires_at),
        }
        user.send_ephemeral(click.channel_id, message(paragraph(line)))
    return Ack()
