"""Triggers: a person did something that an app must answer now. Source: Pumble app platform reference, 3.4 to 3.8."""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sandbox import app_registry, blocks, home_tab, messages, modals, spinners
from sandbox.exceptions import ActError
from sandbox.hooks import delivery, responses
from sandbox.manifest import Manifest
from sandbox.modals import MODALS, Modal
from sandbox.models import App, Channel, Installation, Message, Person
from sandbox.spinners import SPINNERS, Spinner

OFFLINE = "{name} is not responding right now. Please try again in a moment."
UNKNOWN_COMMAND = "{command} is not a valid command. Apps add commands; see + Add apps."
HOME_KEYS = ("blocks", "title", "state")
TOO_MANY_MODALS = "No more than three windows can be open on top of each other."


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts, and the channel in which answers appear."""

    person: Person
    channel: Channel

    def payload_fields(self) -> dict[str, Any]:
        return {
            "userId": self.person.id,
            "channelId": self.channel.id,
            "workspaceId": self.person.workspace_id,
            "triggerId": secrets.token_hex(12),
        }


@dataclass(frozen=True, slots=True)
class Source:
    """Where an element is, with the names of the protocol. Only VIEW has a `view`."""

    type: str
    id: str
    view: dict[str, Any] | None = None

    def payload_fields(self) -> dict[str, Any]:
        payload_fields: dict[str, Any] = {"sourceType": self.type, "sourceId": self.id}
        return payload_fields if self.view is None else payload_fields | {"view": self.view}


def slash_command(actor: Actor, line: str, root: Message | None) -> None:
    """Send `/command text` to the app that has the command. If no app has it, Pumble itself answers."""
    command, *rest = line.split(maxsplit=1)
    text = rest[0].strip() if rest else ""
    deadline = delivery.new_deadline()
    unreachable_app: App | None = None
    for installation in _installed(actor.person):
        manifest = app_registry.get_manifest(installation.app, deadline)
        if manifest is None:
            unreachable_app = unreachable_app or installation.app
            continue
        url = manifest.command_url(command)
        if url is not None:
            payload = {
                "messageType": "SLASH_COMMAND",
                "slashCommand": command,
                "text": text,
                "blocks": blocks.from_text(text),
                **actor.payload_fields(),
            }
            if root is not None:
                payload["threadRootId"] = root.id
            _trigger(actor, installation.app, url, payload, deadline)
            return
    if unreachable_app is not None:
        # The commands of an app that was never reached are unknown, so this could be one of them.
        _send_offline_message(actor, unreachable_app, None)
    else:
        messages.send_ephemeral_from_pumble(
            actor.channel, actor.person.id, UNKNOWN_COMMAND.format(command=command[:64])
        )


def shortcut(
    actor: Actor, name: str, message: Message | None, *, root: Message | None = None, app_id: str = ""
) -> None:
    """Run a global shortcut (in a thread: with its `root`), or a shortcut on a message.

    Args:
        app_id: the app whose shortcut it is; empty for the first app that has it.

    Raises:
        ActError: no installed app has it.
    """
    kind = "ON_MESSAGE" if message else "GLOBAL"
    deadline = delivery.new_deadline()
    for installation in _installed(actor.person):
        if app_id not in {"", installation.app_id}:
            continue
        manifest = app_registry.get_manifest(installation.app, deadline)
        url = manifest.shortcut_url(kind, name) if manifest else None
        if url:
            payload = {"messageType": "SHORTCUT", "type": kind, "shortcut": name, **actor.payload_fields()}
            if message:
                payload["messageId"] = message.id
            elif root:
                payload["threadRootId"] = root.id
            _trigger(actor, installation.app, url, payload, deadline)
            return
    raise ActError("no installed app has a shortcut with this name", 404)


def block_interaction(actor: Actor, app: App, source: Source, element: dict[str, Any], value: object) -> None:
    """Send a block interaction, and start the spinner of the element if it has one."""
    deadline = delivery.new_deadline()
    manifest = app_registry.get_manifest(app, deadline)
    kind = str(element.get("type", ""))
    timeout = spinners.loading_seconds(element)
    payload = {
        "messageType": "BLOCK_INTERACTION",
        **source.payload_fields(),
        "actionType": blocks.ACTION_TYPES.get(kind, kind.upper()),
        "onAction": element["onAction"],
        "payload": json.dumps({"values" if isinstance(value, list) else "value": value}),
        "loadingTimeout": timeout,
        **actor.payload_fields(),
    }
    if timeout:
        ends = time.monotonic() + timeout
        SPINNERS.start(
            Spinner(
                payload["triggerId"],
                app.id,
                actor.person.id,
                source.type,
                source.id,
                element["onAction"],
                ends,
            )
        )
    answer = _trigger(actor, app, manifest.interaction_url if manifest else "", payload, deadline)
    if isinstance(answer, responses.Nack | responses.Unavailable):
        SPINNERS.complete(app.id, source.type, source.id, payload["triggerId"])


def view_action(actor: Actor, modal: Modal, app: App, kind: str) -> responses.HookResponse:
    """Send SUBMIT or CLOSE of a modal. The caller applies the answer to the modal."""
    deadline = delivery.new_deadline()
    manifest = app_registry.get_manifest(app, deadline)
    payload = {
        "messageType": "VIEW_ACTION",
        "viewActionType": kind,
        "view": modal.view,
        **actor.payload_fields(),
    }
    return _send(actor, app, manifest, manifest.view_url if manifest else "", payload, deadline)


def menu_options(
    actor: Actor, app: App, source: Source, element: dict[str, Any], query: str, chosen: object
) -> list[Any]:
    """Return the options of a dynamic menu, or none without a valid answer. `chosen` is the current value."""
    deadline = delivery.new_deadline()
    manifest = app_registry.get_manifest(app, deadline)
    url = manifest.menu_url(element["onAction"]) if manifest else None
    if not url:
        raise ActError("the app has no such dynamic menu", 404)
    payload = {
        "messageType": "DYNAMIC_MENU",
        "onAction": element["onAction"],
        "query": query,
        **source.payload_fields(),
        **{name: value for name, value in actor.payload_fields().items() if name != "channelId"},
    }
    if chosen and isinstance(chosen, str):
        payload["value"] = chosen
    answer = _send(actor, app, manifest, url, payload, deadline)
    return answer.options if isinstance(answer, responses.MenuOptions) else []


def _installed(person: Person) -> list[Installation]:
    rows = Installation.objects.filter(workspace_id=person.workspace_id, active=True)
    return list(rows.select_related("app").order_by("app_id"))


def _trigger(
    actor: Actor, app: App, url: str, payload: dict[str, Any], deadline: float
) -> responses.HookResponse:  # fmt: skip
    answer = _send(actor, app, app_registry.get_manifest(app, deadline), url, payload, deadline)
    if isinstance(answer, responses.ViewResponse):
        show_view(
            actor, app, answer, payload.get("sourceId") if payload.get("sourceType") == "VIEW" else None
        )
    return answer


def _send(
    actor: Actor, app: App, manifest: Manifest | None, url: str, payload: dict[str, Any], deadline: float
) -> responses.HookResponse:  # fmt: skip
    """Send the hook and show the person a nack's message, or that the app is unavailable."""
    answer = (
        delivery.send(app, url, payload, deadline)
        if url
        else responses.Unavailable("no address in the manifest")
    )
    if isinstance(answer, responses.Nack):
        _send_ephemeral(actor, app, answer.message)
    elif isinstance(answer, responses.Unavailable):
        _send_offline_message(actor, app, manifest)
    return answer


