"""The subcommands of `/api-keys`, their help, and the replies to commands that are not understood.

Replies are ephemeral messages of the bot. Key material is in such a message only, never in the response to the hook.
"""

import difflib
import logging
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import lifecycle, scopes, selectors, texts
from keys.exceptions import KeyNotFound, KeysError
from keys.models import Member
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import Element, bullets, escape_user_text, link, message, paragraph, text
from pumble_bridge.chat.commands import changes, info, issue, parser, restrictions
from pumble_bridge.chat.commands.context import CommandContext, UsageError
from pumble_bridge.chat.portal_links import admin_links, portal_url
from pumble_bridge.chat.user import Bot, ChatUser
from pumble_bridge.hooks.payloads import SlashCommand
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack
from pumble_bridge.manifest import COMMAND

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A subcommand of `/api-keys`.

    Attributes:
        usage: the arguments, as shown in the help.
        help: one line for the list of subcommands.
        flags: the flags that it takes, each with whether it needs a value.
        requires_key: whether the name or id of a key must follow.
        accepts_name: whether a name can follow.
        details: lines for the help of this subcommand.
    """

    run: Callable[[CommandContext], HookResponse]
    usage: str | Promise
    help: str | Promise
    flags: Mapping[str, bool] = field(default_factory=dict)
    requires_key: bool = False
    accepts_name: bool = False
    details: tuple[str | Promise, ...] = ()


_NAME_OR_ID = gettext_lazy("<name or id>")


def handle(
    payload: SlashCommand,
    user: ChatUser | None,
    bot: Bot,
    pasted_key_warning: str | None,
    newcomer: Callable[[], ChatUser],
) -> HookResponse:
    """Run a command and reply with an ephemeral message.

    Args:
        user: None if they may not have keys.
        newcomer: returns the user for commands that need no authorization.

    Raises:
        PumbleError: the reply may not have been delivered.
    """
    if payload.command != COMMAND:
        return Nack(_("The API app has only the command %(command)s.") % {"command": COMMAND})
    name, rest = [*payload.text.split(maxsplit=1), "", ""][:2]
    name = unicodedata.normalize("NFKC", name).casefold() or "help"  # some keyboards write full-width letters
    if parser.is_help(name):
        name = "help"
    if pasted_key_warning is None and user is not None:
        return _run(user, payload, name, rest)
    if pasted_key_warning is not None:
        parts = [paragraph(pasted_key_warning)]
    elif name == "language":
        return _run(newcomer(), payload, name, rest)
    elif help_text := _requested_help(name, rest):
        parts = [*help_text, *key_blocks.authorize_first()]
    else:
        parts = [*key_blocks.authorize_first(payload.text), key_blocks.other_languages()]
    bot.send_ephemeral(payload.user_id, payload.channel_id, message(*parts), payload.thread_root_id)
    return Ack()


def _requested_help(name: str, rest: str) -> list[Element]:
    """Return the help that the command asks for, if any: `help`, `help generate` or `generate --help`."""
    topic = rest.strip().casefold()
    if name == "help":
        return _subcommand_help(topic) if topic in SUBCOMMANDS else help_parts()
    try:
        parser.parse(rest, SUBCOMMANDS[name].flags if name in SUBCOMMANDS else {})
    except parser.HelpRequested:
        return _subcommand_help(name) if name in SUBCOMMANDS else help_parts()
    except (parser.LineTooLong, parser.UnknownFlag, parser.InvalidFlag):
        pass  # what is wrong with the command is said after the authorization
    return []


def _run(user: ChatUser, payload: SlashCommand, name: str, rest: str) -> HookResponse:
    subcommand = SUBCOMMANDS.get(name)
    context = CommandContext(user, payload, parser.ParsedLine())
    if subcommand is None:
        return _reply(context, paragraph(_suggestion(name)), *help_parts(context.member))
    try:
        context = CommandContext(user, payload, parser.parse(rest, subcommand.flags))
        if subcommand.requires_key and not context.line.text:
            example = text(f"{COMMAND} {name} deploy", code=True)
            return _reply(
                context, paragraph(_("Which key? Type its name or id: "), example), *info.key_list(context)
            )
        return subcommand.run(context)
    except parser.LineTooLong:
        return _reply(
            context,
            paragraph(_("The command is too long. Nothing was changed.")),
            _usage_example(name, subcommand),
        )
    except parser.HelpRequested:
        return _reply(context, *_subcommand_help(name))
    except parser.UnknownFlag as error:
        return _reply(context, *_unknown_flag(error.flag, name, subcommand))
    except parser.InvalidFlag as error:
        return _reply(
            context,
            paragraph(_FLAG_ERRORS[type(error)] % {"flag": error.flag}),
            _usage_example(name, subcommand),
        )
    except UsageError as error:
        return _reply(context, paragraph(str(error)), *error.more)
    except KeyNotFound as error:
        log.info("command.refused", extra={"verb": name, "reason": error.reason})
        return _reply(context, *_key_not_found(context, name))
    except KeysError as error:
        log.info("command.refused", extra={"verb": name, "reason": error.reason})
        return _reply(context, paragraph(key_blocks.error_text(error)))


def _reply(context: CommandContext, *parts: Element) -> HookResponse:
    context.reply(*parts)
    return Ack()


def _help(context: CommandContext) -> HookResponse:
    name = context.line.text.casefold()
    return _reply(context, *(_subcommand_help(name) if name in SUBCOMMANDS else help_parts(context.member)))


def _suggestion(typed: str) -> str:
    near = difflib.get_close_matches(typed[:64], SUBCOMMANDS, n=1)
    suggestion = (
        _("Unknown command “%(verb)s”. Did you mean %(near)s?") if near else _("Unknown command “%(verb)s”.")
    )
    return suggestion % {"verb": escape_user_text(typed), "near": near[0] if near else ""}


def _unknown_flag(flag: str, name: str, subcommand: Subcommand) -> list[Element]:
    restriction = restrictions.find([parser.without_dashes(flag)]) if name == "generate" else None
    near = _similar_flag(flag, subcommand) if restriction is None else restriction.flag
    error = (
        _("Unknown flag %(flag)s. Nothing was changed. Did you mean %(near)s?")
        if near
        else _("Unknown flag %(flag)s. Nothing was changed.")
    )
    takes = _("%(verb)s takes: %(flags)s.") if subcommand.flags else _("%(verb)s takes no flags.")
    values = {
        "flag": escape_user_text(flag),
        "near": near,
        "verb": name,
        "flags": ", ".join(subcommand.flags),
    }
    parts = [paragraph(f"{error} {takes}" % values), _usage_example(name, subcommand)]
    if restriction is not None and restriction.flag == restrictions.PORTAL:
        parts.append(issue.portal_restrictions_link())
    if subcommand.requires_key or subcommand.accepts_name:
        parts.append(paragraph(_("If it is part of a name, put the name in quotes.")))
    return parts


def _similar_flag(flag: str, subcommand: Subcommand) -> str:
    """Return the flag that was probably meant, or ""."""
    known = {parser.without_dashes(flag): flag for flag in subcommand.flags}
    typed = parser.without_dashes(flag)[:64]
    by_prefix = [flag for name, flag in known.items() if typed and name.startswith(typed)]
    near = by_prefix if len(by_prefix) == 1 else difflib.get_close_matches(typed, known, n=1)
    return known.get(near[0], near[0]) if near else ""


def _usage_example(name: str, subcommand: Subcommand) -> Element:
    return paragraph(_("Try: "), text(f"{COMMAND} {name} {subcommand.usage}".rstrip(), code=True))


def _key_not_found(context: CommandContext, name: str) -> list[Element]:
    key_name = context.line.args[0] if name == "rename" else context.line.text
    not_found = paragraph(
        _("You have no key “%(name)s”. See yours: ") % {"name": escape_user_text(key_name)},
        text(f"{COMMAND} list", code=True),
    )
    first, _space, last = key_name.rpartition(" ")
    if name in {"rotate", "renew"} and last.casefold() in lifecycle.GRACE_PERIODS:
        command = text(f"{COMMAND} {name} {issue.as_argument(first)} --grace {last.casefold()}", code=True)
        return [not_found, paragraph(_("Or did you mean: "), command)]
    similar = selectors.list_similar_keys(context.member, key_name, context.now)
    if not similar:
        return [not_found]
    names = texts.enumerate_any(f"{escape_user_text(key.name)} ({key.key_id})" for key in similar)
    rest = f" {issue.as_argument(context.line.args[1])}" if name == "rename" else ""
    command = text(f"{COMMAND} {name} {similar[0].key_id}{rest}", code=True)
    return [not_found, paragraph(_("Did you mean %(names)s? Then type: ") % {"names": names}, command)]


def _subcommand_help(name: str) -> list[Element]:
    subcommand = SUBCOMMANDS[name]
    typed = text(f"{COMMAND} {name} {subcommand.usage}".rstrip(), code=True)
    details = bullets(
        [paragraph(str(line) % {"scopes": ", ".join(scopes.ALL)}) for line in subcommand.details]
    )
    return [paragraph(typed, f" – {subcommand.help}"), *([details] if subcommand.details else [])]


def greeting_parts(member: Member | None) -> list[Element]:
    """Return the reply to a greeting: what the bot can do, and the commands."""
    return [
        paragraph(_("Hello! I create and manage API keys. Type a command here or in any channel.")),
        *help_parts(member),
    ]


def help_parts(member: Member | None = None) -> list[Element]:
    """Return the commands and the links. Owners and administrators get a link to the admin."""
    commands = [
        paragraph(text(f"{COMMAND} {name} {subcommand.usage}".rstrip(), code=True), f" – {subcommand.help}")
        for name, subcommand in SUBCOMMANDS.items()
    ]
    return [
        paragraph(_("An API key lets a program act in Pumble as you. Commands:")),
        bullets(commands),
        paragraph(_("AI agents use a key through MCP, at "), text(f"{settings.PUBLIC_URL}/mcp", code=True)),
        paragraph(
            link(portal_url(), _("Open the portal")),
            " · ",
            link(settings.PUBLIC_URL + "/api-docs/plain/", _("API reference")),
            *(admin_links(member) if member else []),
        ),
        key_blocks.other_languages(),
    ]


SUBCOMMANDS = {
    "generate": Subcommand(
        issue.generate,
        gettext_lazy("[name] [--read-only|--post|--full|--scopes a,b] [--expires 30d|never] [--workspace]"),
        gettext_lazy("create a key; only you see it, and only once"),
        flags=issue.GENERATE_FLAGS,
        accepts_name=True,
        details=(
            gettext_lazy("--read-only: the key can read, but change nothing."),
            gettext_lazy("--post: the key can post as you, but not read messages."),
            gettext_lazy(
                "--scopes messages:write,user:read: the key has only these scopes. Available scopes: %(scopes)s."
            ),
            gettext_lazy("--full: the key can do everything as you that this workspace allows."),
            gettext_lazy(
                "Without these flags, the key has the default permissions of this workspace. If it has none: all that it allows."
            ),
            gettext_lazy(
                "--expires 30d: the key expires after 30 days. Without this flag, it has the default lifetime of this workspace. If it has none: as long as it allows."
            ),
            gettext_lazy(
                "--workspace: the key belongs to the workspace, acts as the app's bot only, and keeps working when you leave. Only owners and administrators create such keys."
            ),
            gettext_lazy('Text in quotes is always a name: generate "read-only".'),
        ),
    ),
    "list": Subcommand(info.list_keys, "", gettext_lazy("list your keys")),
    "delete": Subcommand(
        changes.delete, _NAME_OR_ID, gettext_lazy("delete a key; this cannot be undone"), requires_key=True
    ),
    "rotate": Subcommand(
        issue.rotate,
        gettext_lazy("<name or id> [--grace now|1h|24h|7d]"),
        gettext_lazy("replace a key with a new one; the old key works until the grace period ends"),
        flags=issue.ROTATE_FLAGS,
        requires_key=True,
        details=(
            gettext_lazy("The new key has the same permissions and the same expiry date."),
            gettext_lazy(
                "--grace now: the old key stops working at once. Without this flag, it works for 24 more hours."
            ),
        ),
    ),
    "renew": Subcommand(
        issue.renew,
        gettext_lazy("<name or id> [--expires 30d|never] [--grace now|1h|24h|7d]"),
        gettext_lazy("replace a key with a new one that has a new expiry date"),
        flags=issue.RENEW_FLAGS,
        requires_key=True,
        details=(
            gettext_lazy("The new key has the same permissions."),
            gettext_lazy(
                "--expires 30d: the new key expires after 30 days. Without this flag, it lasts about as long as the old key."
            ),
            gettext_lazy(
                "--grace now: the old key stops working at once. Without this flag, it works for 24 more hours."
            ),
        ),
    ),
    "disable": Subcommand(
        changes.disable,
        _NAME_OR_ID,
        gettext_lazy("disable a key until you enable it again"),
        requires_key=True,
    ),
    "enable": Subcommand(
        changes.enable, _NAME_OR_ID, gettext_lazy("enable a disabled key"), requires_key=True
    ),
    "rename": Subcommand(
        changes.rename,
        gettext_lazy("<old name> <new name>"),
        gettext_lazy("rename a key"),
        accepts_name=True,
    ),
    "usage": Subcommand(
        info.show_usage,
        gettext_lazy("[name or id]"),
        gettext_lazy("show how often your keys were used"),
        accepts_name=True,
    ),
    "why": Subcommand(
        info.explain,
        gettext_lazy("<request id, key id or link of a message>"),
        gettext_lazy("explain what happened to a call or a key, and what to do"),
    ),
    "language": Subcommand(info.choose_language, "en|es", gettext_lazy("choose the language of replies")),
    "help": Subcommand(
        _help, gettext_lazy("[command]"), gettext_lazy("show this text, or help for one command")
    ),
}
_FLAG_ERRORS: "dict[type[parser.InvalidFlag], str | Promise]" = {
    parser.MissingValue: gettext_lazy("%(flag)s needs a value after it."),
    parser.UnexpectedValue: gettext_lazy("%(flag)s takes no value."),
    parser.RepeatedFlag: gettext_lazy("%(flag)s occurs twice. Type it once."),
}
