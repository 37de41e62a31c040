"""Turns the written-down workspaces into rows, with the same ids every time."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from pumble_bridge.sandbox import blocks, registry
from pumble_bridge.sandbox.manifest import SCOPES
from pumble_bridge.sandbox.models import (
    App,
    Authorization,
    Channel,
    Installation,
    Membership,
    Message,
    Person,
    Reaction,
    Workspace,
)
from pumble_bridge.sandbox.seed.acme import ACME
from pumble_bridge.sandbox.seed.credentials import API_APP
from pumble_bridge.sandbox.seed.globex import GLOBEX
from pumble_bridge.sandbox.seed.world import Room, World

WORLDS = (ACME, GLOBEX)
NAME = "API"
SEED_PROCESS = "5eed5eed5e"


class Ids:
    """Ids with the time of what they name and one running number, so that order is age as everywhere."""

    def __init__(self) -> None:
        self._count = 0

    def at(self, seconds: int) -> str:
        self._count += 1
        return f"{seconds:08x}{SEED_PROCESS}{self._count:06x}"


def seconds_of(written: str) -> int:
    return int(datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())


def rows() -> dict[type[Model], list[Any]]:
    """All rows, in an order in which they can be inserted."""
    made: dict[type[Model], list[Any]] = {
        kind: []
        for kind in (App, Workspace, Person, Installation, Authorization, Channel, Membership, Message, Reaction)
    }  # fmt: skip
    app = App(
        id=API_APP["id"],
        app_key=API_APP["appKey"],
        client_secret=API_APP["clientSecret"],
        signing_secret=API_APP["signingSecret"],
        manifest_url=registry.home_manifest_url(),
        fallback_name=NAME,
    )
    made[App].append(app)
    ids = Ids()
    for world in WORLDS:
        _build(world, app, ids, made)
    return made


def _build(world: World, app: App, ids: Ids, made: dict[type[Model], list[Any]]) -> None:
    founded = seconds_of(world.founded)
    workspace = Workspace(id=ids.at(founded), name=world.name)
    made[Workspace].append(workspace)
    people: dict[str, Person] = {}
    for number, human in enumerate(world.humans):
        people[human.key] = Person(
            id=ids.at(founded + 3600 * number),
            workspace=workspace,
            name=human.name,
            email=f"{human.key}@{world.name.lower()}.test",
            role=human.role,
            status=human.status,
            title=human.title,
            invited_by_id=people[world.humans[0].key].id if number else "",
        )
    rooms = [*world.rooms, *(Room(f"{human.key}-self", "SELF", human.key) for human in world.humans)]
    if world.installed_by:
        _install(world, app, ids, workspace, people, made)
        rooms += [Room(f"{human.key}-bot", "DIRECT", f"{human.key} bot") for human in world.humans]
    made[Person].extend(people.values())
    founder = people[world.humans[0].key]
    for number, room in enumerate(rooms):
        opened = founded + 60 * number if "bot" not in room.key else seconds_of(world.installed_at) + number
        channel = Channel(
            id=ids.at(opened),
            workspace=workspace,
            channel_type=room.kind,
            name=room.name,
            description=room.description,
            creator_id=founder.id,
            created_ms=opened * 1000,
            is_main=room.main,
            archived_by_id=founder.id if room.archived else "",
        )
        made[Channel].append(channel)
        made[Membership].extend(
            Membership(channel=channel, person=people[key]) for key in room.members.split()
        )
        _talk(room, channel, people, ids, made)


def _install(
    world: World, app: App, ids: Ids, workspace: Workspace, people: dict[str, Person], made: dict[type[Model], list[Any]]
) -> None:  # fmt: skip
    at = seconds_of(world.installed_at)
    people["bot"] = Person(id=ids.at(at), workspace=workspace, app=app, name=NAME)
    installation = Installation(
        id=ids.at(at),
        app=app,
        workspace=workspace,
        installed_by_id=people[world.installed_by].id,
        bot=people["bot"],
        bot_scopes=list(SCOPES),
    )
    installation.bot_token = installation.current_bot_token()
    made[Installation].append(installation)
    for key in world.authorized_by.split():
        authorization = Authorization(id=ids.at(at), app=app, person=people[key], scopes=list(SCOPES))
        authorization.token = authorization.current_token()
        made[Authorization].append(authorization)


def _talk(
    room: Room, channel: Channel, people: dict[str, Person], ids: Ids, made: dict[type[Model], list[Any]]
) -> None:
    for said in room.said:
        at = seconds_of(said.at)
        root = _message(ids, at, channel, people[said.who], said.text, None)
        made[Message].append(root)
        for number, (who, text) in enumerate(said.replies, start=1):
            made[Message].append(_message(ids, at + 60 * number, channel, people[who], text, root))
        for code, keys in said.reactions.items():
            made[Reaction].extend(
                Reaction(message=root, person=people[key], code=code) for key in keys.split()
            )


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
