"""Clicks in messages, Home tabs and modals; submitting and closing modals; dynamic menus."""

import logging
from dataclasses import dataclass
from typing import Any

from sandbox import blocks, channels, home_tab, view_state
from sandbox.acts import screen
from sandbox.acts.endpoint import Act
from sandbox.ephemerals import STORE
from sandbox.exceptions import ActRefused
from sandbox.hooks import responses, triggers
from sandbox.hooks.triggers import Actor, Source
from sandbox.modals import STACKS, Modal
from sandbox.models import App, Channel, Installation, Message, Person

logger = logging.getLogger(__name__)
GONE = "this is not on the screen any more"


def click(act: Act) -> dict[str, Any]:
    """`values` is what stands in the inputs around the element, in the form that submit takes. `opens` in the answer
    is the address that a button with a `url` opens in the browser, beside its hook; else null.
    """
    person = act.person()
    place = _place(person, act.value("source"))
    block_id, element = place.element(act.text("onAction"))
    url = element.get("url")
    opens = url if isinstance(url, str) and url.startswith(("http://", "https://")) else None
    # The app learns nothing of a confirm dialog that was denied.
    if act.value("confirm") is False:
        return {"screen": screen.of(person, place.channel), "opens": None}
    value = _value(place, block_id, element, act.value("value"))
    if place.source.view is not None:
        if act.value("values") is not None:
            view_state.merge(place.source.view, act.value("values"))
        if block_id:
            view_state.merge(place.source.view, {block_id: {element["onAction"]: value}})
    triggers.click(Actor(person, place.channel), place.app, place.source, element, value)
    return {"screen": screen.of(person, place.channel), "opens": opens}


def submit(act: Act) -> dict[str, Any]:
    """The submit button of a modal. Ack closes it and reveals what it stood on (whether real Pumble closes the whole
    stack is open: reference, 9, row 2), OPEN replaces it, a nack leaves it.
    """
    person = act.person()
    modal, app, actor = _modal(person, act.text("viewId"))
    # Without inputs there is a submit button only where the view names one (reference, 9, row 1).
    if not modal.view.get("submit") and not any(blocks.input_blocks(modal.view.get("blocks"))):
        raise ActRefused("there is no submit button here", 409)
    view_state.fill(modal.view, act.value("values") or {})
    answer = triggers.view_action(actor, modal, app, "SUBMIT")
    if isinstance(answer, responses.Ack):
        STACKS.close(person.id, modal.id)
    elif isinstance(answer, responses.ViewAnswer) and answer.action == "OPEN":
        STACKS.replace(person.id, modal.id, answer.view)
    elif isinstance(answer, responses.ViewAnswer):
        # The SDK offers neither here; whether Pumble takes them is open (reference, 9, row 10).
        logger.warning("submit.answered action=%s app=%s: an app had better use OPEN", answer.action, app.id)
        triggers.show(actor, app, answer, modal.id)
    return {"screen": screen.of(person, actor.channel)}


def close(act: Act) -> dict[str, Any]:
    """Dismiss a modal; the app hears of it where it asked to, and may open another."""
    person = act.person()
    modal, app, actor = _modal(person, act.text("viewId"))
    STACKS.close(person.id, modal.id)
    if modal.view.get("notifyOnClose") is True:
        answer = triggers.view_action(actor, modal, app, "CLOSE")
        if isinstance(answer, responses.ViewAnswer):
            beneath = STACKS.of(person.id)
            if beneath and answer.action == "OPEN":
                # Opened in the place of the one that was closed: what that stood on stays.
                answer = responses.ViewAnswer("PUSH", answer.view)
            triggers.show(actor, app, answer, beneath[-1].id if beneath else None)
    return {"screen": screen.of(person, actor.channel)}


def menu(act: Act) -> dict[str, Any]:
    """A dynamic menu is opened (an empty `query`), or typed into. It stands in the view `viewId`, or in a `source` as
    of a click. Below its `min_query_length` it asks for nothing.
    """
    person = act.person()
    source = act.value("source")
    if source is None:
        view_id = act.text("viewId")
        source = {"type": "MODAL" if STACKS.find(person.id, view_id) else "HOME", "id": view_id}
    place = _place(person, source)
    block_id, element = place.element(act.text("onAction"))
    if element.get("type") != "dynamic_select_menu":
        raise ActRefused("this is no dynamic menu")
    query, least = act.text("query", ""), element.get("min_query_length")
    if isinstance(least, int) and len(query) < least:
        return {"options": []}
    chosen = view_state.current(place.source.view, block_id, element) or element.get("value")
    actor = Actor(person, place.channel)
    return {"options": triggers.menu(actor, place.app, place.source, element, query, chosen)}


