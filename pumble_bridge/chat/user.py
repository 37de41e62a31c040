"""The bot and the user of a chat interaction."""

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
        """Send `content` to the channel, visible to this user only, until they reload.

        Raises:
            PumbleError: the message may not have been delivered.
        """
        ephemeral = content | {"ephemeral": {"sendToUsers": [user_id]}}
        self.client.post_message(channel_id, ephemeral, thread_root_id=thread_root_id)


@dataclass(frozen=True, slots=True)
class ChatUser:
    """A member who may have keys and who acts in chat at `now`."""

    member: Member
    user_id: str
    bot: Bot
    by: Actor
    now: datetime

    def send_ephemeral(
        self, channel_id: str, content: dict[str, Any], thread_root_id: str | None = None
    ) -> None:
        """Send `content` to this user. See `Bot.send_ephemeral`."""
        self.bot.send_ephemeral(self.user_id, channel_id, content, thread_root_id)

    def direct_channel(self) -> str:
        """Return the id of the direct channel of the user and the bot. Open the channel if there is none.

        Raises:
            PumbleError: a call failed.
        """
        try:
            channel_info = self.bot.client.find_direct_channel([self.bot.user_id, self.user_id])
        except TokenRejected:
            raise
        except PumbleRefused:
            channel_info = self.bot.client.open_direct_channel([self.user_id])
        return str(channel_info["channel"]["id"])
