"""One command that somebody typed."""

from dataclasses import dataclass
from datetime import datetime

from keys import inventory
from keys.audit import Actor
from keys.models import ApiKey, Member
from pumble_bridge.blocks import Element, message
from pumble_bridge.commands.words import Words
from pumble_bridge.payloads import SlashCommand
from pumble_bridge.person import Person


class Misused(Exception):
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

    def own_key(self) -> ApiKey:
        """The key of the person's that the words name.

        Raises:
            KeyNotFound, KeyAmbiguous.
        """
        return inventory.get_own_key(self.member, self.words.text, self.now)
