"""Add API key: a name, what it may do, and for how long."""

from datetime import timedelta

from django.utils.translation import gettext as _

from keys import lifecycle, policies, scopes, texts
from keys.models import Policy
from pumble_bridge.chat.blocks import Element, input_block, option, select, text_input
from pumble_bridge.chat.delivery import deliver_key
from pumble_bridge.chat.modals.base import Filled, Form, show
from pumble_bridge.hooks.responses import Answer

NAME, MAY, EXPIRES = "name", "may", "expires"
_ALL_ALLOWED = "all-allowed"
_NEVER = "never"
_USUAL = timedelta(days=30)


def _view(filled: Filled) -> Element:
    terms = policies.get_policy(filled.person.member.workspace)
    may, lifetimes = _may(terms), _lifetimes(filled, terms)
    usual = str(_USUAL.days) if _USUAL in policies.expiry_choices(terms) else lifetimes[-1]["value"]
    name = text_input(
        NAME,
        initial=filled.value(NAME)[:200],
        max_length=lifecycle.MAX_NAME_LENGTH,
        placeholder=_("For example: deploy bot"),
    )
    what = select(MAY, _("Choose"), may, filled.value(MAY) or _usual_preset(may))
    until = select(EXPIRES, _("Choose"), lifetimes, filled.value(EXPIRES) or usual)
    return show(
        FORM.name,
        filled,
        title=_("Add API key"),
        submit=_("Generate"),
        blocks=[
            input_block(_("Name"), name, filled.errors),
            input_block(_("What it may do"), what, filled.errors),
            input_block(_("Expires"), until, filled.errors),
        ],
    )


def _submit(filled: Filled) -> Answer:
    person = filled.person
    terms = policies.get_policy(person.member.workspace)
    preset = filled.chosen(MAY, _may(terms))
    lifetime = filled.chosen(EXPIRES, _lifetimes(filled, terms))
    channel_id = person.direct_channel()  # before there is a key that could not be shown
    key, plaintext = lifecycle.issue(
        owner=person.member,
        name=filled.value(NAME),
        scopes=scopes.PRESETS.get(preset, terms.allowed_scopes or ()),
        expires_at=None if lifetime == _NEVER else person.now + timedelta(days=int(lifetime)),
        by=person.by,
        now=person.now,
    )
    return deliver_key(person, key, plaintext, channel_id=channel_id)


def _may(terms: Policy) -> list[Element]:
    """The presets that the workspace allows; where it allows none whole, what it allows."""
    allowed = set(scopes.ALL if terms.allowed_scopes is None else terms.allowed_scopes)
    fitting = [name for name, held in scopes.PRESETS.items() if allowed.issuperset(held)]
    if not fitting:
        return [option(_ALL_ALLOWED, _("All that this workspace allows"))]
    return [option(name, *map(str, texts.PRESETS[name])) for name in fitting]


def _usual_preset(may: list[Element]) -> str:
    """Full access, as those expect who know Pumble's own app; else what comes first."""
    offered = [str(one["value"]) for one in may]
    return "full-access" if "full-access" in offered else offered[0]


def _lifetimes(filled: Filled, terms: Policy) -> list[Element]:
    now = filled.person.now
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


FORM = Form(
    "add_key",
    _view,
    _submit,
    main_input=NAME,
    inputs={
        "scope_not_allowed": MAY,
        "scope_unknown": MAY,
        "expiry_invalid": EXPIRES,
        "expiry_in_past": EXPIRES,
        "expiry_too_far": EXPIRES,
    },
)
