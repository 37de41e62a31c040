"""Clicks in messages, Home tabs and modals; submitting and closing modals; dynamic menus."""

import logging
from dataclasses import dataclass
from typing import Any

from sandbox import blocks, channels, home_tab, view_state
from sandbox.acts import screen
from sandbox.acts.endpoint import ActRequest
from sandbox.ephemerals import EPHEMERALS
from sandbox.exceptions import ActError
from sandbox.hooks import responses, triggers
from sandbox.hooks.triggers import Actor, Source
from sandbox.modals import MODALS, Modal
from sandbox.models import App, Channel, Installation, Message, Person

logger = logging.getLogger(__name__)
GONE = "this is no longer on the screen"


def click(request: ActRequest) -> dict[str, Any]:
    """Click an element.

    `values` are the values of the inputs around the element, in the form of a submit. `opens` in the answer is the URL
    that a button with a `url` opens in the browser besides its hook, or null.
    """
    person = request.person()
    target = _find_target(person, request.value("source"))
    block_id, element = target.element(request.text("onAction"))
    url = element.get("url")
    opens = url if isinstance(url, str) and url.startswith(("http://", "https://")) else None
    # A denied confirm dialog sends no hook.
    if request.value("confirm") is False:
        return {"screen": screen.render(person, target.channel), "opens": None}
    value = _element_value(target, block_id, element, request.value("value"))
    if target.source.view is not None:
        if request.value("values") is not None:
            view_state.merge(target.source.view, request.value("values"))
        if block_id:
            view_state.merge(target.source.view, {block_id: {element["onAction"]: value}})
    triggers.block_interaction(Actor(person, target.channel), target.app, target.source, element, value)
    return {"screen": screen.render(person, target.channel), "opens": opens}


def submit(request: ActRequest) -> dict[str, Any]:
    """Press the submit button of a modal.

    Ack closes the modal and shows the one below. (Whether Pumble closes all is unknown: reference, 9, row 2.) OPEN
    replaces the modal, a nack keeps it.
    """
    person = request.person()
    modal, app, actor = _get_modal(person, request.text("viewId"))
    # A view without inputs has a submit button only if it names one (reference, 9, row 1).
    if not modal.view.get("submit") and not any(blocks.iter_input_blocks(modal.view.get("blocks"))):
        raise ActError("this modal has no submit button", 409)
    view_state.apply_submit(modal.view, request.value("values") or {})
    answer = triggers.view_action(actor, modal, app, "SUBMIT")
    if isinstance(answer, responses.Ack):
        MODALS.close(person.id, modal.id)
    elif isinstance(answer, responses.ViewResponse) and answer.action == "OPEN":
        MODALS.replace(person.id, modal.id, answer.view)
    elif isinstance(answer, responses.ViewResponse):
        # The SDK offers neither here. Whether Pumble accepts them is unknown (reference, 9, row 10).
        logger.warning("submit.answered action=%s app=%s: an app should use OPEN", answer.action, app.id)
        triggers.show_view(actor, app, answer, modal.id)
    return {"screen": screen.render(person, actor.channel)}


def close(request: ActRequest) -> dict[str, Any]:
    """Close a modal. The app gets a hook if it asked for one, and may open another modal."""
    person = request.person()
    modal, app, actor = _get_modal(person, request.text("viewId"))
    MODALS.close(person.id, modal.id)
    if modal.view.get("notifyOnClose") is True:
        answer = triggers.view_action(actor, modal, app, "CLOSE")
        if isinstance(answer, responses.ViewResponse):
            modals_below = MODALS.stack_of(person.id)
            if modals_below and answer.action == "OPEN":
                # OPEN replaces the closed modal, so the modals below stay.
                answer = responses.ViewResponse("PUSH", answer.view)
            triggers.show_view(actor, app, answer, modals_below[-1].id if modals_below else None)
    return {"screen": screen.render(person, actor.channel)}


def menu(request: ActRequest) -> dict[str, Any]:
    """Open a dynamic menu (empty `query`) or type into it, and return its options.

    The menu is in the view `viewId`, or in a `source` as for a click. Below its `min_query_length` no hook is sent.
    """
    person = request.person()
    source = request.value("source")
    if source is None:
        view_id = request.text("viewId")
        source = {"type": "MODAL" if MODALS.find(person.id, view_id) else "HOME", "id": view_id}
    target = _find_target(person, source)
    block_id, element = target.element(request.text("onAction"))
    if element.get("type") != "dynamic_select_menu":
        raise ActError("this element is not a dynamic menu")
    query, minimum = request.text("query", ""), element.get("min_query_length")
    if isinstance(minimum, int) and len(query) < minimum:
        return {"options": []}
    chosen = view_state.current_value(target.source.view, block_id, element) or element.get("value")
    actor = Actor(person, target.channel)
    return {"options": triggers.menu_options(actor, target.app, target.source, element, query, chosen)}


