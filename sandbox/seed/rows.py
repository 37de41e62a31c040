"""The rows of the seed while they are made, and the parts that worlds and their histories share."""

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
from sandbox.seed.definitions import Attached, Preview, Room, Said

# In an order in which they can be inserted.
KINDS: tuple[type[Model], ...] = (
    App, Workspace, Person, UserGroup, Installation, Authorization, Channel, Membership, Message, Reaction, Pin,
    ScheduledMessage,
)  # fmt: skip
Made = dict[type[Model], list[Any]]
_MENTION = re.compile(r"(?<!\S)([@#])([\w-]*\w)")


class Ids:
    """Ids with the time of what they name and one running number, so that order is age as everywhere."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._count = 0

    def at(self, seconds: int) -> str:
        self._count += 1
        return f"{seconds:08x}{self._process}{self._count:06x}"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what of a workspace stands already, by key; the founder comes first."""

    workspace: Workspace
    people: dict[str, Person] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    @property
    def founder(self) -> Person:
        return next(iter(self.people.values()))

    def mentioning(self, text: str) -> str:
        """The text with `@key` and `#key` of these people and channels as mentions."""

        def mention(found: re.Match[str]) -> str:
            sign, key = found.groups()
            known: dict[str, Any] = self.people if sign == "@" else self.channels
            return f"<<{sign}{known[key].id}>>" if key in known else found[0]

        return _MENTION.sub(mention, text)


def seconds_of(written: str) -> int:
    return int(datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())


def open_room(room: Room, opened: int, cast: Cast, ids: Ids, made: Made) -> Channel:
    """The channel with its members, empty."""
    channel = Channel(
        id=ids.at(opened),
        workspace=cast.workspace,
        channel_type=room.kind,
        name=room.name,
        description=room.description,
        creator_id=cast.founder.id,
        created_ms=opened * 1000,
        is_main=room.main,
        archived_by_id=cast.founder.id if room.archived else "",
    )
    cast.channels[room.key] = channel
    made[Channel].append(channel)
    made[Membership].extend(
        Membership(channel=channel, person=cast.people[key], is_hidden=key in room.hidden_for.split())
        for key in room.members.split()
    )
    return channel


def talk(said: tuple[Said, ...], channel: Channel, cast: Cast, ids: Ids, made: Made) -> None:
    people = cast.people
    for one in said:
        at = seconds_of(one.at)
        root = _message(ids, at, channel, people[one.who], cast.mentioning(one.text), None)
        root.edited = one.edited
        if one.attached:
            root.files = [_file(one.attached, ids.at(at), root)]
        if one.preview:
            root.link_previews = [_preview(one.preview)]
        made[Message].append(root)
        for number, (who, text) in enumerate(one.replies, start=1):
            reply = _message(ids, at + 60 * number, channel, people[who], cast.mentioning(text), root)
            made[Message].append(reply)
        for code, keys in one.reactions.items():
            made[Reaction].extend(
                Reaction(message=root, person=people[key], code=code) for key in keys.split()
            )
        if one.pinned_by:
            made[Pin].append(Pin(message=root, person=people[one.pinned_by]))


def _message(ids: Ids, at: int, channel: Channel, author: Person, text: str, root: Message | None) -> Message:
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


def _file(attached: Attached, file_id: str, message: Message) -> dict[str, Any]:
    """Source: Pumble app platform reference, 5.5 (MessageFile)."""
    path = f"https://files.pumble.test/{file_id}/{attached.name}"
    is_image = attached.mime_type.startswith("image/")
    return {
        "id": file_id,
        "owner": message.author_id,
        "name": attached.name,
        "mimeType": attached.mime_type,
        "path": path,
        "thumbnails": [{"path": f"{path}?width=360", "width": 360, "height": 240}] if is_image else [],
        "duration": 0,
        "size": attached.size,
        "audioRecording": False,
        "videoRecording": False,
        "waveform": [],
        "uploadedAtMilli": message.sent_ms,
        "publicPath": "",
    }


def _preview(preview: Preview) -> dict[str, Any]:
    """The platform reference names no fields of a link preview; these are the ones that any has."""
    return {"url": preview.url, "title": preview.title, "description": preview.description, "imageUrl": ""}
