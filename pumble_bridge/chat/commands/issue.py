"""`generate` and `rotate`: commands that end in a new key."""

import re
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from keys import lifecycle, policies, scopes, texts
from keys.models import ApiKey, Policy
from pumble_bridge.chat.blocks import Element, escape_user_text, link, paragraph, text
from pumble_bridge.chat.commands import restrictions
from pumble_bridge.chat.commands.context import Call, UsageError, in_quotes
from pumble_bridge.chat.delivery import deliver_key
from pumble_bridge.hooks.responses import Answer
from pumble_bridge.manifest import COMMAND

GENERATE_FLAGS = {"--read-only": False, "--post": False, "--full": False, "--scopes": True, "--expires": True}
ROTATE_FLAGS = {"--grace": True}
_PRESET_FLAGS = {"--read-only": "read-only", "--post": "post-messages", "--full": "full-access"}
_RIGHTS_FLAGS = {*_PRESET_FLAGS, "--scopes"}
_DAYS = re.compile(r"([0-9]{1,4})d?", re.ASCII)


def generate(call: Call) -> Answer:
    name = _clear_name(call)
    terms = policies.get_selected_policy(call.member.workspace)
    lifetime = _lifetime(call, terms)
    key, plaintext = lifecycle.issue(
        owner=call.member,
        name=name if call.words.plain else None,
        scopes=_scopes(call, terms),
        expires_at=None if lifetime is None else call.now + lifetime,
        by=call.by,
        now=call.now,
    )
    payload = call.payload
    return deliver_key(
        call.person,
        key,
        plaintext,
        channel_id=payload.channel_id,
        thread_root_id=payload.thread_root_id,
        heading=None if _RIGHTS_FLAGS & set(call.words.flags) else _breadth(call, key, terms),
    )


def rotate(call: Call) -> Answer:
    grace = lifecycle.GRACE_PERIODS.get(call.words.flags.get("--grace", "24h").casefold())
    if grace is None:
        raise UsageError(_("--grace is one of %(graces)s.") % {"graces": ", ".join(lifecycle.GRACE_PERIODS)})
    key, plaintext = lifecycle.rotate(key=call.own_key(), grace=grace, by=call.by, now=call.now)
    payload = call.payload
    return deliver_key(
        call.person, key, plaintext, channel_id=payload.channel_id, thread_root_id=payload.thread_root_id
    )


def portal_restricts() -> Element:
    """Say where the restrictions are that no flag has."""
    said = _("Chat has no flag for channels, addresses or a limit of calls. Choose them in the portal: ")
    return paragraph(said, link(settings.PUBLIC_URL + "/keys/new", _("Create key")))


def _clear_name(call: Call) -> str:
    """Return the name of a new key; a name in quotes, or one in which no word looks like a restriction.

    Raises:
        UsageError
    """
    words = call.words
    number, unit = words.flags.get("--expires", ""), words.after.get("--expires")
    if unit is not None and number.isdigit():  # of any unit: no list of them is complete
        others = list(words.bare)
        others.remove(unit)
        said = _(
            "--expires takes days: --expires 30d. It is not clear what “%(words)s” means, so no key was made."
        )
        raise _misused(call, said, restrictions.Restriction(f"{number} {unit}", "--expires", tuple(others)))
    name = call.name
    found = restrictions.find(words.bare)
    if found is not None:
        said = _("“%(words)s” looks like a restriction of the key and not like its name, so no key was made.")
        raise _misused(call, said, found)
    return name


def _misused(call: Call, said: str, found: restrictions.Restriction) -> UsageError:
    """Return the refusal, with what to type for the restriction and what for the name."""
    flags = {flag: f"{flag} {escape_user_text(value)}".rstrip() for flag, value in call.words.flags.items()}
    replaced = _RIGHTS_FLAGS if found.flag in _RIGHTS_FLAGS else {found.flag}
    kept = [typed for flag, typed in flags.items() if flag not in replaced]
    rest = as_argument(" ".join(found.others)) if found.others else ""
    restricted = " ".join(filter(None, [COMMAND, "generate", rest, *kept, found.example]))
    named = " ".join([COMMAND, "generate", in_quotes(call.words.text), *flags.values()])
    return UsageError(
        said % {"words": escape_user_text(found.typed)},
        paragraph(_("To restrict the key, type: "), text(restricted, code=True))
        if found.flag
        else portal_restricts(),
        paragraph(_("If it is part of the name, put the name in quotes: "), text(named, code=True)),
    )


def as_argument(name: str) -> str:
    """Return the name as it is typed in a command, in quotes if it needs them."""
    shown = escape_user_text(name)
    is_plain = len(shown.split()) < 2 and restrictions.find([shown]) is None
    return shown if is_plain else in_quotes(name)


def _breadth(call: Call, key: ApiKey, terms: Policy) -> Element:
    """Say how much a key can do of which nobody said what it may, and how to ask for less."""
    until = texts.short_date(key.expires_at, now=call.now) if key.expires_at else ""
    if set(key.scopes) == set(scopes.ALL):
        said = _("Full access until %(until)s.") if until else _("Full access, never expires.")
    elif until:
        said = _("All that this workspace allows, until %(until)s.")
    else:
        said = _("All that this workspace allows, never expires.")
    has_preset = terms.allowed_scopes is None or set(scopes.READ_ONLY) <= set(terms.allowed_scopes)
    less = "--read-only" if has_preset else f"--scopes {key.scopes[0]}"
    name = as_argument(call.words.text) if call.words.plain else ""
    expires = call.words.flags.get("--expires", "30d")
    typed = " ".join(filter(None, [COMMAND, "generate", name, less, f"--expires {expires}"]))
    return paragraph(
        text(said % {"until": until}, bold=True),
        " ",
        _("If that is too much, revoke it and type: "),
        text(typed, code=True),
    )


def _scopes(call: Call, terms: Policy) -> list[str]:
    """What the flags choose; without one, all that the workspace allows."""
    flags = call.words.flags
    chosen = [flag for flag in flags if flag in _RIGHTS_FLAGS]
    if len(chosen) > 1:
        raise UsageError(_("Choose one of %(flags)s.") % {"flags": ", ".join(chosen)})
    if "--scopes" in flags:
        return [scope for part in flags["--scopes"].casefold().split(",") if (scope := part.strip())]
    if chosen:
        return list(scopes.PRESETS[_PRESET_FLAGS[chosen[0]]])
    return list(scopes.ALL if terms.allowed_scopes is None else terms.allowed_scopes)


def _lifetime(call: Call, terms: Policy) -> timedelta | None:
    """What the flag chooses; without one, the longest that the workspace allows. None is "never"."""
    typed = call.words.flags.get("--expires")
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
