"""Messages and ephemeral messages: post, reply, read, edit, delete, react."""

from typing import Any

from django.db.models import Q

from sandbox import channels, messages, serializers
from sandbox.ephemerals import EPHEMERALS, Ephemeral
from sandbox.exceptions import Forbidden, NotFound, ValidationError
from sandbox.hooks import events
from sandbox.messages import Draft
from sandbox.models import Channel, Message, Person
from sandbox.rest import fields, files, pagination
from sandbox.rest.endpoint import ApiCall


def post(call: ApiCall, channel_id: str) -> dict[str, Any]:
    body = call.body()
    channel = channels.get_postable(call.person, channel_id)
    draft = read_draft(call, body)
    if body.get("ephemeral") is not None:
        return messages.send_ephemeral(
            call.person, channel, draft, _recipients(call, body, "sendToUsers")
        ).message
    return _serialize(call, messages.post(call.person, channel, draft))


def reply(call: ApiCall, channel_id: str, message_id: str) -> dict[str, Any]:
    body = call.body()
    channel = channels.get_postable(call.person, channel_id)
    root = _get_message(channel, message_id)
    if root.root_id:
        raise ValidationError("[a reply cannot have replies]")
    draft = read_draft(call, body)
    if body.get("ephemeral") is not None:
        return messages.send_ephemeral(
            call.person, channel, draft, _recipients(call, body, "sendToUsers"), root=root
        ).message
    also_in_channel = fields.flag(body, "alsoSendToChannel")
    return _serialize(
        call, messages.post(call.person, channel, draft, root=root, also_in_channel=also_in_channel)
    )


def retrieve(call: ApiCall, channel_id: str, message_id: str) -> dict[str, Any]:
    channel = channels.get_visible(call.person, channel_id)
    return _serialize(call, _get_message(channel, message_id))


def list_page(call: ApiCall, channel_id: str) -> dict[str, Any]:
    """List messages of the channel, with replies that were also sent to the channel."""
    channel = channels.get_visible(call.person, channel_id)
    page = pagination.paginate_channel(call, channel.messages.filter(Q(root=None) | Q(also_in_channel=True)))
    return {
        "messages": serializers.messages(page.messages, call.person.id, channel.workspace_id),
        "hasMoreBefore": page.more_before,
        "hasMoreAfter": page.more_after,
    }


def list_replies(call: ApiCall, channel_id: str, message_id: str) -> list[dict[str, Any]]:
    channel = channels.get_visible(call.person, channel_id)
    # The replies to a deleted message can still be read.
    if not channel.messages.filter(pk=message_id).exists():
        raise NotFound
    page = pagination.paginate_thread(call, Message.objects.filter(root_id=message_id, deleted=False))
    return serializers.messages(page, call.person.id, channel.workspace_id)


def edit(call: ApiCall, channel_id: str, message_id: str) -> dict[str, Any]:
    """Edit one's own message. Without blocks in the edit, they are derived from the new text."""
    body = call.body()
    draft = read_draft(call, body)
    ephemeral = _get_own_ephemeral(call, channel_id, message_id)
    if ephemeral is not None:
        ephemeral.message |= {"text": draft.text, "blocks": draft.resolved_blocks(), "edited": True}
        return ephemeral.message
    channel = channels.get_visible(call.person, channel_id)
    message = _get_message(channel, message_id)
    if message.author_id != call.person.id:
        raise Forbidden
    message.text = draft.text
    message.blocks = draft.resolved_blocks()
    if body.get("attachments") is not None:
        message.attachments = draft.attachments
    message.edited = True
    message.save(update_fields=["text", "blocks", "attachments", "edited"])
    events.message_changed("UPDATED_MESSAGE", message, channel)
    return _serialize(call, message)


def edit_attachments(call: ApiCall, channel_id: str, message_id: str) -> dict[str, Any]:
    channel = channels.get_visible(call.person, channel_id)
    message = _get_message(channel, message_id)
    if message.author_id != call.person.id:
        raise Forbidden
    attachments = fields.objects(call.body().get("attachments"))
    if attachments is None:
        raise ValidationError("[must not be null]")
    message.attachments = attachments
    message.save(update_fields=["attachments"])
    events.message_changed("UPDATED_MESSAGE", message, channel)
    return _serialize(call, message)


def delete(call: ApiCall, channel_id: str, message_id: str) -> None:
    """Delete one's own message, or any message as an owner or administrator."""
    channel = channels.get_visible(call.person, channel_id)
    message = _get_message(channel, message_id)
    if message.author_id != call.person.id and not call.person.may_install:
        raise Forbidden
    messages.delete(message)


def delete_ephemeral(call: ApiCall, channel_id: str, message_id: str) -> None:
    users = fields.ids(call.body().get("deleteForUsers"), minimum=1, maximum=1000)
    ephemeral = _get_own_ephemeral(call, channel_id, message_id)
    if ephemeral is None:
        raise NotFound
    EPHEMERALS.hide_from(message_id, set(users))


def add_reaction(call: ApiCall, message_id: str) -> None:
    message = _get_visible(call, message_id)
    code = _parse_reaction_code(call)
    reaction, created = message.reactions.get_or_create(person=call.person, code=code)
    if created:
        events.reaction_added(reaction, message.channel)


def remove_reaction(call: ApiCall, message_id: str) -> None:
    """Remove a reaction. A missing reaction is no error."""
    message = _get_visible(call, message_id)
    message.reactions.filter(person=call.person, code=_parse_reaction_code(call)).delete()


def _recipients(call: ApiCall, body: dict[str, Any], name: str) -> set[str]:
    ephemeral = body["ephemeral"]
    if not isinstance(ephemeral, dict):
        raise ValidationError("[ephemeral must be an object]")
    users = set(fields.ids(ephemeral.get(name), minimum=1, maximum=1000))
    if Person.objects.filter(pk__in=users, workspace_id=call.person.workspace_id).count() != len(users):
        raise ValidationError("[sendToUsers names somebody outside the workspace]")
    return users


def _get_message(channel: Channel, message_id: str) -> Message:
    match = channel.messages.select_related("root").filter(pk=message_id, deleted=False).first()
    if match is None:
        raise NotFound
    return match


def _get_visible(call: ApiCall, message_id: str) -> Message:
    visible = channels.visible_to(call.person)
    match = (
        Message.objects.select_related("channel")
        .filter(pk=message_id, deleted=False, channel__in=visible)
        .first()
    )
    if match is None:
        raise NotFound
    return match


def _get_own_ephemeral(call: ApiCall, channel_id: str, message_id: str) -> Ephemeral | None:
    match = EPHEMERALS.get(message_id)
    is_own = match is not None and match.channel_id == channel_id and match.author_id == call.person.id
    return match if is_own else None


def _parse_reaction_code(call: ApiCall) -> str:
    """Source: Pumble app platform reference, 5.5 (ReactionRequest)."""
    body = call.body()
    fields.number(body.get("skinTone"), default=1, minimum=0, maximum=10)
    return fields.emoji_code(body, minimum=3, maximum=200)


def _serialize(call: ApiCall, message: Message) -> dict[str, Any]:
    return serializers.message(message, call.person.id, call.person.workspace_id)


def read_draft(call: ApiCall, body: dict[str, Any]) -> Draft:
    """Return the message in a body. Source: Pumble app platform reference, 5.5 (MessagePost)."""
    text = fields.text(body, "text", maximum=fields.MAX_TEXT_LENGTH)
    return Draft(
        text,
        fields.blocks(body.get("blocks")),
        fields.objects(body.get("attachments")) or [],
        files=files.files_for_message(call, body.get("files")),
    )
