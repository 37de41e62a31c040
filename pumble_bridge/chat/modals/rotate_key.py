"""The modal "Rotate": issues a new key, while the old key works for a grace period."""

from django.utils.translation import gettext as _

from keys import lifecycle
from pumble_bridge import channel_membership
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    escape_user_text,
    input_block,
    option,
    paragraph,
    rich_text,
    select,
)
from pumble_bridge.chat.delivery import deliver_in_messages
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.hooks.responses import HookResponse

GRACE = "grace"
DEFAULT_GRACE = "24h"


def _view(state: ModalState) -> Element:
    grace = select(GRACE, _("Choose"), grace_options(), state.value(GRACE) or DEFAULT_GRACE)
    return render(
        MODAL.name,
        state,
        title=_("Rotate “%(name)s”")
        % {"name": escape_user_text(state.key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Rotate"),
        blocks=[
            rich_text(paragraph(_("You get a new key with the same permissions and the same expiry date."))),
            input_block(_("How long the old key still works"), grace, state.errors),
        ],
    )


def _submit(state: ModalState) -> HookResponse:
    user = state.user
    grace = state.selected(GRACE, grace_options())
    old = state.key
    channel_membership.require_access_to_key(user.member, old)
    channel_id = user.direct_channel()  # before the key exists, so that a failure leaves no key
    key, plaintext = lifecycle.rotate(key=old, grace=lifecycle.GRACE_PERIODS[grace], by=user.by, now=user.now)
    return deliver_in_messages(user, key, plaintext, channel_id=channel_id)


def grace_options() -> list[Element]:
    labels = {
        "now": _("Not at all"),
        "1h": _("1 hour"),
        "24h": _("24 hours"),
        "7d": _("7 days"),
    }
    return [option(name, labels[name]) for name in lifecycle.GRACE_PERIODS]


MODAL = Modal("rotate_key", _view, _submit, main_input=GRACE, inputs={})
