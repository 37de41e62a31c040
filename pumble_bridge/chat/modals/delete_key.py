"""The modal "Delete API key": search for a key, then confirm."""

from django.utils.translation import gettext as _

from keys import lifecycle, selectors, unicode_text
from keys.exceptions import KeyNotFound
from keys.models import ApiKey
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    MAX_OPTIONS,
    Element,
    dynamic_select,
    escape_user_text,
    input_block,
    option,
    paragraph,
    rich_text,
    shorten_for_input,
)
from pumble_bridge.chat.modals import successors
from pumble_bridge.chat.modals.base import InputError, Modal, ModalState, render
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks.responses import Ack, HookResponse, OpenView
from pumble_bridge.manifest import KEY_MENU


def options(user: ChatUser, query: str, pasted_key_warning: str | None) -> list[Element]:
    """Return options for the user's live keys whose name contains `query` or whose id begins with it, newest first."""
    if pasted_key_warning is not None:
        return [option("-", shorten_for_input(pasted_key_warning))]
    folded_query = unicode_text.fold(query)
    key_id = query.strip().removeprefix("pmb_")
    matches = [
        key
        for key in selectors.list_held_keys(user.member, user.now)
        if folded_query in unicode_text.fold(key.name) or key.key_id.startswith(key_id)
    ]
    return [_option(key, user) for key in matches[:MAX_OPTIONS]]


def _view(state: ModalState) -> Element:
    menu = dynamic_select(KEY_MENU, _("Search by name or id"))
    return render(
        CHOOSE_KEY.name,
        state,
        title=_("Delete API key"),
        submit=_("Delete"),
        blocks=[input_block(_("Key"), menu, state.errors)],
    )


def _choose(state: ModalState) -> HookResponse:
    user = state.user
    try:
        key = selectors.get_own_key_by_id(user.member, state.value(KEY_MENU), user.now)
    except KeyNotFound:
        raise InputError(KEY_MENU, _("Choose one of your keys.")) from None
    next_state = ModalState(user, state.trigger_id, key.key_id, {}, {})
    return OpenView(state.trigger_id, "OPEN", _confirmation_view(next_state))


def _confirmation_view(state: ModalState) -> Element:
    key = state.key
    return render(
        CONFIRM_DELETION.name,
        state,
        title=_("Delete “%(name)s”?") % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Delete key"),
        blocks=[
            rich_text(
                paragraph(key_blocks.short_entry(key, state.user.now)),
                paragraph(_("Anything that uses it stops working at once. This can't be undone.")),
                *key_blocks.created_keys_note(state.key, state.user.now),
                paragraph(_("Not sure? Disable it instead; you can turn it back on.")),
            ),
            *successors.which_keys(state),
        ],
    )


def _delete(state: ModalState) -> HookResponse:
    user = state.user
    lifecycle.revoke(
        key=state.key,
        by=user.by,
        reason=ApiKey.RevokeReason.BY_HOLDER,
        now=user.now,
        with_successor=successors.includes_successor(state),
    )
    return Ack()


def _option(key: ApiKey, user: ChatUser) -> Element:
    return option(key.key_id, escape_user_text(key.name), f"{key.masked} · {key.state(user.now).label}")


CHOOSE_KEY = Modal("delete_key", _view, _choose, main_input=KEY_MENU, inputs={})
CONFIRM_DELETION = Modal("confirm_delete", _confirmation_view, _delete, main_input="", inputs={})
