"""Texts and buttons of notices about keys in chat messages."""

import re
from typing import Any

from django.utils.translation import gettext as _

from keys.models import AuditEvent
from pumble_bridge.chat.blocks import Element, actions, button, paragraph

LEAK_REVOKE = "leak:revoke"
LEAK_TEST = "leak:test"
MESSAGE_ID = r"[0-9A-Za-z_-]{1,64}"
_BUTTON_VALUE = re.compile(rf"([0-9A-Za-z]{{12}}):({MESSAGE_ID})")


def leaked(values: dict[str, str]) -> list[Element]:
    return [
        paragraph(
            _(
                "Your API key “%(name)s” appeared in a chat message. Everybody who can read that message can use the key."
            )
            % values
        ),
        paragraph(
            _(
                "Revoke the key now, delete the message, and create a new key. If it was a test, choose “It was a test”."
            )
        ),
    ]


def revoked(values: dict[str, str]) -> list[Element]:
    return [
        paragraph(_("Revoked “%(name)s”. Calls with it are now refused.") % values),
        paragraph(_("Delete the message too. If you still need a key, create a new one.")),
    ]


def dismissed(values: dict[str, str]) -> list[Element]:
    return [
        paragraph(
            _("Recorded as a test. “%(name)s” still works, also for everybody who has read the message.")
            % values
        ),
    ]


def add_channel(content: dict[str, Any], event: AuditEvent) -> None:
    """Add the channel of the leak if the reader may know it. Only blocks can show a channel."""
    channel_id = event.detail.get("seen_in")
    if isinstance(channel_id, str):
        channel_line = paragraph(_("The message is in "), {"type": "channel", "channel_id": channel_id})
        content["blocks"][0]["elements"].insert(1, channel_line)


def buttons(key_id: str, *, message_id: str) -> Element:
    """Return the buttons below a leak notice. Their value is read by `read_button_value`."""
    value = f"{key_id}:{message_id}"
    return actions(
        button(LEAK_REVOKE, _("Revoke now"), value=value, style="danger"),
        button(LEAK_TEST, _("It was a test"), value=value),
    )


def read_button_value(value: str) -> tuple[str, str]:
    """Return the key id and the message id in a button's value, or ("", "") if it is invalid."""
    match = _BUTTON_VALUE.fullmatch(value)
    return (match[1], match[2]) if match else ("", "")
