"""Posting messages: stored ones with their event, and ephemeral ones that are kept in memory."""

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
    """The content of a message. If `blocks` is None, they are derived from the text."""

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
    """Store the message and send its event to subscribed apps. A `subtype` marks a system message.

    Raises:
        ChannelArchived: the channel is archived.
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
    """Delete a message.

    A message with replies stays as an empty row with `deleted` set, and is removed with its last reply.
    """
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
    """Show a message to these users only, until they reload the page."""
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
    """Show one person a message from Pumble, or from an app if `app_id` is set.

    Args:
        refusal: the message says why an action failed.
    """
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