def show_view(actor: Actor, app: App, answer: responses.ViewResponse, source_id: str | None) -> None:
    """Show a view. OPEN, and PUSH from a Home tab, open a modal alone."""
    person_id = actor.person.id
    is_on_modal = source_id is not None and MODALS.find(person_id, source_id) is not None
    if answer.action == "UPDATE":
        view_id = str(answer.view.get("id") or source_id)
        if view_id == home_tab.view_id_for(app, actor.person):
            home_tab.publish(
                app, actor.person, {key: answer.view[key] for key in HOME_KEYS if key in answer.view}
            )
        else:
            MODALS.update(person_id, app.id, view_id, answer.view)
    elif answer.action == "PUSH" and is_on_modal:
        try:
            MODALS.push(person_id, app.id, actor.channel.id, {"parentViewId": source_id, **answer.view})
        except modals.TooManyModals:
            _send_ephemeral(actor, app, TOO_MANY_MODALS)
    else:
        MODALS.open(person_id, app.id, actor.channel.id, answer.view)


def _send_offline_message(actor: Actor, app: App, manifest: Manifest | None) -> None:
    text = manifest.offline_message if manifest else ""
    _send_ephemeral(actor, app, text or OFFLINE.format(name=app_registry.display_name(app)))


def _send_ephemeral(actor: Actor, app: App, text: str) -> None:
    bot = Person.objects.filter(app=app, workspace_id=actor.person.workspace_id).first()
    messages.send_ephemeral_from_pumble(
        actor.channel, actor.person.id, text, app_id=app.id, author_id=bot.id if bot else "", refusal=True
    )
