"""Sending messages, running shortcuts, reacting, and opening and reloading the page."""

from typing import Any

from django.http.response import HttpResponseBase

from sandbox import channels, files, messages
from sandbox.acts import screen
from sandbox.acts.endpoint import ActRequest
from sandbox.ephemerals import EPHEMERALS
from sandbox.exceptions import ActError
from sandbox.hooks import events, triggers
from sandbox.ids import new_id
from sandbox.modals import MODALS
from sandbox.models import Channel, Message
from sandbox.rest import fields
from sandbox.rest.fields import MAX_TEXT_LENGTH


def send(request: ActRequest) -> dict[str, Any]:
    """Send a message. A text that starts with `/` is a slash command. A message with files needs no text."""
    person = request.person()
    channel = request.channel(person)
    text = request.text("text", "" if request.files else None)
    if not (text.strip() or request.files) or len(text) > MAX_TEXT_LENGTH:
        raise ActError(f"text must have 1 to {MAX_TEXT_LENGTH} characters")
    if len(request.files) > files.MAX_FILES:
        raise ActError(f"a message may have at most {files.MAX_FILES} files")
    root = _get_message(channel, request.text("threadRootId", ""))
    if root is not None and root.root_id:
        root = root.root
    if text.startswith("/") and not request.files:
        triggers.slash_command(triggers.Actor(person, channel), text, root)
    else:
        sent = [files.serialize(files.create_from_person(person, part)) for part in request.files]
        messages.post(person, channel, messages.Draft(text, files=sent), root=root)
    return {"screen": screen.render(person, channel, root.id if root else "")}


def download(request: ActRequest) -> HttpResponseBase:
    return files.respond(request.person(), request.text("fileId"))


def run_shortcut(request: ActRequest) -> dict[str, Any]:
    person = request.person()
    channel = request.channel(person)
    target = _get_message(channel, request.text("messageId", ""))
    root = _get_message(channel, request.text("threadRootId", ""))
    actor, app_id = triggers.Actor(person, channel), request.text("appId", "")
    triggers.shortcut(actor, request.text("name"), target, root=root, app_id=app_id)
    return {"screen": screen.render(person, channel)}


def open_page(request: ActRequest) -> dict[str, str]:
    """Return `{since}`, an id newer than all ids so far.

    The page hides ephemeral messages and modals with older ids. Nothing is removed, because the same person may have
    another page open.
    """
    return {"since": new_id()}


def reload_page(request: ActRequest) -> dict[str, Any]:
    """The person reloaded the page: remove their ephemeral messages and modals."""
    person = request.person()
    EPHEMERALS.hide_all_from(person.id)
    MODALS.close_all(person.id)
    return {}


def _get_message(channel: Channel, message_id: str) -> Message | None:
    if not message_id:
        return None
    message = channel.messages.select_related("root").filter(pk=message_id).first()
    if message is None:
        raise ActError("there is no such message in this channel", 404)
    return message


def react(request: ActRequest) -> dict[str, Any]:
    """`{userId, messageId, code}`: add the person's reaction, or remove it if it exists."""
    person = request.person()
    code = fields.emoji_code({"code": request.text("code")}, minimum=3, maximum=200)
    visible = channels.visible_to(person)
    message = (
        Message.objects.select_related("channel")
        .filter(pk=request.text("messageId"), deleted=False, channel__in=visible)
        .first()
    )
    if message is None:
        raise ActError(f"{person.name} can see no message with this messageId", 404)
    reaction, created = message.reactions.get_or_create(person=person, code=code)
    if created:
        events.reaction_added(reaction, message.channel)
    else:
        reaction.delete()
    return {"screen": screen.render(person, message.channel, request.text("threadRootId", ""))}
