"""Builds rows of channels and messages, for workspaces and their histories."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from sandbox import blocks
from sandbox.models import (
    App,
    Authorization,
    Channel,
    Installation,
    Membership,
    Message,
    Person,
    Pin,
    Reaction,
    ScheduledMessage,
    UserGroup,
    Workspace,
)
from sandbox.seed.definitions import SeedChannel, SeedFile, SeedLinkPreview, SeedMessage

# In an order in which they can be inserted.
MODELS: tuple[type[Model], ...] = (
    App, Workspace, Person, UserGroup, Installation, Authorization, Channel, Membership, Message, Reaction, Pin,
    ScheduledMessage,
)  # fmt: skip
RowsByModel = dict[type[Model], list[Any]]
_MENTION = re.compile(r"(?<!\S)([@#])([\w-]*\w)")


class IdSequence:
    """Generates ids from the time and a running number, so that ids sort by age."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._count = 0

    def at(self, seconds: int) -> str:
        self._count += 1
        return f"{seconds:08x}{self._process}{self._count:06x}"


@dataclass(frozen=True, slots=True)
class SeedContext:
    """The workspace, people and channels built so far, by key. The founder comes first."""

    workspace: Workspace
    people: dict[str, Person] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    @property
    def founder(self) -> Person:
        return next(iter(self.people.values()))

    def with_mentions(self, text: str) -> str:
        """Return the text with `@key` and `#key` of these people and channels as mentions."""

        def mention(match: re.Match[str]) -> str:
            sign, key = match.groups()
            known: dict[str, Any] = self.people if sign == "@" else self.channels
            return f"<<{sign}{known[key].id}>>" if key in known else match[0]

        return _MENTION.sub(mention, text)


def parse_time(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())


def add_channel(
    definition: SeedChannel, opened: int, context: SeedContext, ids: IdSequence, rows: RowsByModel
) -> Channel:
    """Add a channel with its members and no messages."""
    channel = Channel(
        id=ids.at(opened),
        workspace=context.workspace,
        channel_type=definition.kind,
        name=definition.name,
        description=definition.description,
        creator_id=context.founder.id,
        created_ms=opened * 1000,
        is_main=definition.main,
        archived_by_id=context.founder.id if definition.archived else "",
    )
    context.channels[definition.key] = channel
    rows[Channel].append(channel)
    rows[Membership].extend(
        Membership(
            channel=channel, person=context.people[key], is_hidden=key in definition.hidden_for.split()
        )
        for key in definition.members.split()
    )
    return channel


def add_messages(
    messages: tuple[SeedMessage, ...],
    channel: Channel,
    context: SeedContext,
    ids: IdSequence,
    rows: RowsByModel,
) -> None:
    people = context.people
    for message in messages:
        at = parse_time(message.at)
        root = _message(ids, at, channel, people[message.author], context.with_mentions(message.text), None)
        root.edited = message.edited
        if message.file:
            root.files = [_file(message.file, ids.at(at), root)]
        if message.preview:
            root.link_previews = [_preview(message.preview)]
        rows[Message].append(root)
        for number, (author, text) in enumerate(message.replies, start=1):
            reply = _message(
                ids, at + 60 * number, channel, people[author], context.with_mentions(text), root
            )
            rows[Message].append(reply)
        for code, keys in message.reactions.items():
            rows[Reaction].extend(
                Reaction(message=root, person=people[key], code=code) for key in keys.split()
            )
        if message.pinned_by:
            rows[Pin].append(Pin(message=root, person=people[message.pinned_by]))


def _message(
    ids: IdSequence, at: int, channel: Channel, author: Person, text: str, root: Message | None
) -> Message:
    return Message(
        id=ids.at(at),
        channel=channel,
        author=author,
        author_app_id=author.app_id or "",
        text=text,
        blocks=blocks.from_text(text),
        sent_ms=at * 1000,
        root=root,
    )


def _file(file: SeedFile, file_id: str, message: Message) -> dict[str, Any]:
    """Source: Pumble app platform reference, 5.5 (MessageFile)."""
    path = f"https://files.pumble.test/{file_id}/{file.name}"
    is_image = file.mime_type.startswith("image/")
    return {
        "id": file_id,
        "owner": message.author_id,
        "name": file.name,
        "mimeType": file.mime_type,
        "path": path,
        "thumbnails": [{"path": f"{path}?width=360", "width": 360, "height": 240}] if is_image else [],
        "duration": 0,
        "size": file.size,
        "audioRecording": False,
        "videoRecording": False,
        "waveform": [],
        "uploadedAtMilli": message.sent_ms,
        "publicPath": "",
    }


def _preview(preview: SeedLinkPreview) -> dict[str, Any]:
    """The reference names no fields of a link preview; these are the usual ones."""
    return {"url": preview.url, "title": preview.title, "description": preview.description, "imageUrl": ""}
