"""Reactions that a person adds to a message or takes back."""

from typing import Any

from sandbox import visibility
from sandbox.acts import screen
from sandbox.acts.act import Act
from sandbox.errors import ActRefused
from sandbox.hooks import events
from sandbox.models import Message
from sandbox.rest import fields


def react(act: Act) -> dict[str, Any]:
    """`{userId, messageId, code}`: the person's reaction with this code stands, or, standing already, is taken back."""
    person = act.person()
    code = fields.code({"code": act.text("code")}, least=3, most=200)
    seen = visibility.channels_of(person)
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
