"""The modal "Rename"."""

from django.utils.translation import gettext as _

from keys import lifecycle
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    escape_user_text,
    input_block,
    text_input,
)
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.hooks.responses import Ack, HookResponse

NAME = "name"


def _view(state: ModalState) -> Element:
    key = state.key
    initial = state.value(NAME) if NAME in state.values else key.name
    name = text_input(NAME, initial=initial[:200], max_length=lifecycle.MAX_NAME_LENGTH)
    return render(
        MODAL.name,
        state,
        title=_("Rename “%(name)s”") % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Rename"),
        blocks=[input_block(_("New name"), name, state.errors)],
    )


def _submit(state: ModalState) -> HookResponse:
    user = state.user
    lifecycle.rename(key=state.key, name=state.value(NAME), by=user.by, now=user.now)
    return Ack()


MODAL = Modal("rename_key", _view, _submit, main_input=NAME, inputs={})
