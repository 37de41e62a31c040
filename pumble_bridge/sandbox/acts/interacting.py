"""Clicks in messages, Home tabs and modals; submitting and closing modals; dynamic menus."""

from typing import Any

from pumble_bridge.sandbox import blocks, home, visibility
from pumble_bridge.sandbox.acts import screen, state
from pumble_bridge.sandbox.acts.act import Act
from pumble_bridge.sandbox.ephemerals import STORE
from pumble_bridge.sandbox.errors import ActRefused
from pumble_bridge.sandbox.hooks import answers, triggers
from pumble_bridge.sandbox.hooks.triggers import Actor
from pumble_bridge.sandbox.modals import STACKS, Modal
from pumble_bridge.sandbox.models import App, Channel, Installation, Message, Person

GONE = "this is not on the screen any more"


def click(act: Act) -> dict[str, Any]:
    """`values` is what stands in the inputs around the element, in the form that submit takes."""
    person = act.person()
    source, (app, channel, shown, view) = _source(person, act.value("source"))
    element = blocks.find_element(shown, act.text("onAction"))
    if element is None:
        raise ActRefused("there is nothing to act on under this onAction", 404)
    if act.value("confirm") is not False:
        value = state.checked(element, act.value("value"))
        if view is not None and act.value("values") is not None:
            state.merge(view, act.value("values"))
        triggers.click(Actor(person, channel), app, source, element, value, view)
    return {"screen": screen.of(person, channel)}


def submit(act: Act) -> dict[str, Any]:
    """The submit button of a modal. Ack closes it, OPEN replaces it, anything else leaves it as it stands."""
    person = act.person()
    modal, app, actor = _modal(person, act.text("viewId"))
    state.fill(modal.view, act.value("values") or {})
    answer = triggers.view_action(actor, modal, app, "SUBMIT")
    if isinstance(answer, answers.Ack):
        STACKS.close(person.id, modal.id)
    elif isinstance(answer, answers.ViewAnswer):
        if answer.action == "UPDATE":
            STACKS.update(person.id, str(answer.view.get("id", modal.id)), answer.view)
        else:
            STACKS.replace(person.id, modal.id, answer.view)
    return {"screen": screen.of(person, actor.channel)}


def close(act: Act) -> dict[str, Any]:
    """Dismiss a modal; the app hears of it where it asked to, and may open another."""
    person = act.person()
    modal, app, actor = _modal(person, act.text("viewId"))
    STACKS.close(person.id, modal.id)
    if modal.view.get("notifyOnClose") is True:
        answer = triggers.view_action(actor, modal, app, "CLOSE")
        if isinstance(answer, answers.ViewAnswer):
            triggers.show(actor, app, answer, None)
    return {"screen": screen.of(person, actor.channel)}


def menu(act: Act) -> dict[str, Any]:
    """The options of a dynamic menu: in the modal `viewId`, or in any `source` as of a click. `value` is what is chosen."""
    person = act.person()
    wanted = act.value("source") or {"type": "MODAL", "id": act.text("viewId")}
    source, (app, channel, _, view) = _source(person, wanted)
    chosen = act.text("value", "") or None
    actor = Actor(person, channel)
    options = triggers.menu(actor, app, source, act.text("onAction"), act.text("query", ""), chosen, view)
    return {"options": options}


Found = tuple[App, Channel, list[Any], dict[str, Any] | None]


def _source(person: Person, source: object) -> tuple[tuple[str, str], Found]:
    """The wire's sourceType and sourceId of `{type, id}`, and what stands there."""
    if not isinstance(source, dict) or not isinstance(source.get("id"), str):
        raise ActRefused("source must be {type, id}")
    finders = {
        "MESSAGE": _in_message,
        "EPHEMERAL_MESSAGE": _in_ephemeral,
        "HOME": _in_home,
        "MODAL": _in_modal,
    }
    kind = str(source.get("type"))
    finder = finders.get(kind)
    if finder is None:
        raise ActRefused(f"source.type is one of {', '.join(finders)}")
    found = finder(person, source["id"])
    return (kind if found[3] is None else "VIEW", source["id"]), found


def _in_message(person: Person, message_id: str) -> Found:
    seen = visibility.channels_of(person)
    message = Message.objects.select_related("channel").filter(pk=message_id, channel__in=seen).first()
    if message is None or not message.author_app_id:
        raise ActRefused(GONE, 404)
    return _app(person, message.author_app_id), message.channel, message.blocks, None


def _in_ephemeral(person: Person, message_id: str) -> Found:
    found = STORE.get(message_id)
    if found is None or person.id not in found.users or not found.app_id:
        raise ActRefused(GONE, 404)
    return _app(person, found.app_id), Channel.objects.get(pk=found.channel_id), found.message["blocks"], None


def _in_home(person: Person, view_id: str) -> Found:
    for installation in Installation.objects.filter(
        workspace_id=person.workspace_id, active=True
    ).select_related("app"):
        if home.home_id(installation.app, person) == view_id:
            view = home.view_of(installation.app, person)
            channel = home.direct_channel(installation.app, person)
            if view is not None and channel is not None:
                return installation.app, channel, view["blocks"], view
    raise ActRefused(GONE, 404)


def _in_modal(person: Person, view_id: str) -> Found:
    modal, app, actor = _modal(person, view_id)
    return app, actor.channel, modal.view["blocks"], modal.view


def _modal(person: Person, view_id: str) -> tuple[Modal, App, Actor]:
    modal = STACKS.find(person.id, view_id)
    if modal is None:
        raise ActRefused(GONE, 404)
    return modal, _app(person, modal.app_id), Actor(person, Channel.objects.get(pk=modal.channel_id))


def _app(person: Person, app_id: str) -> App:
    """The app, while it is installed in the person's workspace."""
    rows = Installation.objects.filter(app_id=app_id, workspace_id=person.workspace_id, active=True)
    installation = rows.select_related("app").first()
    if installation is None:
        raise ActRefused("the app is not installed", 409)
    return installation.app
