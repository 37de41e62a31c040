"""`/api-keys ...`: what each verb does and what the person reads.

Replies are ephemeral messages of the bot. Key material goes into such a message only, never into the acknowledgement.
"""

import difflib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys.errors import KeyNotFound, KeysError
from pumble_bridge import keytexts
from pumble_bridge.answers import Acknowledged, Answer, Declined
from pumble_bridge.blocks import Element, bullets, line, link, message, quoted, text
from pumble_bridge.commands import changing, making, telling, words
from pumble_bridge.commands.call import Call, Misused
from pumble_bridge.manifest import COMMAND
from pumble_bridge.payloads import SlashCommand
from pumble_bridge.person import Bot, Person

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verb:
    """`usage` is what follows it, `flags` those it takes, each with whether a value follows."""

    run: Callable[[Call], Answer]
    usage: str | Promise
    meaning: str | Promise
    flags: Mapping[str, bool] = field(default_factory=dict)
    names_a_key: bool = False


_NAME_OR_ID = gettext_lazy("<name or id>")


def handle(payload: SlashCommand, person: Person | None, bot: Bot, complaint: str | None) -> Answer:
    """Carry out one command. `person` is None for somebody who may not have keys.

    Raises:
        PumbleError: it is not certain that the reply is there.
    """
    if payload.command != COMMAND:
        return Declined(_("The API app knows only %(command)s.") % {"command": COMMAND})
    verb, rest = [*payload.text.split(maxsplit=1), "", ""][:2]
    verb = verb.casefold() or "help"
    if complaint is None and person is not None:
        return _carry_out(person, payload, verb, rest)
    if complaint is not None:
        parts = [line(complaint)]
    else:
        parts = [*(_help_parts() if verb == "help" else []), *keytexts.authorise_first()]
    bot.whisper(payload.user_id, payload.channel_id, message(*parts), payload.thread_root_id)
    return Acknowledged()


def _carry_out(person: Person, payload: SlashCommand, typed: str, rest: str) -> Answer:
    verb = _VERBS.get(typed)
    call = Call(person, payload, words.Words())
    if verb is None:
        return _say(call, line(_suggestion(typed)), *_help_parts())
    try:
        call = Call(person, payload, words.read(rest, verb.flags))
        if verb.names_a_key and not call.words.plain:
            example = text(f"{COMMAND} {typed} deploy", code=True)
            return _say(call, line(_("Which key? Type its name or id: "), example), *telling.own_keys(call))
        return verb.run(call)
    except words.UnknownFlag as error:
        return _say(call, *_unknown_flag(error.flag, typed, verb))
    except words.ValueMissing as error:
        return _say(call, line(_("%(flag)s needs a value after it.") % {"flag": error.flag}))
    except Misused as error:
        return _say(call, line(str(error)))
    except KeyNotFound as error:
        log.info("command.refused", extra={"verb": typed, "reason": error.code})
        name = quoted(call.words.plain[0] if typed == "rename" else call.words.text)
        yours = text(f"{COMMAND} list", code=True)
        return _say(call, line(_("You have no key “%(name)s”. See yours: ") % {"name": name}, yours))
    except KeysError as error:
        log.info("command.refused", extra={"verb": typed, "reason": error.code})
        return _say(call, line(keytexts.explain(error)))


def _say(call: Call, *parts: Element) -> Answer:
    call.reply(*parts)
    return Acknowledged()


def _help(call: Call) -> Answer:
    return _say(call, *_help_parts())


def _suggestion(typed: str) -> str:
    near = difflib.get_close_matches(typed[:64], _VERBS, n=1)
    said = _("I don't know “%(verb)s”. Did you mean %(near)s?") if near else _("I don't know “%(verb)s”.")
    return said % {"verb": quoted(typed), "near": near[0] if near else ""}


def _unknown_flag(flag: str, typed: str, verb: Verb) -> list[Element]:
    said = _("I don't know %(flag)s. %(verb)s takes: %(flags)s.")
    return [
        line(said % {"flag": quoted(flag), "verb": typed, "flags": ", ".join(verb.flags)}),
        line(_("Try: "), text(f"{COMMAND} {typed} {verb.usage}", code=True)),
    ]


def _help_parts() -> list[Element]:
    def verb(name: str, one: Verb) -> Element:
        typed = f"{COMMAND} {name} {one.usage}".rstrip()
        return line(text(typed, code=True), f" – {one.meaning}")

    return [
        line(_("An API key lets a program act in Pumble as you. What you can type:")),
        bullets([verb(name, one) for name, one in _VERBS.items()]),
        line(
            link(settings.PUBLIC_URL + "/", _("Open the portal")),
            " · ",
            link(settings.PUBLIC_URL + "/api-docs/", _("API reference")),
        ),
    ]


_VERBS = {
    "generate": Verb(
        making.generate,
        gettext_lazy("[name] [--read-only|--post|--full|--scopes a,b] [--expires 30d|never]"),
        gettext_lazy("make a key; only you see it, once"),
        flags=making.GENERATE_FLAGS,
    ),
    "list": Verb(telling.list_keys, "", gettext_lazy("your keys, without their secrets")),
    "delete": Verb(changing.delete, _NAME_OR_ID, gettext_lazy("stop a key for good"), names_a_key=True),
    "rotate": Verb(
        making.rotate,
        gettext_lazy("<name or id> [--grace now|1h|24h|7d]"),
        gettext_lazy("get a new key in its place; the old one works until the grace is over"),
        flags=making.ROTATE_FLAGS,
        names_a_key=True,
    ),
    "disable": Verb(
        changing.disable, _NAME_OR_ID, gettext_lazy("stop a key until you enable it"), names_a_key=True
    ),
    "enable": Verb(changing.enable, _NAME_OR_ID, gettext_lazy("let it work again"), names_a_key=True),
    "rename": Verb(
        changing.rename, gettext_lazy("<old name> <new name>"), gettext_lazy("give a key another name")
    ),
    "usage": Verb(
        telling.tell_usage, gettext_lazy("[name or id]"), gettext_lazy("how much your keys are used")
    ),
    "why": Verb(telling.why, "<requestId>", gettext_lazy("why a call was refused, and what helps")),
    "language": Verb(telling.choose_language, "en|es", gettext_lazy("the language I speak to you")),
    "help": Verb(_help, "", gettext_lazy("this text")),
}
