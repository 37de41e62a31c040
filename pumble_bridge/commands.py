"""`/api-keys generate | list | delete | help`: what each does and what the person reads.

Replies are ephemeral messages of the bot. Key material goes into such a message only, never into the acknowledgement.
"""

import difflib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from keys import access, inventory, keyformat, lifecycle
from keys.audit import Actor, Surface
from keys.errors import KeyAmbiguous, KeyNotFound, NameInvalid, NameTaken
from keys.models import ApiKey, Member, Workspace
from keys.policy import is_entitled
from pumble_bridge import deadline
from pumble_bridge.answers import Acknowledged, Answer, Declined
from pumble_bridge.blocks import Element, bullets, line, link, message, preformatted, quoted, text
from pumble_bridge.client import PumbleClient, PumbleError
from pumble_bridge.manifest import COMMAND
from pumble_bridge.payloads import SlashCommand

log = logging.getLogger(__name__)

REPLY_SECONDS = 2.3  # the answer must reach Pumble within 3 s, reply included
KEYS_PER_LIST = 10


@dataclass(frozen=True, slots=True)
class Call:
    """One command, with the person who typed it and the bot that replies."""

    member: Member
    words: str
    payload: SlashCommand
    bot: PumbleClient
    by: Actor
    now: datetime

    def reply(self, *parts: Element) -> None:
        """Show `parts` to the person, in the channel and thread where the command was typed.

        Raises:
            PumbleError: it is not certain that the message is there.
        """
        _whisper(self.bot, self.payload, message(*parts))


def handle(payload: SlashCommand, *, request_id: str, now: datetime) -> Answer:
    """Carry out one slash command. Always answers in time; what could not be done is said."""
    workspace = (
        Workspace.objects.select_related("installation")
        .filter(pumble_id=payload.workspace_id, installed_at__isnull=False, installation__isnull=False)
        .first()
    )
    bot_token = workspace.installation.bot_token if workspace else None
    member = (
        Member.objects.select_related("workspace")
        .filter(workspace=workspace, pumble_user_id=payload.user_id)
        .first()
        if workspace
        else None
    )
    with translation.override(member.language if member and member.language else settings.LANGUAGE_CODE):
        if bot_token is None:
            return Declined(
                _("The API app is not installed in this workspace. An owner can add it with “+ Add apps”.")
            )
        bot = PumbleClient(bot_token)
        with deadline.within(REPLY_SECONDS):
            try:
                if payload.command != COMMAND:
                    return Declined(_("The API app knows only %(command)s.") % {"command": COMMAND})
                by = Actor(member, Surface.CHAT, request_id=request_id)
                if pasted := keyformat.find_in(payload.text):
                    _whisper(bot, payload, message(_revoke_pasted(pasted, payload.workspace_id, by, now)))
                    return Acknowledged()
                if member is None or not is_entitled(member):
                    asks_for_help = payload.text.strip().casefold() in {"", "help"}
                    help_parts = _help_parts() if asks_for_help else []
                    _whisper(bot, payload, message(*help_parts, *_authorise_first()))
                    return Acknowledged()
                return _carry_out(Call(member, payload.text.strip(), payload, bot, by, now))
            except PumbleError:
                log.warning("command.reply_failed", exc_info=True)
                return Declined(
                    _("Pumble did not take the reply, so you may not see all of it. Please try again.")
                )


def _carry_out(call: Call) -> Answer:
    verb, _blank, rest = call.words.partition(" ")
    action = _VERBS.get(verb.casefold() or "help")
    if action is None:
        return _unknown(call, verb)
    return action(call, rest.strip().strip("\"'“”«»").strip())


def _generate(call: Call, name: str) -> Answer:
    try:
        key, plaintext = lifecycle.issue(owner=call.member, name=name or None, by=call.by, now=call.now)
    except NameTaken:
        call.reply(
            line(
                _("You already have a key named “%(name)s”. Choose another name, or delete that one first.")
                % {"name": quoted(name)}
            )
        )
        return Acknowledged()
    except NameInvalid:
        call.reply(
            line(
                _("A key's name has 1 to 64 visible characters. Try: %(example)s")
                % {"example": f"{COMMAND} generate deploy"}
            )
        )
        return Acknowledged()
    try:
        call.reply(*_new_key(key, plaintext))
    except PumbleError:
        log.warning("key.not_delivered", exc_info=True, extra={"key_id": key.key_id})
        reason = ApiKey.RevokeReason.NOT_DELIVERED
        lifecycle.revoke(key=key, by=call.by, reason=reason, now=call.now)
        return Declined(
            _("Pumble did not take the message with your new key, so the key was revoked. Please try again.")
        )
    lifecycle.confirm(key=key, by=call.by, now=call.now)
    return Acknowledged()


def _list(call: Call, _rest: str) -> Answer:
    call.reply(*_own_keys(call))
    return Acknowledged()


