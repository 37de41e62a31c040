"""The app's modals: opening, submission, and the options of the menu of keys."""

import logging

from django.utils.translation import gettext as _

from keys import key_format
from keys.exceptions import KeyNotFound, KeysError
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.modals import (
    add_key,
    delete_key,
    disable_key,
    reduce_permissions,
    rename_key,
    renew_key,
    rotate_key,
)
from pumble_bridge.chat.modals.base import InputError, Modal, ModalState
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hooks.payloads import Click, MenuQuery, Submission
from pumble_bridge.hooks.responses import HookResponse, MenuOptions, Nack, OpenView
from pumble_bridge.manifest import KEY_MENU

log = logging.getLogger(__name__)

ADD_KEY, DELETE_KEY, CONFIRM_DELETE = add_key.MODAL, delete_key.CHOOSE_KEY, delete_key.CONFIRM_DELETION
RENAME_KEY, ROTATE_KEY, RENEW_KEY = rename_key.MODAL, rotate_key.MODAL, renew_key.MODAL
DISABLE_KEY, REDUCE_PERMISSIONS = disable_key.MODAL, reduce_permissions.MODAL
MODALS = {
    modal.name: modal
    for modal in (
        ADD_KEY,
        DELETE_KEY,
        CONFIRM_DELETE,
        RENAME_KEY,
        ROTATE_KEY,
        RENEW_KEY,
        DISABLE_KEY,
        REDUCE_PERMISSIONS,
    )
}


def open_modal(click: Click, user: ChatUser, modal: Modal, key_id: str = "") -> HookResponse:
    """`form` on top of the clicked view or message.

    Raises:
        KeyNotFound: the user has no key with this id.
    """
    view = modal.view(ModalState(user, click.trigger_id, key_id, {}, {}))
    if not click.in_view:
        return OpenView(click.trigger_id, "OPEN", view)
    return OpenView(click.trigger_id, "PUSH", view | {"parentViewId": click.source_id})


def submit(submission: Submission, user: ChatUser, pasted_key_warning: str | None) -> HookResponse:
    """Handle a submitted modal. Reopen it with the typed values and an error if an input is invalid.

    `pasted_key_warning` is shown as an error if a key was pasted into an input.

    Raises:
        KeyNotFound: the user no longer has the key of the modal.
    """
    name, _colon, key_id = submission.callback_id.partition(":")
    modal = MODALS.get(name)
    if modal is None:
        log.info("modal.refused", extra={"reason": "unknown_form"})
        return Nack(_("This window is from an earlier version of the app. Close it and open it again."))
    clean = {
        block: "" if key_format.contains_key_pattern(value) else value
        for block, value in submission.values.items()
    }
    state = ModalState(user, submission.trigger_id, key_id, clean, {})
    if pasted_key_warning is not None:
        return _reopen(modal, state, modal.main_input, pasted_key_warning, reason="key_pasted")
    try:
        return modal.submit(state)
    except InputError as error:
        return _reopen(modal, state, error.name, error.message, reason="not_offered")
    except PumbleError:
        log.warning("modal.not_carried_out", exc_info=True, extra={"form": modal.name})
        return Nack(_("Pumble did not answer, so nothing was changed. Please try again."))
    except KeyNotFound:
        raise
    except KeysError as error:
        input_name = modal.inputs.get(error.reason, modal.main_input)
        return _reopen(modal, state, input_name, key_blocks.error_text(error), reason=error.reason)


def menu_options(query: MenuQuery, user: ChatUser | None, pasted_key_warning: str | None) -> HookResponse:
    """Return the options of the menu of keys. `pasted_key_warning` is shown instead if a key was pasted into its search."""
    if query.on_action != KEY_MENU:
        log.info("menu.refused", extra={"reason": "unknown_menu"})
        return Nack(_("This window is from an earlier version of the app. Close it and open it again."))
    options = delete_key.options(user, query.query, pasted_key_warning) if user else []
    current = "" if key_format.contains_key_pattern(query.value) else query.value
    return MenuOptions(query.trigger_id, query.on_action, options, current)


def _reopen(modal: Modal, state: ModalState, input_name: str, error: str, *, reason: str) -> HookResponse:
    log.info("modal.refused", extra={"form": modal.name, "input": input_name, "reason": reason})
    invalid_state = ModalState(state.user, state.trigger_id, state.key_id, state.values, {input_name: error})
    return OpenView(state.trigger_id, "OPEN", modal.view(invalid_state))
