"""The choice whether the successor of a key that is being replaced stops too. By default it does."""

from django.utils.translation import gettext as _

from keys import selectors
from pumble_bridge.chat.blocks import Element, input_block, option, select
from pumble_bridge.chat.modals.base import ModalState

WHICH = "which"
_BOTH, _OLD = "both", "old"


def which_keys(state: ModalState) -> list[Element]:
    """Return the input if the key of the modal is being replaced, else nothing."""
    successor = selectors.find_successor(state.key, state.user.now)
    if successor is None:
        return []
    choices = [
        option(_BOTH, _("Both keys"), _("Also its successor %(key)s") % {"key": successor.masked}),
        option(_OLD, _("Only the old key"), _("%(key)s keeps working") % {"key": successor.masked}),
    ]
    menu = select(WHICH, _("Choose"), choices, state.value(WHICH) or _BOTH)
    return [input_block(_("Which keys"), menu, state.errors)]


def includes_successor(state: ModalState) -> bool:
    return state.value(WHICH) == _BOTH
