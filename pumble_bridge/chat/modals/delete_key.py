"""Delete API key: choose it from a list that can be searched, then confirm."""

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
from pumble_bridge.chat.modals.base import Filled, Form, Refused, show
from pumble_bridge.chat.user import Person
from pumble_bridge.hooks.responses import Acknowledged, Answer, Shown
from pumble_bridge.manifest import KEY_MENU


def options(person: Person, query: str, complaint: str | None) -> list[Element]:
    """The person's live keys whose name has `query` in it or whose id begins with it, newest first."""
    if complaint is not None:
        return [option("-", shorten_for_input(complaint))]
    wanted = unicode_text.fold(query)
    key_id = query.strip().removeprefix("pmb_")
    fitting = [
        key
        for key in selectors.list_own_keys(person.member, person.now)
        if wanted in unicode_text.fold(key.name) or key.key_id.startswith(key_id)
    ]
    return [_option(key, person) for key in fitting[:MAX_OPTIONS]]


def _view(filled: Filled) -> Element:
    menu = dynamic_select(KEY_MENU, _("Search by name or id"))
    return show(
        CHOOSE.name,
        filled,
        title=_("Delete API key"),
        submit=_("Delete"),
        blocks=[input_block(_("Key"), menu, filled.errors)],
    )


def _choose(filled: Filled) -> Answer:
    person = filled.person
    try:
        key = selectors.get_own_key_by_id(person.member, filled.value(KEY_MENU), person.now)
    except KeyNotFound:
        raise Refused(KEY_MENU, _("Choose one of your keys.")) from None
    step = Filled(person, filled.trigger_id, key.key_id, {}, {})
    return Shown(filled.trigger_id, "OPEN", _question(step))


def _question(filled: Filled) -> Element:
    key = filled.key
    return show(
        CONFIRM.name,
        filled,
        title=_("Delete “%(name)s”?") % {"name": escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Delete key"),
        blocks=[
            rich_text(
                paragraph(key_blocks.short_entry(key, filled.person.now)),
                paragraph(_("Anything that uses it stops working at once. This can't be undone.")),
                paragraph(_("Not sure? Disable it instead; you can turn it back on.")),
            )
        ],
    )


def _delete(filled: Filled) -> Answer:
    person = filled.person
    lifecycle.revoke(key=filled.key, by=person.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=person.now)
    return Acknowledged()


def _option(key: ApiKey, person: Person) -> Element:
    return option(key.key_id, escape_user_text(key.name), f"{key.preview} · {key.state(person.now).label}")


CHOOSE = Form("delete_key", _view, _choose, main_input=KEY_MENU, inputs={})
CONFIRM = Form("confirm_delete", _question, _delete, main_input="", inputs={})
