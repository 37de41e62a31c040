"""Somebody in chat: who they are to us, and how the bot answers them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keys.audit import Actor
from keys.models import Member
from pumble_bridge.client import PumbleClient
from pumble_bridge.exceptions import PumbleRefused, TokenRejected


@dataclass(frozen=True, slots=True)
class Bot:
    """The app's bot in one workspace."""

    user_id: str
    client: PumbleClient

    def send_ephemeral(
        self, user_id: str, channel_id: str, content: dict[str, Any], thread_root_id: str | None = None
    ) -> None:
        """Show `content` in that channel to this person alone, until they reload.

        Raises:
            PumbleError: it is not certain that the message is there.
        """
        ephemeral = content | {"ephemeral": {"sendToUsers": [user_id]}}
        self.client.post_message(channel_id, ephemeral, thread_root_id=thread_root_id)


@dataclass(frozen=True, slots=True)
class ChatUser:
    """A member who may have keys, acting now."""

    member: Member
    user_id: str
    bot: Bot
    by: Actor
    now: datetime

    def send_ephemeral(
        self, channel_id: str, content: dict[str, Any], thread_root_id: str | None = None
    ) -> None:
        """As `Bot.send_ephemeral`."""
        self.bot.send_ephemeral(self.user_id, channel_id, content, thread_root_id)

    def direct_channel(self) -> str:
        """The id of the direct channel of this person and the bot, opened where there was none.

        Raises:
            PumbleError
        """
        try:
            found = self.bot.client.find_direct_channel([self.bot.user_id, self.user_id])
        except TokenRejected:
            raise
        except PumbleRefused:
            found = self.bot.client.open_direct_channel([self.user_id])
        return str(found["channel"]["id"])
