"""The modal "Add API key": name, permissions and lifetime."""

from django.utils.translation import gettext as _

from keys import lifecycle, policies, scopes, texts
from keys.models import Policy
from pumble_bridge.chat import default_access
from pumble_bridge.chat.blocks import Element, input_block, option, select, text_input
from pumble_bridge.chat.delivery import deliver_in_messages
from pumble_bridge.chat.modals import lifetimes
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.hooks.responses import HookResponse

NAME, PRESET, EXPIRES = "name", "may", "expires"
_ALL_ALLOWED = "all-allowed"


def _view(state: ModalState) -> Element:
    policy = policies.get_policy(state.user.member.workspace)
    presets, expiries = _preset_options(policy), _lifetime_options(state, policy)
    default = lifetimes.lifetime_value(policies.default_lifetime(policy))
    name_input = text_input(
        NAME,
        initial=state.value(NAME)[:200],
        max_length=lifecycle.MAX_NAME_LENGTH,
        placeholder=_("For example: deploy bot"),
    )
    preset_menu = select(
        PRESET, _("Choose"), presets, state.value(PRESET) or _default_preset(policy, presets)
    )
    expiry_menu = select(EXPIRES, _("Choose"), expiries, state.value(EXPIRES) or default)
    return render(
        MODAL.name,
        state,
        title=_("Add API key"),
        submit=_("Generate"),
        blocks=[
            input_block(_("Name"), name_input, state.errors),
            input_block(_("What it may do"), preset_menu, state.errors),
            input_block(_("Expires"), expiry_menu, state.errors),
        ],
    )


def _submit(state: ModalState) -> HookResponse:
    user = state.user
    policy = policies.get_policy(user.member.workspace)
    preset = state.selected(PRESET, _preset_options(policy))
    lifetime = state.selected(EXPIRES, _lifetime_options(state, policy))
    channel_id = user.direct_channel()  # before the key exists, so that a failure leaves no key
    key, plaintext = lifecycle.issue(
        owner=user.member,
        name=state.value(NAME),
        scopes=scopes.PRESETS.get(preset, policies.offered_scopes(policy)),
        expires_at=lifetimes.read_expiry(lifetime, user.now),
        by=user.by,
        now=user.now,
    )
    is_broad = key.scopes == policies.offered_scopes(policy)
    return deliver_in_messages(
        user,
        key,
        plaintext,
        channel_id=channel_id,
        heading=default_access.heading(key, user.now) if is_broad else None,
        offers=default_access.buttons(key, permissions=is_broad),
    )


def _preset_options(policy: Policy) -> list[Element]:
    """Return the presets that the workspace allows; if it allows none entirely, one option for all that it allows."""
    presets = policies.offered_presets(policy)
    if not presets:
        return [option(_ALL_ALLOWED, _("All that this workspace allows"))]
    return [option(name, *map(str, texts.PRESETS[name])) for name in presets]


def _default_preset(policy: Policy, presets: list[Element]) -> str:
    """Return the preset with the default permissions of the workspace, or the first option."""
    default = scopes.find_preset(policies.default_scopes(policy))
    names = [str(preset["value"]) for preset in presets]
    return default if default in names else names[0]


def _lifetime_options(state: ModalState, policy: Policy) -> list[Element]:
    now = state.user.now
    options = lifetimes.lifetime_options(policy, now)
    return lifetimes.with_default(options, policies.default_lifetime(policy), now)


MODAL = Modal(
    "add_key",
    _view,
    _submit,
    main_input=NAME,
    inputs={
        "scope_not_allowed": PRESET,
        "full_access_not_allowed": PRESET,
        "scope_unknown": PRESET,
        "expiry_invalid": EXPIRES,
        "expiry_in_past": EXPIRES,
        "expiry_too_far": EXPIRES,
    },
)
