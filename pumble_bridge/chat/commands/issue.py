"""`generate`, `rotate` and `renew`: subcommands that issue a new key."""

import re
from datetime import timedelta

from django.utils.translation import gettext as _

from keys import key_format, lifecycle, policies, scopes
from keys.models import ApiKey, Policy
from pumble_bridge import channel_membership, installations
from pumble_bridge.chat import default_access
from pumble_bridge.chat.blocks import Element, escape_user_text, link, paragraph, text
from pumble_bridge.chat.commands import restrictions
from pumble_bridge.chat.commands.context import CommandContext, UsageError, in_quotes
from pumble_bridge.chat.delivery import deliver_key
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.hooks.responses import HookResponse
from pumble_bridge.manifest import COMMAND

GENERATE_FLAGS = {
    "--read-only": False,
    "--post": False,
    "--full": False,
    "--scopes": True,
    "--expires": True,
    "--workspace": False,
}
ROTATE_FLAGS = {"--grace": True}
RENEW_FLAGS = {"--expires": True, "--grace": True}
_PRESET_FLAGS = {"--read-only": "read-only", "--post": "post-messages", "--full": "full-access"}
_RIGHTS_FLAGS = {*_PRESET_FLAGS, "--scopes"}
_DAYS = re.compile(r"([0-9]{1,4})d?", re.ASCII)


def generate(context: CommandContext) -> HookResponse:
    name = _unambiguous_name(context)
    policy = policies.get_selected_policy(context.member.workspace)
    lifetime = _typed_lifetime(context, policies.default_lifetime(policy), verb="generate")
    owner, responsible = context.member, None
    if "--workspace" in context.line.flags:
        owner, responsible = installations.get_bot(context.member.workspace, now=context.now), context.member
    key, plaintext = lifecycle.issue(
        owner=owner,
        responsible=responsible,
        name=name if context.line.args else None,
        scopes=_scopes(context, policy),
        expires_at=None if lifetime is None else context.now + lifetime,
        by=context.by,
        now=context.now,
    )
    payload, flags = context.payload, set(context.line.flags)
    is_broad = not _RIGHTS_FLAGS & flags and key.scopes == policies.offered_scopes(policy)
    return deliver_key(
        context.user,
        key,
        plaintext,
        channel_id=payload.channel_id,
        thread_root_id=payload.thread_root_id,
        heading=default_access.heading(key, context.now) if is_broad else None,
        offers=default_access.buttons(key, expiry="--expires" not in flags, permissions=is_broad),
    )


def rotate(context: CommandContext) -> HookResponse:
    grace, old = _grace(context), context.get_key()
    channel_membership.require_access_to_key(context.member, old)
    key, plaintext = lifecycle.rotate(key=old, grace=grace, by=context.by, now=context.now)
    return _deliver_successor(context, key, plaintext)


def renew(context: CommandContext) -> HookResponse:
    grace, old = _grace(context), context.get_key()
    policy = policies.get_selected_policy(context.member.workspace)
    lifetime = _typed_lifetime(context, policies.renewal_lifetime(policy, old), verb="renew")
    expires_at = None if lifetime is None else context.now + lifetime
    channel_membership.require_access_to_key(context.member, old)
    key, plaintext = lifecycle.renew(
        key=old, expires_at=expires_at, grace=grace, by=context.by, now=context.now
    )
    return _deliver_successor(context, key, plaintext)


def _deliver_successor(context: CommandContext, key: ApiKey, plaintext: key_format.Plaintext) -> HookResponse:
    payload = context.payload
    return deliver_key(
        context.user, key, plaintext, channel_id=payload.channel_id, thread_root_id=payload.thread_root_id
    )


def _grace(context: CommandContext) -> timedelta:
    """Return the grace period in the flag; without one, 24 hours.

    Raises:
        UsageError
    """
    grace = lifecycle.GRACE_PERIODS.get(context.line.flags.get("--grace", "24h").casefold())
    if grace is None:
        raise UsageError(
            _("--grace takes one of these values: %(graces)s.")
            % {"graces": ", ".join(lifecycle.GRACE_PERIODS)}
        )
    return grace


def portal_restrictions_link() -> Element:
    """Return a link to the portal's form for restrictions that have no flag."""
    note = _("No flag limits channels, IP addresses or the rate of calls. Set these limits in the portal: ")
    return paragraph(note, link(portal_url("/keys/new"), _("Create key")))


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


def _scopes(context: CommandContext, policy: Policy) -> list[str]:
    """Return the scopes that the flags select; without a flag, the default of the workspace."""
    flags = context.line.flags
    chosen = [flag for flag in flags if flag in _RIGHTS_FLAGS]
    if len(chosen) > 1:
        raise UsageError(_("Use only one of these flags: %(flags)s.") % {"flags": ", ".join(chosen)})
    if "--scopes" in flags:
        return [scope for part in flags["--scopes"].casefold().split(",") if (scope := part.strip())]
    if chosen:
        return list(scopes.PRESETS[_PRESET_FLAGS[chosen[0]]])
    return policies.default_scopes(policy)


def _typed_lifetime(context: CommandContext, default: timedelta | None, *, verb: str) -> timedelta | None:
    """Return the lifetime in the flag; without one, `default`. None means "never".

    Raises:
        UsageError
    """
    typed = context.line.flags.get("--expires")
    if typed is None:
        return default
    if typed.casefold() == "never":
        return None
    days = _DAYS.fullmatch(typed.casefold())
    if days is None or days[1].strip("0") == "":
        raise UsageError(
            _("--expires takes a number of days or never. Try: %(example)s")
            % {"example": f"{COMMAND} {verb} deploy --expires 30d"}
        )
    return timedelta(days=int(days[1]))
