"""Messages: post, reply, read, edit, delete; and the ephemeral kind of each."""

from typing import Any

from django.db.models import Q

from sandbox import channels, messages, serializers
from sandbox.ephemerals import STORE, Ephemeral
from sandbox.exceptions import Forbidden, Invalid, NotFound
from sandbox.hooks import events
from sandbox.messages import Draft
from sandbox.models import Channel, Message, Person
from sandbox.rest import fields, files, pagination
from sandbox.rest.endpoint import Call


def post(call: Call, channel_id: str) -> dict[str, Any]:
    body = call.body()
    channel = channels.channel_to_post(call.person, channel_id)
    draft = read_draft(call, body)
    if body.get("ephemeral") is not None:
        return messages.whisper(call.person, channel, draft, _receivers(call, body, "sendToUsers")).message
    return _shown(call, messages.post(call.person, channel, draft))


def reply(call: Call, channel_id: str, message_id: str) -> dict[str, Any]:
    body = call.body()
    channel = channels.channel_to_post(call.person, channel_id)
    root = _message(channel, message_id)
    if root.root_id:
        raise Invalid("[a reply cannot have replies]")
    draft = read_draft(call, body)
    if body.get("ephemeral") is not None:
        return messages.whisper(
            call.person, channel, draft, _receivers(call, body, "sendToUsers"), root=root
        ).message
    also = fields.flag(body, "alsoSendToChannel")
    return _shown(call, messages.post(call.person, channel, draft, root=root, also_in_channel=also))


def fetch(call: Call, channel_id: str, message_id: str) -> dict[str, Any]:
    channel = channels.channel_for(call.person, channel_id)
    return _shown(call, _message(channel, message_id))


def fetch_page(call: Call, channel_id: str) -> dict[str, Any]:
    """Messages of the channel itself, and replies that were sent to the channel too."""
    channel = channels.channel_for(call.person, channel_id)
    page = pagination.of_channel(call, channel.messages.filter(Q(root=None) | Q(also_in_channel=True)))
    return {
        "messages": serializers.messages(page.messages, call.person.id, channel.workspace_id),
        "hasMoreBefore": page.more_before,
        "hasMoreAfter": page.more_after,
    }


def fetch_replies(call: Call, channel_id: str, message_id: str) -> list[dict[str, Any]]:
    channel = channels.channel_for(call.person, channel_id)
    # The thread of a deleted root can still be read.
    if not channel.messages.filter(pk=message_id).exists():
        raise NotFound
    page = pagination.of_thread(call, Message.objects.filter(root_id=message_id, deleted=False))
    return serializers.messages(page, call.person.id, channel.workspace_id)


def edit(call: Call, channel_id: str, message_id: str) -> dict[str, Any]:
    """Only one's own; of a message with blocks but an edit without, the blocks follow the new text."""
    body = call.body()
    draft = read_draft(call, body)
    whispered = _own_ephemeral(call, channel_id, message_id)
    if whispered is not None:
        whispered.message |= {"text": draft.text, "blocks": draft.shown_blocks(), "edited": True}
        return whispered.message
    channel = channels.channel_for(call.person, channel_id)
    message = _message(channel, message_id)
    if message.author_id != call.person.id:
        raise Forbidden
    message.text = draft.text
    message.blocks = draft.shown_blocks()
    if body.get("attachments") is not None:
        message.attachments = draft.attachments
    message.edited = True
    message.save(update_fields=["text", "blocks", "attachments", "edited"])
    events.message_changed("UPDATED_MESSAGE", message, channel)
    return _shown(call, message)


def edit_attachments(call: Call, channel_id: str, message_id: str) -> dict[str, Any]:
    channel = channels.channel_for(call.person, channel_id)
    message = _message(channel, message_id)
    if message.author_id != call.person.id:
        raise Forbidden
    attachments = fields.objects(call.body().get("attachments"))
    if attachments is None:
        raise Invalid("[must not be null]")
    message.attachments = attachments
    message.save(update_fields=["attachments"])
    events.message_changed("UPDATED_MESSAGE", message, channel)
    return _shown(call, message)


def delete(call: Call, channel_id: str, message_id: str) -> None:
    """One's own, or anybody's for owners and administrators. A root leaves a tombstone as long as it has replies."""
    channel = channels.channel_for(call.person, channel_id)
    message = _message(channel, message_id)
    if message.author_id != call.person.id and not call.person.may_install:
        raise Forbidden
    messages.withdraw(message)


def delete_ephemeral(call: Call, channel_id: str, message_id: str) -> None:
    users = fields.ids(call.body().get("deleteForUsers"), least=1, most=1000)
    whispered = _own_ephemeral(call, channel_id, message_id)
    if whispered is None:
        raise NotFound
    STORE.hide(message_id, set(users))


def add_reaction(call: Call, message_id: str) -> None:
    message = _seen(call, message_id)
    code = _reaction_code(call)
    reaction, fresh = message.reactions.get_or_create(person=call.person, code=code)
    if fresh:
        events.reaction_added(reaction, message.channel)


def remove_reaction(call: Call, message_id: str) -> None:
    """Removing what is not there is no failure."""
    message = _seen(call, message_id)
    message.reactions.filter(person=call.person, code=_reaction_code(call)).delete()


def _receivers(call: Call, body: dict[str, Any], name: str) -> set[str]:
    ephemeral = body["ephemeral"]
    if not isinstance(ephemeral, dict):
        raise Invalid("[ephemeral must be an object]")
    users = set(fields.ids(ephemeral.get(name), least=1, most=1000))
    if Person.objects.filter(pk__in=users, workspace_id=call.person.workspace_id).count() != len(users):
        raise Invalid("[sendToUsers names somebody outside the workspace]")
    return users


def _message(channel: Channel, message_id: str) -> Message:
    found = channel.messages.select_related("root").filter(pk=message_id, deleted=False).first()
    if found is None:
        raise NotFound
    return found


def _seen(call: Call, message_id: str) -> Message:
    seen = channels.channels_of(call.person)
    found = (
        Message.objects.select_related("channel")
        .filter(pk=message_id, deleted=False, channel__in=seen)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def _own_ephemeral(call: Call, channel_id: str, message_id: str) -> Ephemeral | None:
    found = STORE.get(message_id)
    mine = found is not None and found.channel_id == channel_id and found.author_id == call.person.id
    return found if mine else None


def _reaction_code(call: Call) -> str:
    """Source: Pumble app platform reference, 5.5 (ReactionRequest)."""
    body = call.body()
    fields.number(body.get("skinTone"), default=1, least=0, most=10)
    return fields.code(body, least=3, most=200)


def _shown(call: Call, message: Message) -> dict[str, Any]:
    return serializers.message(message, call.person.id, call.person.workspace_id)


def read_draft(call: Call, body: dict[str, Any]) -> Draft:
    text = fields.text(body, "text", most=fields.MAX_TEXT)
    return Draft(
        text,
        fields.blocks(body.get("blocks")),
        fields.objects(body.get("attachments")) or [],
        files=files.of_message(call, body.get("files")),
    )
