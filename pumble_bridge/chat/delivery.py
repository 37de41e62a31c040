"""Delivers a new key to its owner. A key that may not have been delivered is revoked."""

import logging
from collections.abc import Sequence

from django.utils.translation import gettext as _

from keys import key_format, lifecycle
from keys.models import ApiKey
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    button,
    confirmation,
    escape_user_text,
    message,
)
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack
from pumble_bridge.models import HomeTab

log = logging.getLogger(__name__)

OPEN_PORTAL = "open_portal"
REVOKE = "revoke_key"


def deliver_key(
    user: ChatUser,
    key: ApiKey,
    plaintext: key_format.Plaintext,
    *,
    channel_id: str,
    thread_root_id: str | None = None,
    heading: Element | None = None,
    offers: Sequence[Element] = (),
) -> HookResponse:
    """Send a new key to its owner in an ephemeral message, and confirm it. Revoke it if the message may be missing.

    `heading` is shown above the key, the buttons `offers` before those of every new key.
    """
    try:
        heading_parts = [heading] if heading else []
        parts = key_blocks.new_key_parts(key, plaintext, user.now)
        content = message(*heading_parts, *parts, buttons=[*offers, *_buttons(key)])
        user.send_ephemeral(channel_id, content, thread_root_id)
    except Exception as error:
        log.warning("key.not_delivered", exc_info=True, extra={"key_id": key.key_id})
        reason = ApiKey.RevokeReason.NOT_DELIVERED
        lifecycle.revoke(key=key, by=user.by, reason=reason, now=user.now)
        if not isinstance(error, PumbleError):
            raise
        if key.replaces is not None:
            return Nack(
                _(
                    "Pumble did not deliver the message with your new key, so the new key was revoked. The old key still works. Please try again."
                )
            )
        return Nack(
            _(
                "Pumble did not deliver the message with your new key, so the key was revoked. Please try again."
            )
        )
    confirmed = lifecycle.confirm(key=key, by=user.by, now=user.now)
    if confirmed.revoked_at is not None:
        return Nack(_("The key was revoked in the meantime, so the new key does not work."))
    return Ack()


def deliver_in_messages(
    user: ChatUser,
    key: ApiKey,
    plaintext: key_format.Plaintext,
    *,
    channel_id: str,
    heading: Element | None = None,
    offers: Sequence[Element] = (),
) -> HookResponse:
    """Deliver a key that was asked for in the Home tab. The tab says that the key is in Messages.

    The response to a hook never contains a key, so the modal cannot show it.
    """
    HomeTab.objects.update_or_create(member=user.member, defaults={"new_key": key})
    return deliver_key(user, key, plaintext, channel_id=channel_id, heading=heading, offers=offers)


def portal_button(label: str) -> Element:
    return button(OPEN_PORTAL, label, url=portal_url())


def _buttons(key: ApiKey) -> list[Element]:
    question = confirmation(
        title=_("Revoke “%(name)s”?") % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        body=_("Anything that uses it stops working at once. This can't be undone."),
        confirm_label=_("Revoke"),
        deny_label=_("Keep it"),
    )
    return [
        portal_button(_("Open in portal")),
        button(REVOKE, _("Revoke"), value=key.key_id, style="danger", confirm=question),
    ]