def _delete(call: Call, name_or_id: str) -> Answer:
    if not name_or_id:
        usage = line(_("Which key? Type its name or id: "), text(f"{COMMAND} delete deploy", code=True))
        call.reply(usage, *_own_keys(call))
        return Acknowledged()
    try:
        key = inventory.get_own_key(call.member, name_or_id, call.now)
    except KeyNotFound:
        call.reply(
            line(
                _("You have no key “%(name)s”. See yours: ") % {"name": quoted(name_or_id)},
                text(f"{COMMAND} list", code=True),
            )
        )
        return Acknowledged()
    except KeyAmbiguous:
        call.reply(
            line(
                _("More than one of your keys goes by “%(name)s”. Use the id that the list shows.")
                % {"name": quoted(name_or_id)}
            )
        )
        return Acknowledged()
    lifecycle.revoke(key=key, by=call.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=call.now)
    call.reply(
        line(
            _("Deleted “%(name)s”. Anything that uses it stops working at once.") % {"name": quoted(key.name)}
        )
    )
    return Acknowledged()


def _help(call: Call, _rest: str) -> Answer:
    call.reply(*_help_parts())
    return Acknowledged()


def _unknown(call: Call, verb: str) -> Answer:
    near = difflib.get_close_matches(verb.casefold(), _VERBS, n=1)
    said = _("I don't know “%(verb)s”. Did you mean %(near)s?") if near else _("I don't know “%(verb)s”.")
    call.reply(line(said % {"verb": quoted(verb), "near": near[0] if near else ""}), *_help_parts())
    return Acknowledged()


def _revoke_pasted(pasted: list[keyformat.Plaintext], workspace_id: str, by: Actor, now: datetime) -> Element:
    """Whole keys in a command, whoever typed them: whoever reads along has them now, so they end before a word is said."""
    revoked = False
    for plaintext in pasted:
        key = access.recognise(plaintext)
        if (
            key is not None
            and key.owner.workspace is not None
            and key.owner.workspace.pumble_id == workspace_id
        ):
            lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.PASTED, now=now)
            revoked = True
    if revoked:
        return line(
            _(
                "That was a full key, so I revoked it. Keys do not belong in chat: next time use its name or id."
            )
        )
    return line(
        _(
            "That looks like a full key, but none of this workspace. Keys do not belong in chat: use a name or id."
        )
    )


_VERBS: dict[str, Callable[[Call, str], Answer]] = {
    "generate": _generate,
    "list": _list,
    "delete": _delete,
    "help": _help,
}


def _new_key(key: ApiKey, plaintext: keyformat.Plaintext) -> list[Element]:
    example = (
        f'curl {settings.PUBLIC_URL}/sendMessage -H "ApiKey: $PUMBLE_API_KEY" '
        """-d '{"channel":"general","text":"hello"}'"""
    )
    return [
        line(_("Your new key “%(name)s”") % {"name": quoted(key.name)}),
        preformatted(plaintext.text),
        line(
            _(
                "Copy it now. We don't store it, so we can't show it again: this message is gone when you reload."
            )
        ),
        line(_("Put it into the variable PUMBLE_API_KEY and try:")),
        preformatted(example),
        line(_("What it can do: "), link(settings.PUBLIC_URL + "/api-docs/", _("API reference"))),
    ]


def _own_keys(call: Call) -> list[Element]:
    keys = list(inventory.list_own_keys(call.member, call.now)[: KEYS_PER_LIST + 1])
    if not keys:
        return [line(_("No keys yet. Create one: "), text(f"{COMMAND} generate", code=True))]
    parts = [
        line(text(_("Your API keys"), bold=True)),
        bullets(_key_line(key, call.now) for key in keys[:KEYS_PER_LIST]),
    ]
    if len(keys) > KEYS_PER_LIST:
        parts.append(
            line(
                _("These are your newest. All of them: "),
                link(settings.PUBLIC_URL + "/", _("Open the portal")),
            )
        )
    return parts


def _key_line(key: ApiKey, now: datetime) -> Element:
    created = date_format(key.created_at, "DATE_FORMAT")
    state = key.state(now).label
    return line(
        text(quoted(key.name), bold=True),
        " · ",
        text(key.preview, code=True),
        _(" · id %(id)s · %(state)s · created %(date)s")
        % {"id": key.key_id, "state": state, "date": created},
    )


def _authorise_first() -> list[Element]:
    return [
        line(
            _("Before you can have API keys, allow the API app to act for you: "),
            link(settings.PUBLIC_URL + "/pumble/signin", _("authorize the app")),
        ),
        line(_("Then type it again: "), text(f"{COMMAND} generate", code=True)),
    ]


def _help_parts() -> list[Element]:
    def verb(usage: str, meaning: str) -> Element:
        return line(text(f"{COMMAND} {usage}", code=True), f" – {meaning}")

    return [
        line(_("An API key lets a program act in Pumble as you. What you can type:")),
        bullets(
            [
                verb(_("generate [name]"), _("make a key; only you see it, once")),
                verb("list", _("your keys, without their secrets")),
                verb(_("delete <name or id>"), _("stop a key for good")),
                verb("help", _("this text")),
            ]
        ),
        line(
            link(settings.PUBLIC_URL + "/", _("Open the portal")),
            " · ",
            link(settings.PUBLIC_URL + "/api-docs/", _("API reference")),
        ),
    ]


def _whisper(bot: PumbleClient, payload: SlashCommand, content: dict[str, Any]) -> None:
    ephemeral = content | {"ephemeral": {"sendToUsers": [payload.user_id]}}
    bot.post_message(payload.channel_id, ephemeral, thread_root_id=payload.thread_root_id)
