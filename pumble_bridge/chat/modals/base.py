"""The base of all modals: a view that can be reopened with the typed values and with errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from keys import selectors
from keys.models import ApiKey
from pumble_bridge.chat.blocks import MAX_LABEL_LENGTH, Element, modal_view, paragraph, rich_text
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks.responses import HookResponse


class InputError(Exception):
    """The value of the input `name` is invalid. `message` is shown to the user."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name)
        self.name, self.message = name, message


@dataclass(frozen=True, slots=True)
class ModalState:
    """The state of an open modal: typed values and errors by input, and the id of its key, "" if it has none."""

    user: ChatUser
    trigger_id: str
    key_id: str
    values: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def key(self) -> ApiKey:
        """The key of the modal.

        Raises:
            KeyNotFound: the user no longer has this key.
        """
        return selectors.get_own_key_by_id(self.user.member, self.key_id, self.user.now)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def selected(self, name: str, options: list[Element]) -> str:
        """Return the selected value.

        Raises:
            InputError: the value is not one of the options.
        """
        value = self.value(name)
        if value not in [option["value"] for option in options]:
            raise InputError(name, _("Choose one of the options."))
        return value


@dataclass(frozen=True, slots=True)
class Modal:
    """A modal. `name` identifies it in its callback id.

    `inputs` maps the reason of a KeysError to the input that shows it. Other errors are shown at `main_input`.
    """

    name: str
    view: Callable[[ModalState], Element]
    submit: Callable[[ModalState], HookResponse]
    main_input: str
    inputs: Mapping[str, str]


def render(name: str, state: ModalState, *, title: str, submit: str, blocks: list[Element]) -> Element:
    """Return the view of the modal `name`. Errors that are too long to fit under their input are shown at the top."""
    callback_id = f"{name}:{state.key_id}" if state.key_id else name
    long_errors = [error for name, error in state.errors.items() if not name or len(error) > MAX_LABEL_LENGTH]
    error_blocks = [rich_text(*map(paragraph, long_errors))] if long_errors else []
    return modal_view(
        callback_id, title=title, submit=submit, close=_("Cancel"), blocks=[*error_blocks, *blocks]
    )
