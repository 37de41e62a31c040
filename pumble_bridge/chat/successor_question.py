"""The question whether the successor stops too, after a command or a click to stop a key that is being replaced."""

from django.utils.translation import gettext as _

from keys import lifecycle, selectors
from keys.models import ApiKey
from pumble_bridge.chat.blocks import Element, button, escape_user_text, message, paragraph
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks.payloads import Click
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack

STOP = "stop_key"  # followed by a dot and which keys; two buttons of a message need two names
DELETE, DISABLE = "delete", "disable"
_BOTH, _OLD = "both", "old"


def build(verb: str, key: ApiKey, successor: ApiKey) -> tuple[list[Element], list[Element]]:
    """Return the paragraphs and the buttons. Nothing is stopped before a button is clicked."""
    named = {"name": escape_user_text(key.name), "old": key.key_id, "new": successor.key_id}
    if verb == DELETE:
        nothing = _("Nothing is deleted yet.")
        labels = (_("Delete both keys"), _("Delete only the old key"))
    else:
        nothing = _("Nothing is disabled yet.")
        labels = (_("Disable both keys"), _("Disable only the old key"))
    text = _("“%(name)s” (%(old)s) is being replaced by %(new)s, and both keys work.") % named
    buttons = [
        button(f"{STOP}.{_BOTH}", labels[0], value=f"{verb}.{key.key_id}", style="danger"),
        button(f"{STOP}.{_OLD}", labels[1], value=f"{verb}.{key.key_id}"),
    ]
    return [paragraph(f"{text} {nothing}")], buttons


def has_live_predecessor(key: ApiKey, user: ChatUser) -> bool:
    """Return whether a key that `key` replaces still works. It stops together with `key`."""
    return key.replaces is not None and not key.replaces.state(user.now).is_over


def deleted_text(*, both: bool) -> str:
    if both:
        return _("Deleted both keys “%(name)s”. Programs that use them are now refused.")
    return _("Deleted “%(name)s”. Anything that uses it stops working at once.")


def handle(click: Click, user: ChatUser, which: str) -> HookResponse:
    """Delete or disable the keys that the clicked button names.

    Raises:
        KeysError, PumbleError
    """
    verb, _dot, key_id = click.value.partition(".")
    if verb not in {DELETE, DISABLE} or which not in {_BOTH, _OLD}:
        return Nack(_("Choose one of the options."))
    key = selectors.get_own_key_by_id(user.member, key_id, user.now)
    both = which == _BOTH
    if verb == DELETE:
        reason = ApiKey.RevokeReason.BY_HOLDER
        lifecycle.revoke(key=key, by=user.by, reason=reason, now=user.now, with_successor=both)
        text = (
            deleted_text(both=True)
            if both
            else _("Deleted the old key “%(name)s” (%(id)s). Its successor still works.")
        )
    else:
        lifecycle.disable(key=key, by=user.by, now=user.now, with_successor=both)
        text = (
            _("Disabled both keys “%(name)s”. Programs that use them are refused until you enable them.")
            if both
            else _("Disabled the old key “%(name)s” (%(id)s). Its successor still works.")
        )
    named = {"name": escape_user_text(key.name), "id": key.key_id}
    if click.channel_id:
        user.send_ephemeral(click.channel_id, message(paragraph(text % named)))
    return Ack()
