"""One command that somebody typed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from keys import selectors
from keys.audit import Actor
from keys.models import ApiKey, Member
from pumble_bridge.chat.blocks import Element, escape_user_text, message, paragraph, text
from pumble_bridge.chat.commands.parser import Words
from pumble_bridge.chat.user import Person
from pumble_bridge.hooks.payloads import SlashCommand
from pumble_bridge.manifest import COMMAND


class UsageError(Exception):
    """The command cannot be carried out as it was typed; the text and what follows it say why and what to type."""

    def __init__(self, why: str, *more: Element) -> None:
        super().__init__(why)
        self.more = more


@dataclass(frozen=True, slots=True)
class Call:
    """What follows the verb, in words, and the person who typed it. Replies go where it was typed, to them alone."""

    person: Person
    payload: SlashCommand
    words: Words

    @property
    def member(self) -> Member:
        return self.person.member

    @property
    def by(self) -> Actor:
        return self.person.by

    @property
    def now(self) -> datetime:
        return self.person.now

    def reply(self, *parts: Element) -> None:
        """
        Raises:
            PumbleError: it is not certain that the message is there.
        """
        self.person.whisper(self.payload.channel_id, message(*parts), self.payload.thread_root_id)

    @property
    def name(self) -> str:
        """The name or id that the words are. If a part of it is in quotes, all of it is.

        Raises:
            UsageError: `"ci" "prod"` are two names, and `"ci" read-only` is not clear.
        """
        words = self.words
        if len(words.plain) > 1 and len(words.bare) < len(words.plain):
            verb = self.payload.text.split(maxsplit=1)[0]
            example = text(f"{COMMAND} {verb} {in_quotes(words.text)}", code=True)
            raise UsageError(
                _("I did nothing: put one whole name in quotes."), paragraph(_("Type: "), example)
            )
        return words.text

    def own_key(self) -> ApiKey:
        """The key of the person's that the words name.

        Raises:
            UsageError, KeyNotFound, KeyAmbiguous.
        """
        return selectors.get_own_key(self.member, self.name, self.now)


def in_quotes(name: str) -> str:
    """Return the name as it is typed in a command, fit to be shown."""
    shown = escape_user_text(name)
    return f"«{shown}»" if '"' in shown else f'"{shown}"'
