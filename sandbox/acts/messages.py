"""Typing, shortcuts, reloading."""

from typing import Any

from sandbox import channels, messages
from sandbox.acts import screen
from sandbox.acts.endpoint import Act
from sandbox.ephemerals import STORE
from sandbox.exceptions import ActRefused
from sandbox.hooks import events, triggers
from sandbox.ids import new_id
from sandbox.modals import STACKS
from sandbox.models import Channel, Message
from sandbox.rest import fields
from sandbox.rest.fields import MAX_TEXT


def message(act: Act) -> dict[str, Any]:
    """A line typed in the composer; one that starts with `/` is a slash command."""
    person = act.person()
    channel = act.channel(person)
    line = act.text("text")
    if not line.strip() or len(line) > MAX_TEXT:
        raise ActRefused(f"text must have 1 to {MAX_TEXT} characters")
    root = _message(channel, act.text("threadRootId", ""))
    if root is not None and root.root_id:
        root = root.root
    if line.startswith("/"):
        triggers.slash_command(triggers.Actor(person, channel), line, root)
    else:
        messages.post(person, channel, messages.Draft(line), root=root)
    return {"screen": screen.of(person, channel, root.id if root else "")}


def shortcut(act: Act) -> dict[str, Any]:
    person = act.person()
    channel = act.channel(person)
    target = _message(channel, act.text("messageId", ""))
    root = _message(channel, act.text("threadRootId", ""))
    actor, app_id = triggers.Actor(person, channel), act.text("appId", "")
    triggers.shortcut(actor, act.text("name"), target, root=root, app_id=app_id)
    return {"screen": screen.of(person, channel)}


def arrival(act: Act) -> dict[str, str]:
    """`{since}`: an id younger than everything so far. A page opened now shows nothing that lasts until a reload and is older.

    Nothing is dropped, because the same person may have another page open.
    """
    return {"since": new_id()}


def forget(act: Act) -> dict[str, Any]:
    """The person reloaded the page: what only they could see and the modals they had open are gone."""
    person = act.person()
    STORE.forget(person.id)
    STACKS.forget(person.id)
    return {}


def _message(channel: Channel, message_id: str) -> Message | None:
    if not message_id:
        return None
    found = channel.messages.select_related("root").filter(pk=message_id).first()
    if found is None:
        raise ActRefused("no such message in this channel", 404)
    return found


def react(act: Act) -> dict[str, Any]:
    """`{userId, messageId, code}`: the person's reaction with this code stands, or, standing already, is taken back."""
    person = act.person()
    code = fields.code({"code": act.text("code")}, least=3, most=200)
    seen = channels.channels_of(person)
    message = (
        Message.objects.select_related("channel")
        .filter(pk=act.text("messageId"), deleted=False, channel__in=seen)
        .first()
    )
    if message is None:
        raise ActRefused(f"{person.name} sees no such message", 404)
    reaction, fresh = message.reactions.get_or_create(person=person, code=code)
    if fresh:
        events.reaction_added(reaction, message.channel)
    else:
        reaction.delete()
    return {"screen": screen.of(person, message.channel, act.text("threadRootId", ""))}
