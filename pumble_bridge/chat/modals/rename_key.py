"""Rename a key."""

from django.utils.translation import gettext as _

from keys import lifecycle
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    escape_user_text,
    input_block,
    text_input,
)
from pumble_bridge.chat.modals.base import Filled, Form, show
from pumble_bridge.hooks.responses import Acknowledged, Answer

NAME = "name"


def _view(filled: Filled) -> Element:
    key = filled.key
    typed = filled.value(NAME) if NAME in filled.values else key.name
    name = text_input(NAME, initial=typed[:200], max_length=lifecycle.MAX_NAME_LENGTH)
    return show(
        FORM.name,
        filled,
        title=_("Rename “%(name)s”") % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Rename"),
        blocks=[input_block(_("New name"), name, filled.errors)],
    )


def _submit(filled: Filled) -> Answer:
    person = filled.person
    lifecycle.rename(key=filled.key, name=filled.value(NAME), by=person.by, now=person.now)
    return Acknowledged()


FORM = Form("rename_key", _view, _submit, main_input=NAME, inputs={})
