"""Turns the written-down workspaces into rows, with the same ids every time."""

from django.db.models import Model

from sandbox import app_registry, blocks
from sandbox.manifest import SCOPES
from sandbox.models import (
    App,
    Authorization,
    Installation,
    Person,
    ScheduledMessage,
    UserGroup,
    Workspace,
)
from sandbox.seed.definitions import History, Human, Room, World
from sandbox.seed.history import ACME_HISTORY
from sandbox.seed.rows import KINDS, Cast, Ids, Made, open_room, seconds_of, talk
from sandbox.seed.workspaces import ACME, GLOBEX

WORLDS = (ACME, GLOBEX)
HISTORIES = (ACME_HISTORY,)
NAME = "API"
# Ids are numbered through, so a line added to a world changes those after it; histories have numbers of their own.
WORLD_PROCESS, HISTORY_PROCESS = "5eed5eed5e", "5eed5eed5f"


def rows() -> dict[type[Model], list[Model]]:
    """All rows, in an order in which they can be inserted."""
    made: Made = {kind: [] for kind in KINDS}
    app = App(
        id=app_registry.API_APP["id"],
        app_key=app_registry.API_APP["appKey"],
        client_secret=app_registry.API_APP["clientSecret"],
        signing_secret=app_registry.API_APP["signingSecret"],
        manifest_url=app_registry.home_manifest_url(),
        fallback_name=NAME,
    )
    made[App].append(app)
    ids = Ids(WORLD_PROCESS)
    casts = {world.name: _build(world, app, ids, made) for world in WORLDS}
    ids = Ids(HISTORY_PROCESS)
    for history in HISTORIES:
        _live_through(history, casts[history.world], ids, made)
    return made


def _build(world: World, app: App, ids: Ids, made: Made) -> Cast:
    founded = seconds_of(world.founded)
    workspace = Workspace(id=ids.at(founded), name=world.name)
    made[Workspace].append(workspace)
    cast = Cast(workspace)
    for number, human in enumerate(world.humans):
        cast.people[human.key] = _person(human, founded + 3600 * number, cast, ids)
    rooms = [*world.rooms, *(Room(f"{human.key}-self", "SELF", human.key) for human in world.humans)]
    if world.installed_by:
        _install(world, app, ids, cast, made)
        rooms += [Room(f"{human.key}-bot", "DIRECT", f"{human.key} bot") for human in world.humans]
    made[Person].extend(cast.people.values())
    for number, room in enumerate(rooms):
        opened = founded + 60 * number if "bot" not in room.key else seconds_of(world.installed_at) + number
        talk(room.said, open_room(room, opened, cast, ids, made), cast, ids, made)
    return cast


def _person(human: Human, joined: int, cast: Cast, ids: Ids) -> Person:
    return Person(
        id=ids.at(joined),
        workspace=cast.workspace,
        name=human.name,
        email="" if human.pumble_bot else f"{human.key}@{cast.workspace.name.lower()}.test",
        role=human.role,
        status=human.status,
        title=human.title,
        invited_by_id=cast.founder.id if cast.people and not human.pumble_bot else "",
        is_pumble_bot=human.pumble_bot,
    )


def _install(world: World, app: App, ids: Ids, cast: Cast, made: Made) -> None:
    at, people = seconds_of(world.installed_at), cast.people
    people["bot"] = Person(id=ids.at(at), workspace=cast.workspace, app=app, name=NAME)
    installation = Installation(
        id=ids.at(at),
        app=app,
        workspace=cast.workspace,
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


def _live_through(history: History, cast: Cast, ids: Ids, made: Made) -> None:
    for human in history.humans:
        cast.people[human.key] = _person(human, seconds_of(human.joined), cast, ids)
        made[Person].append(cast.people[human.key])
    for key, (code, status) in history.statuses.items():
        cast.people[key].custom_status = {
            "code": code,
            "status": status,
            "expiration": "never",
            "expiresAt": 0,
            "showUntil": False,
        }
    for room in history.rooms:
        open_room(room, seconds_of(room.said[0].at) - 60, cast, ids, made)
    for key, said in (history.said | {room.key: room.said for room in history.rooms}).items():
        talk(said, cast.channels[key], cast, ids, made)
    made[UserGroup].extend(
        UserGroup(
            id=ids.at(seconds_of(history.since)),
            workspace=cast.workspace,
            created_by_id=cast.people[group.creator].id,
            name=group.name,
            handle=group.handle,
            description=group.description,
            disabled=group.disabled,
            member_ids=[cast.people[key].id for key in group.members.split()],
        )
        for group in history.groups
    )
    made[ScheduledMessage].extend(
        ScheduledMessage(
            id=ids.at(seconds_of(history.since)),
            author=cast.people[later.who],
            channel=cast.channels[later.room],
            text=later.text,
            blocks=blocks.from_text(later.text),
            send_at_ms=seconds_of(later.at) * 1000,
            recurrence={"recurrenceType": later.recurs, "endAfterOccurrences": None, "endDate": None}
            if later.recurs
            else None,
        )
        for later in history.later
    )
