"""The modal "Add API key": name, permissions and lifetime."""

from datetime import timedelta

from django.utils.translation import gettext as _

from keys import lifecycle, policies, scopes, texts
from keys.models import Policy
from pumble_bridge.chat.blocks import Element, input_block, option, select, text_input
from pumble_bridge.chat.delivery import deliver_key
from pumble_bridge.chat.modals.base import Modal, ModalState, render
from pumble_bridge.hooks.responses import HookResponse

NAME, PRESET, EXPIRES = "name", "may", "expires"
_ALL_ALLOWED = "all-allowed"
_NEVER = "never"
_DEFAULT = timedelta(days=30)


def _view(state: ModalState) -> Element:
    policy = policies.get_policy(state.user.member.workspace)
    presets, lifetimes = _preset_options(policy), _lifetime_options(state, policy)
    default = str(_DEFAULT.days) if _DEFAULT in policies.expiry_choices(policy) else lifetimes[-1]["value"]
    name_input = text_input(
        NAME,
        initial=state.value(NAME)[:200],
        max_length=lifecycle.MAX_NAME_LENGTH,
        placeholder=_("For example: deploy bot"),
    )
    preset_menu = select(PRESET, _("Choose"), presets, state.value(PRESET) or _default_preset(presets))
    expiry_menu = select(EXPIRES, _("Choose"), lifetimes, state.value(EXPIRES) or default)
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
        scopes=scopes.PRESETS.get(preset, policy.allowed_scopes or ()),
        expires_at=None if lifetime == _NEVER else user.now + timedelta(days=int(lifetime)),
        by=user.by,
        now=user.now,
    )
    return deliver_key(user, key, plaintext, channel_id=channel_id)


def _preset_options(policy: Policy) -> list[Element]:
    """Return the presets that the workspace allows; if it allows none entirely, one option for all that it allows."""
    allowed = set(scopes.ALL if policy.allowed_scopes is None else policy.allowed_scopes)
    presets = [name for name, preset in scopes.PRESETS.items() if allowed.issuperset(preset)]
    if not presets:
        return [option(_ALL_ALLOWED, _("All that this workspace allows"))]
    return [option(name, *map(str, texts.PRESETS[name])) for name in presets]


def _default_preset(presets: list[Element]) -> str:
    """Return full access, as in Pumble's own app, or the first option."""
    names = [str(preset["value"]) for preset in presets]
    return "full-access" if "full-access" in names else names[0]


def _lifetime_options(state: ModalState, policy: Policy) -> list[Element]:
    now = state.user.now
    return [
        option(_NEVER, _("Never"))
        if lifetime is None
        else option(
            str(max(1, lifetime.days)),
            _("%(lifetime)s, until %(date)s")
            % {"lifetime": texts.format_days(lifetime), "date": texts.short_date(now + lifetime, now=now)},
        )
        for lifetime in policies.expiry_choices(policy)
    ]


MODAL = Modal(
    "add_key",
    _view,
    _submit,
    main_input=NAME,
    inputs={
        "scope_not_allowed": PRESET,
        "scope_unknown": PRESET,
        "expiry_invalid": EXPIRES,
        "expiry_in_past": EXPIRES,
        "expiry_too_far": EXPIRES,
    },
)
