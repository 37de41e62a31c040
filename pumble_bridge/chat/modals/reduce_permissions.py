"""Reduce the permissions of a key to those of a preset."""

import logging
from dataclasses import replace

from django.utils.translation import gettext as _

from keys import lifecycle, scopes, texts
from keys.models import ApiKey
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    escape_user_text,
    input_block,
    link,
    message,
    option,
    paragraph,
    rich_text,
    select,
)
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hooks.responses import Ack, HookResponse

PRESET = "may"

log = logging.getLogger(__name__)


def options(key: ApiKey) -> list[Element]:
    """Return the presets that have fewer scopes than the key."""
    smaller = [name for name, held in scopes.PRESETS.items() if set(held) < set(key.scopes)]
    return [option(name, *map(str, texts.PRESETS[name])) for name in smaller]


def _view(state: ModalState) -> Element:
    key = state.key
    portal = link(portal_url(f"/keys/{key.key_id}/narrow"), _("Open the portal"))
    return render(
        MODAL.name,
        state,
        title=_("Permissions of “%(name)s”")
        % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Reduce permissions"),
        blocks=[
            rich_text(
                paragraph(key_blocks.describe_rights(key, state.user.now)),
                paragraph(_("To choose each permission or channel: "), portal),
            ),
            input_block(
                _("What it may do"),
                select(PRESET, _("Choose"), options(key), state.value(PRESET)),
                state.errors,
            ),
        ],
    )


def _submit(state: ModalState) -> HookResponse:
    user, key = state.user, state.key
    preset = state.selected(PRESET, options(key))
    channel_id = user.direct_channel()  # before anything is changed: if Pumble is away, nothing is
    rights = replace(key.rights, scopes=list(scopes.PRESETS[preset]))
    reduced = lifecycle.narrow(key=key, rights=rights, by=user.by, now=user.now)
    confirmation = _("The permissions of “%(name)s” are reduced. ") % {"name": escape_user_text(reduced.name)}
    rest = key_blocks.describe_rights(reduced, user.now)
    try:
        user.send_ephemeral(channel_id, message(paragraph(confirmation, rest)))
    except PumbleError:
        log.warning("modal.reply_failed", exc_info=True, extra={"form": MODAL.name})
    return Ack()


MODAL = Modal("reduce_permissions", _view, _submit, main_input=PRESET, inputs={})