@dataclass(frozen=True, slots=True)
class Place:
    """What a person acts in: whose it is, where it is shown, and its blocks."""

    app: App
    channel: Channel
    blocks: list[Any]
    source: Source

    def element(self, on_action: str) -> tuple[str, dict[str, Any]]:
        found = blocks.find_element(self.blocks, on_action)
        if found is None:
            raise ActRefused("there is nothing to act on under this onAction", 404)
        return found


def _value(place: Place, block_id: str, element: dict[str, Any], given: object) -> Any:
    """What the element gives: a button its own value, any other what was chosen, else what it holds already."""
    chosen = view_state.checked(element, given)
    if element["type"] == "button":
        return element.get("value") or ""
    if chosen is not None:
        return chosen
    nothing: object = [] if element["type"] in blocks.LIST_VALUED else ""
    return view_state.current(place.source.view, block_id, element) or nothing


def _place(person: Person, source: object) -> Place:
    if not isinstance(source, dict) or not isinstance(source.get("id"), str):
        raise ActRefused("source must be {type, id}")
    finders = {
        "MESSAGE": _in_message,
        "EPHEMERAL_MESSAGE": _in_ephemeral,
        "HOME": _in_home,
        "MODAL": _in_modal,
    }
    finder = finders.get(str(source.get("type")))
    if finder is None:
        raise ActRefused(f"source.type is one of {', '.join(finders)}")
    return finder(person, source["id"])


def _in_message(person: Person, message_id: str) -> Place:
    seen = channels.channels_of(person)
    message = Message.objects.select_related("channel").filter(pk=message_id, channel__in=seen).first()
    if message is None or not message.author_app_id:
        raise ActRefused(GONE, 404)
    attached = (one.get("blocks") for one in message.attachments)
    shown = [*message.blocks, *(block for some in attached if isinstance(some, list) for block in some)]
    return Place(_app(person, message.author_app_id), message.channel, shown, Source("MESSAGE", message.id))


def _in_ephemeral(person: Person, message_id: str) -> Place:
    found = STORE.get(message_id)
    if found is None or person.id not in found.users or not found.app_id:
        raise ActRefused(GONE, 404)
    channel = Channel.objects.get(pk=found.channel_id)
    source = Source("EPHEMERAL_MESSAGE", found.id)
    return Place(_app(person, found.app_id), channel, found.message["blocks"], source)


def _in_home(person: Person, view_id: str) -> Place:
    for installation in Installation.objects.filter(
        workspace_id=person.workspace_id, active=True
    ).select_related("app"):
        if home_tab.home_id(installation.app, person) == view_id:
            view = home_tab.view_of(installation.app, person)
            channel = home_tab.direct_channel(installation.app, person)
            if view is not None and channel is not None:
                return Place(installation.app, channel, view["blocks"], Source("VIEW", view_id, view))
    raise ActRefused(GONE, 404)


def _in_modal(person: Person, view_id: str) -> Place:
    modal, app, actor = _modal(person, view_id)
    return Place(app, actor.channel, modal.view["blocks"], Source("VIEW", modal.id, modal.view))


def _modal(person: Person, view_id: str) -> tuple[Modal, App, Actor]:
    modal = STACKS.find(person.id, view_id)
    if modal is None:
        raise ActRefused(GONE, 404)
    if not STACKS.is_in_front(person.id, view_id):
        raise ActRefused("another window stands in front of this one", 409)
    return modal, _app(person, modal.app_id), Actor(person, Channel.objects.get(pk=modal.channel_id))


def _app(person: Person, app_id: str) -> App:
    """The app, while it is installed in the person's workspace."""
    rows = Installation.objects.filter(app_id=app_id, workspace_id=person.workspace_id, active=True)
    installation = rows.select_related("app").first()
    if installation is None:
        raise ActRefused("the app is not installed", 409)
    return installation.app
