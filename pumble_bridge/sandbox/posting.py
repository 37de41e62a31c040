"""Saying something: a stored message with its event, or an ephemeral one that is only remembered."""

from dataclasses import dataclass, field
from typing import Any

from pumble_bridge.sandbox import blocks, clock, ids, shapes
from pumble_bridge.sandbox.ephemerals import STORE, Ephemeral
from pumble_bridge.sandbox.errors import ChannelUnusable
from pumble_bridge.sandbox.hooks import events
from pumble_bridge.sandbox.models import Channel, Message, Person


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say. `blocks` None: they are derived from the text."""

    text: str = field(repr=False)
    blocks: list[Any] | None = field(default=None, repr=False)
    attachments: list[Any] = field(default_factory=list, repr=False)

    def shown_blocks(self) -> list[Any]:
        return blocks.from_text(self.text) if self.blocks is None else self.blocks


def post(
    author: Person, channel: Channel, draft: Draft, *, root: Message | None = None, also_in_channel: bool = False
) -> Message:  # fmt: skip
    """The message stands in the channel, and subscribed apps hear of it.

    Raises:
        ChannelUnusable: the channel is archived.
    """
    if channel.is_archived:
        raise ChannelUnusable
    message = Message.objects.create(
        id=ids.new_id(),
        channel=channel,
        author=author,
        author_app_id=author.app_id or "",
        text=draft.text,
        blocks=draft.shown_blocks(),
        attachments=draft.attachments,
        sent_ms=clock.to_second(clock.now_ms()),
        root=root,
        also_in_channel=also_in_channel,
    )
    events.message_changed("NEW_MESSAGE", message, channel)
    return message


def whisper(
    author: Person, channel: Channel, draft: Draft, users: set[str], *, root: Message | None = None
) -> Ephemeral:  # fmt: skip
    """These users see it in this channel until they reload; nobody else ever does."""
    message = shapes.message_fields(
        message_id=ids.new_id(),
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        author_id=author.id,
        app_id=author.app_id or "",
        text=draft.text,
        sent_ms=clock.to_second(clock.now_ms()),
    )
    message |= {"blocks": draft.shown_blocks(), "attachments": draft.attachments}
    if root is not None:
        message["threadReplyInfo"] = {"rootId": root.id, "replySentToChannel": False, "rootText": root.text}
    ephemeral = Ephemeral(message["id"], channel.id, author.id, author.app_id or "", set(users), message)
    STORE.add(ephemeral)
    return ephemeral


def whisper_from_pumble(
    channel: Channel, user_id: str, text: str, *, app_id: str = "", author_id: str = ""
) -> None:
    """A word of Pumble itself, or in an app's name, to one person."""
    message = shapes.message_fields(
        message_id=ids.new_id(),
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        author_id=author_id,
        app_id=app_id,
        text=text,
        sent_ms=clock.to_second(clock.now_ms()),
    )
    message["blocks"] = blocks.from_text(text)
    STORE.add(Ephemeral(message["id"], channel.id, author_id, app_id, {user_id}, message))
