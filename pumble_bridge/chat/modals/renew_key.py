"""Renew a key: a new one with another expiry takes its place, and the old one works a while longer."""

from django.utils.translation import gettext as _

from keys import lifecycle, policies
from keys.models import Policy
from pumble_bridge import channel_membership
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    escape_user_text,
    input_block,
    paragraph,
    rich_text,
    select,
)
from pumble_bridge.chat.delivery import deliver_in_messages
from pumble_bridge.chat.modals import lifetimes
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.chat.modals.rotate_key import DEFAULT_GRACE, GRACE, grace_options
from pumble_bridge.hooks.responses import HookResponse

EXPIRES = "expires"


def _view(state: ModalState) -> Element:
    policy, now = _policy(state), state.user.now
    default = lifetimes.lifetime_value(policies.renewal_lifetime(policy, state.key))
    options = lifetimes.lifetime_options(policy, now)
    expires = select(EXPIRES, _("Choose"), options, state.value(EXPIRES) or default)
    grace = select(GRACE, _("Choose"), grace_options(), state.value(GRACE) or DEFAULT_GRACE)
    return render(
        MODAL.name,
        state,
        title=_("Renew “%(name)s”")
        % {"name": escape_user_text(state.key.name, limit=MAX_NAME_IN_LABEL_LENGTH)},
        submit=_("Renew"),
        blocks=[
            rich_text(paragraph(_("You get a new key with the same permissions and a new expiry date."))),
            input_block(_("The new key expires"), expires, state.errors),
            input_block(_("How long the old key still works"), grace, state.errors),
        ],
    )


def _submit(state: ModalState) -> HookResponse:
    user = state.user
    lifetime = state.selected(EXPIRES, lifetimes.lifetime_options(_policy(state), user.now))
    grace = lifecycle.GRACE_PERIODS[state.selected(GRACE, grace_options())]
    old = state.key
    channel_membership.require_access_to_key(user.member, old)
    channel_id = user.direct_channel()  # before there is a key that could not be shown
    expires_at = lifetimes.read_expiry(lifetime, user.now)
    key, plaintext = lifecycle.renew(key=old, expires_at=expires_at, grace=grace, by=user.by, now=user.now)
    return deliver_in_messages(user, key, plaintext, channel_id=channel_id)


def _policy(state: ModalState) -> Policy:
    return policies.get_policy(state.user.member.workspace)


MODAL = Modal(
    "renew_key",
    _view,
    _submit,
    main_input=EXPIRES,
    inputs={"grace_invalid": GRACE},
)
