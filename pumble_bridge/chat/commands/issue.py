"""`generate` and `rotate`: subcommands that issue a new key."""

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
    policy = policies.get_selected_policy(context.member.workspace)
    lifetime = _lifetime(context, policy)
    key, plaintext = lifecycle.issue(
        owner=context.member,
        name=name if context.line.args else None,
        scopes=_scopes(context, policy),
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
        heading=None if _RIGHTS_FLAGS & set(context.line.flags) else _access_summary(context, key, policy),
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
    """Return a link to the portal's form for restrictions that have no flag."""
    note = _("No flag limits channels, IP addresses or the rate of calls. Set these limits in the portal: ")
    return paragraph(note, link(settings.PUBLIC_URL + "/keys/new", _("Create key")))


def _unambiguous_name(context: CommandContext) -> str:
    """Return the name for a new key: a quoted name, or a name without words that look like restrictions.

    Raises:
        UsageError: a word looks like a restriction.
    """
    line = context.line
    number, unit = line.flags.get("--expires", ""), line.after_value.get("--expires")
    if unit is not None and number.isdigit():  # any word, because no list of units is complete
        others = list(line.unquoted)
        others.remove(unit)
        error = _(
            "--expires takes a number of days, for example --expires 30d. “%(words)s” is not clear, so no key was created."
        )
        raise _restriction_error(
            context, error, restrictions.Restriction(f"{number} {unit}", "--expires", tuple(others))
        )
    name = context.name
    restriction = restrictions.find(line.unquoted)
    if restriction is not None:
        error = _("“%(words)s” looks like a restriction of the key, not like a name, so no key was created.")
        raise _restriction_error(context, error, restriction)
    return name


def _restriction_error(
    context: CommandContext, error: str, restriction: restrictions.Restriction
) -> UsageError:
    """Return the error, with the command for the restriction and the command for the name."""
    flags = {flag: f"{flag} {escape_user_text(value)}".rstrip() for flag, value in context.line.flags.items()}
    replaced = _RIGHTS_FLAGS if restriction.flag in _RIGHTS_FLAGS else {restriction.flag}
    kept_flags = [typed for flag, typed in flags.items() if flag not in replaced]
    rest = as_argument(" ".join(restriction.others)) if restriction.others else ""
    restricted_command = " ".join(filter(None, [COMMAND, "generate", rest, *kept_flags, restriction.example]))
    named_command = " ".join([COMMAND, "generate", in_quotes(context.line.text), *flags.values()])
    return UsageError(
        error % {"words": escape_user_text(restriction.typed)},
        paragraph(_("To restrict the key, type: "), text(restricted_command, code=True))
        if restriction.flag
        else portal_restrictions_link(),
        paragraph(_("If it is part of the name, put the name in quotes: "), text(named_command, code=True)),
    )


def as_argument(name: str) -> str:
    """Return the name as it is typed in a command: in quotes if necessary, escaped for display."""
    escaped = escape_user_text(name)
    is_plain = len(escaped.split()) < 2 and restrictions.find([escaped]) is None
    return escaped if is_plain else in_quotes(name)


def _access_summary(context: CommandContext, key: ApiKey, policy: Policy) -> Element:
    """Say what a key without explicit permissions can do, and which command gives it fewer."""
    expiry = texts.short_date(key.expires_at, now=context.now) if key.expires_at else ""
    if set(key.scopes) == set(scopes.ALL):
        access = _("Full access until %(until)s.") if expiry else _("Full access, never expires.")
    elif expiry:
        access = _("All permissions that this workspace allows, until %(until)s.")
    else:
        access = _("All permissions that this workspace allows, never expires.")
    has_preset = policy.allowed_scopes is None or set(scopes.READ_ONLY) <= set(policy.allowed_scopes)
    restriction = "--read-only" if has_preset else f"--scopes {key.scopes[0]}"
    name = as_argument(context.line.text) if context.line.args else ""
    expires = context.line.flags.get("--expires", "30d")
    command = " ".join(filter(None, [COMMAND, "generate", name, restriction, f"--expires {expires}"]))
    return paragraph(
        text(access % {"until": expiry}, bold=True),
        " ",
        _("For fewer permissions, revoke this key and type: "),
        text(command, code=True),
    )


def _scopes(context: CommandContext, policy: Policy) -> list[str]:
    """Return the scopes that the flags select; without a flag, all that the workspace allows."""
    flags = context.line.flags
    chosen = [flag for flag in flags if flag in _RIGHTS_FLAGS]
    if len(chosen) > 1:
        raise UsageError(_("Use only one of these flags: %(flags)s.") % {"flags": ", ".join(chosen)})
    if "--scopes" in flags:
        return [scope for part in flags["--scopes"].casefold().split(",") if (scope := part.strip())]
    if chosen:
        return list(scopes.PRESETS[_PRESET_FLAGS[chosen[0]]])
    return list(scopes.ALL if policy.allowed_scopes is None else policy.allowed_scopes)


def _lifetime(context: CommandContext, policy: Policy) -> timedelta | None:
    """Return the lifetime in the flag; without one, the longest that the workspace allows. None means "never"."""
    typed = context.line.flags.get("--expires")
    if typed is None:
        return policies.expiry_choices(policy)[-1]
    if typed.casefold() == "never":
        return None
    days = _DAYS.fullmatch(typed.casefold())
    if days is None or days[1].strip("0") == "":
        raise UsageError(
            _("--expires takes a number of days or never. Try: %(example)s")
            % {"example": f"{COMMAND} generate deploy --expires 30d"}
        )
    return timedelta(days=int(days[1]))
