"""Builds the rows of the seed, always with the same ids."""

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
from sandbox.seed.definitions import SeedChannel, SeedHistory, SeedPerson, SeedWorkspace
from sandbox.seed.history import ACME_HISTORY
from sandbox.seed.rows import (
    MODELS,
    IdSequence,
    RowsByModel,
    SeedContext,
    add_channel,
    add_messages,
    parse_time,
)
from sandbox.seed.workspaces import ACME, GLOBEX

WORKSPACES = (ACME, GLOBEX)
HISTORIES = (ACME_HISTORY,)
NAME = "API"
# Ids have running numbers, so a new line in a workspace changes the ids after it. Histories have their own numbers.
WORKSPACE_PROCESS, HISTORY_PROCESS = "5eed5eed5e", "5eed5eed5f"


def build_rows() -> dict[type[Model], list[Model]]:
    """Return all rows, in an order in which they can be inserted."""
    rows: RowsByModel = {kind: [] for kind in MODELS}
    app = App(
        id=app_registry.API_APP["id"],
        app_key=app_registry.API_APP["appKey"],
        client_secret=app_registry.API_APP["clientSecret"],
        signing_secret=app_registry.API_APP["signingSecret"],
        manifest_url=app_registry.api_app_manifest_url(),
        fallback_name=NAME,
    )
    rows[App].append(app)
    ids = IdSequence(WORKSPACE_PROCESS)
    contexts = {workspace.name: _build_workspace(workspace, app, ids, rows) for workspace in WORKSPACES}
    ids = IdSequence(HISTORY_PROCESS)
    for history in HISTORIES:
        _build_history(history, contexts[history.workspace], ids, rows)
    return rows


def _build_workspace(definition: SeedWorkspace, app: App, ids: IdSequence, rows: RowsByModel) -> SeedContext:
    created_at = parse_time(definition.created_at)
    workspace = Workspace(id=ids.at(created_at), name=definition.name)
    rows[Workspace].append(workspace)
    context = SeedContext(workspace)
    for number, person in enumerate(definition.people):
        context.people[person.key] = _person(person, created_at + 3600 * number, context, ids)
    channels = [
        *definition.channels,
        *(SeedChannel(f"{person.key}-self", "SELF", person.key) for person in definition.people),
    ]
    if definition.installed_by:
        _install(definition, app, ids, context, rows)
        channels += [
            SeedChannel(f"{person.key}-bot", "DIRECT", f"{person.key} bot") for person in definition.people
        ]
    rows[Person].extend(context.people.values())
    for number, channel in enumerate(channels):
        opened = (
            created_at + 60 * number
            if "bot" not in channel.key
            else parse_time(definition.installed_at) + number
        )
        add_messages(channel.messages, add_channel(channel, opened, context, ids, rows), context, ids, rows)
    return context


def _person(person: SeedPerson, joined: int, context: SeedContext, ids: IdSequence) -> Person:
    return Person(
        id=ids.at(joined),
        workspace=context.workspace,
        name=person.name,
        email="" if person.pumble_bot else f"{person.key}@{context.workspace.name.lower()}.test",
        role=person.role,
        status=person.status,
        title=person.title,
        invited_by_id=context.founder.id if context.people and not person.pumble_bot else "",
        is_pumble_bot=person.pumble_bot,
    )


def _install(
    definition: SeedWorkspace, app: App, ids: IdSequence, context: SeedContext, rows: RowsByModel
) -> None:
    at, people = parse_time(definition.installed_at), context.people
    people["bot"] = Person(id=ids.at(at), workspace=context.workspace, app=app, name=NAME)
    installation = Installation(
        id=ids.at(at),
        app=app,
        workspace=context.workspace,
        installed_by_id=people[definition.installed_by].id,
        bot=people["bot"],
        bot_scopes=list(SCOPES),
    )
    installation.bot_token = installation.current_bot_token()
    rows[Installation].append(installation)
    for key in definition.authorized_by.split():
        authorization = Authorization(id=ids.at(at), app=app, person=people[key], scopes=list(SCOPES))
        authorization.token = authorization.current_token()
        rows[Authorization].append(authorization)


def _build_history(history: SeedHistory, context: SeedContext, ids: IdSequence, rows: RowsByModel) -> None:
    for person in history.people:
        context.people[person.key] = _person(person, parse_time(person.joined), context, ids)
        rows[Person].append(context.people[person.key])
    for key, (code, status) in history.statuses.items():
        context.people[key].custom_status = {
            "code": code,
            "status": status,
            "expiration": "never",
            "expiresAt": 0,
            "showUntil": False,
        }
    for channel in history.channels:
        add_channel(channel, parse_time(channel.messages[0].at) - 60, context, ids, rows)
    for key, messages in (
        history.messages | {channel.key: channel.messages for channel in history.channels}
    ).items():
        add_messages(messages, context.channels[key], context, ids, rows)
    rows[UserGroup].extend(
        UserGroup(
            id=ids.at(parse_time(history.since)),
            workspace=context.workspace,
            created_by_id=context.people[group.creator].id,
            name=group.name,
            handle=group.handle,
            description=group.description,
            disabled=group.disabled,
            member_ids=[context.people[key].id for key in group.members.split()],
        )
        for group in history.groups
    )
    rows[ScheduledMessage].extend(
        ScheduledMessage(
            id=ids.at(parse_time(history.since)),
            author=context.people[scheduled.author],
            channel=context.channels[scheduled.channel],
            text=scheduled.text,
            blocks=blocks.from_text(scheduled.text),
            send_at_ms=parse_time(scheduled.at) * 1000,
            recurrence={"recurrenceType": scheduled.recurrence, "endAfterOccurrences": None, "endDate": None}
            if scheduled.recurrence
            else None,
        )
        for scheduled in history.scheduled
    )
