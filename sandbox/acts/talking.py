"""Typing, shortcuts, reloading."""

from typing import Any

from sandbox import posting
from sandbox.acts import screen
from sandbox.acts.act import Act
from sandbox.ephemerals import STORE
from sandbox.errors import ActRefused
from sandbox.hooks import triggers
from sandbox.ids import new_id
from sandbox.modals import STACKS
from sandbox.models import Channel, Message
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
        posting.post(person, channel, posting.Draft(line), root=root)
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
