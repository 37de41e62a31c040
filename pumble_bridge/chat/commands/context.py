"""The context of one command."""

from collections.abc import Sequence
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
    """The command cannot be run as typed. The text and the paragraphs in `more` say why and what to type."""

    def __init__(self, message: str, *more: Element) -> None:
        super().__init__(message)
        self.more = more


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A parsed command and the user who typed it. Replies are visible to that user only."""

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

    def reply(self, *parts: Element, buttons: Sequence[Element] = ()) -> None:
        """Send an ephemeral reply to the channel of the command.

        Raises:
            PumbleError: the message may not have been delivered.
        """
        content = message(*parts, buttons=buttons)
        self.user.send_ephemeral(self.payload.channel_id, content, self.payload.thread_root_id)

    @property
    def name(self) -> str:
        """The name or id in the arguments. It is quoted as a whole or not at all.

        Raises:
            UsageError: `"ci" "prod"` are two names, and `"ci" read-only` is ambiguous.
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
        """Return the user's key with the name or id in the arguments.

        Raises:
            UsageError, KeyNotFound, KeyAmbiguous.
        """
        return selectors.get_own_key(self.member, self.name, self.now)


def in_quotes(name: str) -> str:
    """Return the name in quotes, as it is typed in a command, escaped for display."""
    escaped = escape_user_text(name)
    return f"«{escaped}»" if '"' in escaped else f'"{escaped}"'