@dataclass(frozen=True, slots=True)
class Target:
    """What a person acts on: the app, the channel where it is shown, and its blocks."""

    app: App
    channel: Channel
    blocks: list[Any]
    source: Source

    def element(self, on_action: str) -> tuple[str, dict[str, Any]]:
        match = blocks.find_element(self.blocks, on_action)
        if match is None:
            raise ActError("there is no element with this onAction", 404)
        return match


def _element_value(target: Target, block_id: str, element: dict[str, Any], entered: object) -> Any:
    """Return a button's own value, or the chosen value, or else the current value."""
    chosen = view_state.clean_value(element, entered)
    if element["type"] == "button":
        return element.get("value") or ""
    if chosen is not None:
        return chosen
    empty: object = [] if element["type"] in blocks.LIST_VALUE_TYPES else ""
    return view_state.current_value(target.source.view, block_id, element) or empty


def _find_target(person: Person, source: object) -> Target:
    if not isinstance(source, dict) or not isinstance(source.get("id"), str):
        raise ActError("source must be {type, id}")
    finders = {
        "MESSAGE": _message_target,
        "EPHEMERAL_MESSAGE": _ephemeral_target,
        "HOME": _home_target,
        "MODAL": _modal_target,
    }
    finder = finders.get(str(source.get("type")))
    if finder is None:
        raise ActError(f"source.type must be one of {', '.join(finders)}")
    return finder(person, source["id"])


def _message_target(person: Person, message_id: str) -> Target:
    visible = channels.visible_to(person)
    message = Message.objects.select_related("channel").filter(pk=message_id, channel__in=visible).first()
    if message is None or not message.author_app_id:
        raise ActError(GONE, 404)
    message_blocks = list(message.blocks)
    for attachment in message.attachments:
        if isinstance(attachment.get("blocks"), list):
            message_blocks += attachment["blocks"]
    return Target(
        _get_installed_app(person, message.author_app_id),
        message.channel,
        message_blocks,
        Source("MESSAGE", message.id),
    )


def _ephemeral_target(person: Person, message_id: str) -> Target:
    ephemeral = EPHEMERALS.get(message_id)
    if ephemeral is None or person.id not in ephemeral.users or not ephemeral.app_id:
        raise ActError(GONE, 404)
    channel = Channel.objects.get(pk=ephemeral.channel_id)
    source = Source("EPHEMERAL_MESSAGE", ephemeral.id)
    return Target(_get_installed_app(person, ephemeral.app_id), channel, ephemeral.message["blocks"], source)


def _home_target(person: Person, view_id: str) -> Target:
    for installation in Installation.objects.filter(
        workspace_id=person.workspace_id, active=True
    ).select_related("app"):
        if home_tab.view_id_for(installation.app, person) == view_id:
            view = home_tab.get_view(installation.app, person)
            channel = home_tab.direct_channel(installation.app, person)
            if view is not None and channel is not None:
                return Target(installation.app, channel, view["blocks"], Source("VIEW", view_id, view))
    raise ActError(GONE, 404)


def _modal_target(person: Person, view_id: str) -> Target:
    modal, app, actor = _get_modal(person, view_id)
    return Target(app, actor.channel, modal.view["blocks"], Source("VIEW", modal.id, modal.view))


def _get_modal(person: Person, view_id: str) -> tuple[Modal, App, Actor]:
    modal = MODALS.find(person.id, view_id)
    if modal is None:
        raise ActError(GONE, 404)
    if not MODALS.is_on_top(person.id, view_id):
        raise ActError("another modal is on top of this one", 409)
    return (
        modal,
        _get_installed_app(person, modal.app_id),
        Actor(person, Channel.objects.get(pk=modal.channel_id)),
    )


def _get_installed_app(person: Person, app_id: str) -> App:
    """Return the app if it is installed in the person's workspace."""
    rows = Installation.objects.filter(app_id=app_id, workspace_id=person.workspace_id, active=True)
    installation = rows.select_related("app").first()
    if installation is None:
        raise ActError("the app is not installed in this workspace", 409)
    return installation.app
