"""`generate` and `rotate`: commands that end in a new key."""

import re
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from keys import lifecycle, policies, scopes, texts
from keys.models import ApiKey, Policy
from pumble_bridge.chat.blocks import Element, escape_user_text, link, paragraph, text
from pumble_bridge.chat.commands import restrictions
from pumble_bridge.chat.commands.context import CommandContext, UsageError, in_quotes
from pumble_bridge.chat.delivery import deliver_key
from pumble_bridge.hooks.responses import HookResponse
from pumble_bridge.manifest import COMMAND

GENERATE_FLAGS = {"--read-only": False, "--post": False, "--full": False, "--scopes": True, "--expires": True}
ROTATE_FLAGS = {"--grace": True}
_PRESET_FLAGS = {"--read-only": "read-only", "--post": "post-messages", "--full": "full-access"}
_RIGHTS_FLAGS = {*_PRESET_FLAGS, "--scopes"}
_DAYS = re.compile(r"([0-9]{1,4})d?", re.ASCII)


def generate(context: CommandContext) -> HookResponse:
    name = _unambiguous_name(context)
    terms = policies.get_selected_policy(context.member.workspace)
    lifetime = _lifetime(context, terms)
    key, plaintext = lifecycle.issue(
        owner=context.member,
        name=name if context.line.args else None,
        scopes=_scopes(context, terms),
        expires_at=None if lifetime is None else context.now + lifetime,
        by=context.by,
        now=context.now,
    )
    payload = context.payload
    return deliver_key(
        context.user,
        key,
        plaintext,
        channel_id=payload.channel_id,
        thread_root_id=payload.thread_root_id,
        heading=None if _RIGHTS_FLAGS & set(context.line.flags) else _access_summary(context, key, terms),
    )


def rotate(context: CommandContext) -> HookResponse:
    grace = lifecycle.GRACE_PERIODS.get(context.line.flags.get("--grace", "24h").casefold())
    if grace is None:
        raise UsageError(
            _("--grace takes one of these values: %(graces)s.")
            % {"graces": ", ".join(lifecycle.GRACE_PERIODS)}
        )
    key, plaintext = lifecycle.rotate(key=context.get_key(), grace=grace, by=context.by, now=context.now)
    payload = context.payload
    return deliver_key(
        context.user, key, plaintext, channel_id=payload.channel_id, thread_root_id=payload.thread_root_id
    )


def portal_restrictions_link() -> Element:
    """Say where the restrictions are that no flag has."""
    said = _("No flag limits channels, IP addresses or the rate of calls. Set these limits in the portal: ")
    return paragraph(said, link(settings.PUBLIC_URL + "/keys/new", _("Create key")))


def _unambiguous_name(context: CommandContext) -> str:
    """Return the name of a new key; a name in quotes, or one in which no word looks like a restriction.

    Raises:
        UsageError
    """
    line = context.line
    number, unit = line.flags.get("--expires", ""), line.after_value.get("--expires")
    if unit is not None and number.isdigit():  # of any unit: no list of them is complete
        others = list(line.unquoted)
        others.remove(unit)
        said = _(
            "--expires takes a number of days, for example --expires 30d. “%(words)s” is not clear, so no key was created."
        )
        raise _restriction_error(
            context, said, restrictions.Restriction(f"{number} {unit}", "--expires", tuple(others))
        )
    name = context.name
    found = restrictions.find(line.unquoted)
    if found is not None:
        said = _("“%(words)s” looks like a restriction of the key, not like a name, so no key was created.")
        raise _restriction_error(context, said, found)
    return name


def _restriction_error(context: CommandContext, said: str, found: restrictions.Restriction) -> UsageError:
    """Return the refusal, with what to type for the restriction and what for the name."""
    flags = {flag: f"{flag} {escape_user_text(value)}".rstrip() for flag, value in context.line.flags.items()}
    replaced = _RIGHTS_FLAGS if found.flag in _RIGHTS_FLAGS else {found.flag}
    kept = [typed for flag, typed in flags.items() if flag not in replaced]
    rest = as_argument(" ".join(found.others)) if found.others else ""
    restricted = " ".join(filter(None, [COMMAND, "generate", rest, *kept, found.example]))
    named = " ".join([COMMAND, "generate", in_quotes(context.line.text), *flags.values()])
    return UsageError(
        said % {"words": escape_user_text(found.typed)},
        paragraph(_("To restrict the key, type: "), text(restricted, code=True))
        if found.flag
        else portal_restrictions_link(),
        paragraph(_("If it is part of the name, put the name in quotes: "), text(named, code=True)),
    )


def as_argument(name: str) -> str:
    """Return the name as it is typed in a command, in quotes if it needs them."""
    shown = escape_user_text(name)
    is_plain = len(shown.split()) < 2 and restrictions.find([shown]) is None
    return shown if is_plain else in_quotes(name)


def _access_summary(context: CommandContext, key: ApiKey, terms: Policy) -> Element:
    """Say how much a key can do of which nobody said what it may, and how to ask for less."""
    until = texts.short_date(key.expires_at, now=context.now) if key.expires_at else ""
    if set(key.scopes) == set(scopes.ALL):
        said = _("Full access until %(until)s.") if until else _("Full access, never expires.")
    elif until:
        said = _("All permissions that this workspace allows, until %(until)s.")
    else:
        said = _("All permissions that this workspace allows, never expires.")
    has_preset = terms.allowed_scopes is None or set(scopes.READ_ONLY) <= set(terms.allowed_scopes)
    less = "--read-only" if has_preset else f"--scopes {key.scopes[0]}"
    name = as_argument(context.line.text) if context.line.args else ""
    expires = context.line.flags.get("--expires", "30d")
    typed = " ".join(filter(None, [COMMAND, "generate", name, less, f"--expires {expires}"]))
    return paragraph(
        text(said % {"until": until}, bold=True),
        " ",
        _("For fewer permissions, revoke this key and type: "),
        text(typed, code=True),
    )


def _scopes(context: CommandContext, terms: Policy) -> list[str]:
    """What the flags choose; without one, all that the workspace allows."""
    flags = context.line.flags
    chosen = [flag for flag in flags if flag in _RIGHTS_FLAGS]
    if len(chosen) > 1:
        raise UsageError(_("Use only one of these flags: %(flags)s.") % {"flags": ", ".join(chosen)})
    if "--scopes" in flags:
        return [scope for part in flags["--scopes"].casefold().split(",") if (scope := part.strip())]
    if chosen:
        return list(scopes.PRESETS[_PRESET_FLAGS[chosen[0]]])
    return list(scopes.ALL if terms.allowed_scopes is None else terms.allowed_scopes)


def _lifetime(context: CommandContext, terms: Policy) -> timedelta | None:
    """What the flag chooses; without one, the longest that the workspace allows. None is "never"."""
    typed = context.line.flags.get("--expires")
    if typed is None:
        return policies.expiry_choices(terms)[-1]
    if typed.casefold() == "never":
        return None
    days = _DAYS.fullmatch(typed.casefold())
    if days is None or days[1].strip("0") == "":
        raise UsageError(
            _("--expires takes a number of days or never. Try: %(example)s")
            % {"example": f"{COMMAND} generate deploy --expires 30d"}
        )
    return timedelta(days=int(days[1]))
