"""What every modal is made of: a view that can be shown again with what was typed and what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from keys import selectors
from keys.models import ApiKey
from pumble_bridge.chat.blocks import MAX_LABEL_LENGTH, Element, modal_view, paragraph, rich_text
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks.responses import HookResponse


class InputError(Exception):
    """What stands in the input `name` cannot be taken; `why` is for the person."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self.name, self.why = name, why


@dataclass(frozen=True, slots=True)
class ModalState:
    """A modal as somebody has it before them. `key_id` is the key it is about, "" where it is about none."""

    user: ChatUser
    trigger_id: str
    key_id: str
    values: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def key(self) -> ApiKey:
        """
        Raises:
            KeyNotFound: this person has no such key any more.
        """
        return selectors.get_own_key_by_id(self.user.member, self.key_id, self.user.now)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def chosen(self, name: str, offered: list[Element]) -> str:
        """The value of one of the options that were offered.

        Raises:
            InputError
        """
        value = self.value(name)
        if value not in [one["value"] for one in offered]:
            raise InputError(name, _("Choose one of the options."))
        return value


@dataclass(frozen=True, slots=True)
class Modal:
    """`name` routes its submission. `inputs` has the input that a KeysError belongs to, by its code; others are the
    `main_input`'s.
    """

    name: str
    view: Callable[[ModalState], Element]
    submit: Callable[[ModalState], HookResponse]
    main_input: str
    inputs: Mapping[str, str]


def render(name: str, state: ModalState, *, title: str, submit: str, blocks: list[Element]) -> Element:
    """The modal of the form `name`. An error too long for the place under its input stands in full above."""
    callback_id = f"{name}:{state.key_id}" if state.key_id else name
    above = [why for where, why in state.errors.items() if not where or len(why) > MAX_LABEL_LENGTH]
    told = [rich_text(*[paragraph(why) for why in above])] if above else []
    return modal_view(callback_id, title=title, submit=submit, close=_("Cancel"), blocks=[*told, *blocks])
