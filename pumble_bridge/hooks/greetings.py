"""Answers people who greet the bot, or ask it for help, in their direct channel with it.

The texts of all other messages are neither looked at further nor stored.
"""

import logging
import re
from datetime import datetime

from keys.models import Member, Workspace
from keys.permissions import is_entitled
from keys.pumble_ids import is_pumble_id
from pumble_bridge import clients, deadline
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import message
from pumble_bridge.chat.commands import subcommands
from pumble_bridge.chat.reader import reading_as
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hooks.payloads import Event
from pumble_bridge.manifest import COMMAND
from pumble_bridge.models import Installation

log = logging.getLogger(__name__)

REPLY_TIMEOUT = 2.3
_MAX_LENGTH = 80
_MAX_READERS = 2  # Pumble names the bot and those who authorized the app, so a direct channel has at most two
_GREETINGS = {
    *("hi", "hello", "hey", "help", "start", "commands", "hola", "buenas", "buenos", "saludos", "ayuda"),
    *("comandos", "qué", "que", "what", "how", "cómo", "como", "?", "¿qué", "¿que", "¿cómo", "¿como"),
}


def is_greeting(event: Event) -> bool:
    """Return whether the event can be a greeting of the bot. No query is made.

    Source: Pumble app platform reference, events: tx (text), trId (thread), st (system message), eph (ephemeral).
    """
    body, typed = event.body, event.body.get("tx")
    if event.type != "NEW_MESSAGE" or not isinstance(typed, str) or len(typed) > _MAX_LENGTH:
        return False
    has_other_reader = any(user_id != body.get("aId") for user_id in event.user_ids)
    if not has_other_reader or len(event.user_ids) > _MAX_READERS:
        return False
    if any(body.get(name) for name in ("trId", "st", "eph")):
        return False
    word = re.split(r"[\s,.!]+", typed.strip().casefold(), maxsplit=1)[0] or typed.strip()
    return word in _GREETINGS or word.removeprefix("/") in {
        COMMAND.removeprefix("/"),
        *subcommands.SUBCOMMANDS,
    }


def answer(workspace: Workspace, event: Event, *, now: datetime) -> None:
    """Say what the bot can do, if the message is in the author's direct channel with it. A failure is logged."""
    author, channel_id = event.body.get("aId"), event.body.get("cId")
    installation = Installation.objects.select_related("workspace").filter(workspace=workspace).first()
    client = clients.client_for_bot(installation) if installation else None
    if installation is None or client is None or not is_pumble_id(author) or not is_pumble_id(channel_id):
        return
    if author == installation.bot_user_id or installation.bot_user_id not in event.user_ids:
        return
    member = Member.objects.people().filter(workspace=workspace, pumble_user_id=author).first()
    try:
        with deadline.within(REPLY_TIMEOUT), reading_as(member):
            direct = client.find_direct_channel([installation.bot_user_id, str(author)])
            if direct["channel"]["id"] != channel_id:
                return
            entitled = member if member is not None and is_entitled(member) else None
            parts = subcommands.greeting_parts(entitled)
            if entitled is None:
                parts += key_blocks.authorize_first()
            client.post_message(str(channel_id), message(*parts))
    except PumbleError as error:
        log.info("greeting.not_answered", extra={"reason": type(error).__name__})
