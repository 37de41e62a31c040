"""Disable a key that is being replaced: with its successor or alone."""

from django.utils.translation import gettext as _

from keys import lifecycle
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    escape_user_text,
    paragraph,
    rich_text,
)
from pumble_bridge.chat.modals import successors
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.hooks.responses import Ack, HookResponse


def _view(state: ModalState) -> Element:
    key = state.key
    return render(
        MODAL.name,
        state,
        title=_("Disable “%(name)s”?") % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Disable"),
        blocks=[
            rich_text(
                paragraph(key_blocks.short_entry(key, state.user.now)),
                paragraph(_("Programs that use it are refused until you enable it again.")),
            ),
            *successors.which_keys(state),
        ],
    )


def _submit(state: ModalState) -> HookResponse:
    user = state.user
    with_successor = successors.includes_successor(state)
    lifecycle.disable(key=state.key, by=user.by, now=user.now, with_successor=with_successor)
    return Ack()


MODAL = Modal("disable_key", _view, _submit, main_input=successors.WHICH, inputs={})
