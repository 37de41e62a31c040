"""Saying something: a stored message with its event, or an ephemeral one that is only remembered."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from sandbox import blocks, clock, ids, serializers
from sandbox.ephemerals import EPHEMERALS, Ephemeral
from sandbox.exceptions import ChannelArchived
from sandbox.hooks import events
from sandbox.models import Channel, Message, Person, Pin


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say. `blocks` None: they are derived from the text."""

    text: str = field(repr=False)
    blocks: list[Any] | None = field(default=None, repr=False)
    attachments: list[Any] = field(default_factory=list, repr=False)
    quote: dict[str, Any] | None = field(default=None, repr=False)
    files: list[Any] = field(default_factory=list, repr=False)

    def resolved_blocks(self) -> list[Any]:
        return blocks.from_text(self.text) if self.blocks is None else self.blocks


def post(
    author: Person,
    channel: Channel,
    draft: Draft,
    *,
    root: Message | None = None,
    also_in_channel: bool = False,
    subtype: str = "",
) -> Message:
    """The message stands in the channel, and subscribed apps hear of it. A `subtype` marks a message of the system.

    Raises:
        ChannelUnusable: the channel is archived.
    """
    if channel.is_archived:
        raise ChannelArchived
    message = Message.objects.create(
        id=ids.new_id(),
        channel=channel,
        author=author,
        author_app_id=author.app_id or "",
        text=draft.text,
        blocks=draft.resolved_blocks(),
        attachments=draft.attachments,
        files=draft.files,
        sent_ms=clock.to_second(clock.now_ms()),
        root=root,
        also_in_channel=also_in_channel,
        quote=draft.quote,
        subtype=subtype,
    )
    events.message_changed("NEW_MESSAGE", message, channel)
    return message


def delete(message: Message) -> None:
    """The message is gone. A root with replies leaves a tombstone, which goes with the last of them."""
    with transaction.atomic():
        if message.replies.exists():
            message.reactions.all().delete()
            Pin.objects.filter(message=message).delete()
            Message.objects.filter(pk=message.pk).update(
                text="", blocks=[], attachments=[], files=[], link_previews=[], quote=None, deleted=True
            )
            return
        root = message.root
        message.delete()
        if root is not None and root.deleted and not root.replies.exists():
            root.delete()


def send_ephemeral(
    author: Person, channel: Channel, draft: Draft, users: set[str], *, root: Message | None = None
) -> Ephemeral:  # fmt: skip
    """These users see it in this channel until they reload; nobody else ever does."""
    message = serializers.message_fields(
        message_id=ids.new_id(),
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        author_id=author.id,
        app_id=author.app_id or "",
        text=draft.text,
        sent_ms=clock.to_second(clock.now_ms()),
    )
    message |= {"blocks": draft.resolved_blocks(), "attachments": draft.attachments, "files": draft.files}
    if root is not None:
        message["threadReplyInfo"] = {"rootId": root.id, "replySentToChannel": False, "rootText": root.text}
    ephemeral = Ephemeral(message["id"], channel.id, author.id, author.app_id or "", set(users), message)
    EPHEMERALS.add(ephemeral)
    return ephemeral


def send_ephemeral_from_pumble(
    channel: Channel, user_id: str, text: str, *, app_id: str = "", author_id: str = "", refusal: bool = False
) -> None:
    """A word of Pumble itself, or in an app's name, to one person; `refusal` where it says why an act came to nothing."""
    message = serializers.message_fields(
        message_id=ids.new_id(),
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        author_id=author_id,
        app_id=app_id,
        text=text,
        sent_ms=clock.to_second(clock.now_ms()),
    )
    message["blocks"] = blocks.from_text(text)
    if refusal:
        message["meta"] = {"refusal": True}
    EPHEMERALS.add(Ephemeral(message["id"], channel.id, author_id, app_id, {user_id}, message))
