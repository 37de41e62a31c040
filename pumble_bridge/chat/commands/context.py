"""One command that somebody typed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from keys import selectors
from keys.audit import Actor
from keys.models import ApiKey, Member
from pumble_bridge.chat.blocks import Element, escape_user_text, message, paragraph, text
from pumble_bridge.chat.commands.parser import ParsedLine
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks.payloads import SlashCommand
from pumble_bridge.manifest import COMMAND


class UsageError(Exception):
    """The command cannot be carried out as it was typed; the text and what follows it say why and what to type."""

    def __init__(self, why: str, *more: Element) -> None:
        super().__init__(why)
        self.more = more


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What follows the verb, in words, and the person who typed it. Replies go where it was typed, to them alone."""

    user: ChatUser
    payload: SlashCommand
    line: ParsedLine

    @property
    def member(self) -> Member:
        return self.user.member

    @property
    def by(self) -> Actor:
        return self.user.by

    @property
    def now(self) -> datetime:
        return self.user.now

    def reply(self, *parts: Element) -> None:
        """
        Raises:
            PumbleError: it is not certain that the message is there.
        """
        self.user.send_ephemeral(self.payload.channel_id, message(*parts), self.payload.thread_root_id)

    @property
    def name(self) -> str:
        """The name or id that the words are. If a part of it is in quotes, all of it is.

        Raises:
            UsageError: `"ci" "prod"` are two names, and `"ci" read-only` is not clear.
        """
        line = self.line
        if len(line.args) > 1 and len(line.unquoted) < len(line.args):
            verb = self.payload.text.split(maxsplit=1)[0]
            example = text(f"{COMMAND} {verb} {in_quotes(line.text)}", code=True)
            raise UsageError(
                _("Nothing was changed. Put the whole name in quotes."), paragraph(_("Type: "), example)
            )
        return line.text

    def get_key(self) -> ApiKey:
        """The key of the person's that the words name.

        Raises:
            UsageError, KeyNotFound, KeyAmbiguous.
        """
        return selectors.get_own_key(self.member, self.name, self.now)


def in_quotes(name: str) -> str:
    """Return the name as it is typed in a command, fit to be shown."""
    shown = escape_user_text(name)
    return f"«{shown}»" if '"' in shown else f'"{shown}"'
