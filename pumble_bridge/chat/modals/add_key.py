"""Add API key: a name, what it may do, and for how long."""

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
    terms = policies.get_policy(state.user.member.workspace)
    may, lifetimes = _preset_options(terms), _lifetime_options(state, terms)
    usual = str(_DEFAULT.days) if _DEFAULT in policies.expiry_choices(terms) else lifetimes[-1]["value"]
    name = text_input(
        NAME,
        initial=state.value(NAME)[:200],
        max_length=lifecycle.MAX_NAME_LENGTH,
        placeholder=_("For example: deploy bot"),
    )
    what = select(PRESET, _("Choose"), may, state.value(PRESET) or _default_preset(may))
    until = select(EXPIRES, _("Choose"), lifetimes, state.value(EXPIRES) or usual)
    return render(
        MODAL.name,
        state,
        title=_("Add API key"),
        submit=_("Generate"),
        blocks=[
            input_block(_("Name"), name, state.errors),
            input_block(_("What it may do"), what, state.errors),
            input_block(_("Expires"), until, state.errors),
        ],
    )


def _submit(state: ModalState) -> HookResponse:
    user = state.user
    terms = policies.get_policy(user.member.workspace)
    preset = state.chosen(PRESET, _preset_options(terms))
    lifetime = state.chosen(EXPIRES, _lifetime_options(state, terms))
    channel_id = user.direct_channel()  # before there is a key that could not be shown
    key, plaintext = lifecycle.issue(
        owner=user.member,
        name=state.value(NAME),
        scopes=scopes.PRESETS.get(preset, terms.allowed_scopes or ()),
        expires_at=None if lifetime == _NEVER else user.now + timedelta(days=int(lifetime)),
        by=user.by,
        now=user.now,
    )
    return deliver_key(user, key, plaintext, channel_id=channel_id)


def _preset_options(terms: Policy) -> list[Element]:
    """The presets that the workspace allows; where it allows none whole, what it allows."""
    allowed = set(scopes.ALL if terms.allowed_scopes is None else terms.allowed_scopes)
    fitting = [name for name, held in scopes.PRESETS.items() if allowed.issuperset(held)]
    if not fitting:
        return [option(_ALL_ALLOWED, _("All that this workspace allows"))]
    return [option(name, *map(str, texts.PRESETS[name])) for name in fitting]


def _default_preset(may: list[Element]) -> str:
    """Full access, as those expect who know Pumble's own app; else what comes first."""
    offered = [str(one["value"]) for one in may]
    return "full-access" if "full-access" in offered else offered[0]


def _lifetime_options(state: ModalState, terms: Policy) -> list[Element]:
    now = state.user.now
    return [
        option(_NEVER, _("Never"))
        if lifetime is None
        else option(
            str(max(1, lifetime.days)),
            _("%(lifetime)s, until %(date)s")
            % {"lifetime": texts.format_days(lifetime), "date": texts.short_date(now + lifetime, now=now)},
        )
        for lifetime in policies.expiry_choices(terms)
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
