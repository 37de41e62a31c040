"""The app's modals: opened from the Home tab, submitted, shown again where something is wrong."""

import logging

from django.utils.translation import gettext as _

from keys import key_format
from keys.exceptions import KeyNotFound, KeysError
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.modals import add_key, delete_key, rename_key, rotate_key
from pumble_bridge.chat.modals.base import Filled, Form, Refused
from pumble_bridge.chat.user import Person
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hooks.payloads import Click, MenuQuery, Submission
from pumble_bridge.hooks.responses import Answer, Declined, Offered, Shown
from pumble_bridge.manifest import KEY_MENU

log = logging.getLogger(__name__)

ADD_KEY, DELETE_KEY, CONFIRM_DELETE = add_key.FORM, delete_key.CHOOSE, delete_key.CONFIRM
RENAME_KEY, ROTATE_KEY = rename_key.FORM, rotate_key.FORM
_FORMS = {form.name: form for form in (ADD_KEY, DELETE_KEY, CONFIRM_DELETE, RENAME_KEY, ROTATE_KEY)}


def open_on(click: Click, person: Person, form: Form, key_id: str = "") -> Answer:
    """`form` on top of what was clicked.

    Raises:
        KeyNotFound: it would be about a key that this person does not have.
    """
    view = form.view(Filled(person, click.trigger_id, key_id, {}, {}))
    if not click.in_view:
        return Shown(click.trigger_id, "OPEN", view)
    return Shown(click.trigger_id, "PUSH", view | {"parentViewId": click.source_id})


def submit(submission: Submission, person: Person, complaint: str | None) -> Answer:
    """Carry out a submitted modal. What is wrong with it is said under the input, and what was typed is kept.

    `complaint` is about a key that was pasted into it.

    Raises:
        KeyNotFound: it is about a key that this person does not have any more.
    """
    name, _colon, key_id = submission.callback_id.partition(":")
    form = _FORMS.get(name)
    if form is None:
        log.info("modal.refused", extra={"reason": "unknown_form"})
        return Declined(_("This window is of an earlier version of the app. Close it and open it again."))
    clean = {
        block: "" if key_format.contains_key_pattern(value) else value
        for block, value in submission.values.items()
    }
    filled = Filled(person, submission.trigger_id, key_id, clean, {})
    if complaint is not None:
        return _again(form, filled, form.main_input, complaint, reason="key_pasted")
    try:
        return form.submit(filled)
    except Refused as refused:
        return _again(form, filled, refused.name, refused.why, reason="not_offered")
    except PumbleError:
        log.warning("modal.not_carried_out", exc_info=True, extra={"form": form.name})
        return Declined(_("Pumble did not answer, so nothing was changed. Please try again."))
    except KeyNotFound:
        raise
    except KeysError as error:
        where = form.inputs.get(error.reason, form.main_input)
        return _again(form, filled, where, key_blocks.error_text(error), reason=error.reason)


def offer(query: MenuQuery, person: Person | None, complaint: str | None) -> Answer:
    """The options of the menu of keys; `complaint` is about a key that was pasted into its search."""
    if query.on_action != KEY_MENU:
        log.info("menu.refused", extra={"reason": "unknown_menu"})
        return Declined(_("This window is of an earlier version of the app. Close it and open it again."))
    options = delete_key.options(person, query.query, complaint) if person else []
    current = "" if key_format.contains_key_pattern(query.value) else query.value
    return Offered(query.trigger_id, query.on_action, options, current)


def _again(form: Form, filled: Filled, where: str, why: str, *, reason: str) -> Answer:
    log.info("modal.refused", extra={"form": form.name, "input": where, "reason": reason})
    wrong = Filled(filled.person, filled.trigger_id, filled.key_id, filled.values, {where: why})
    return Shown(filled.trigger_id, "OPEN", form.view(wrong))
