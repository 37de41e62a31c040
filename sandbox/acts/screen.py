"""What one person sees in one channel now."""

from typing import Any

from django.db.models import Q

from sandbox import home, shapes
from sandbox.acts.act import Act
from sandbox.ephemerals import STORE
from sandbox.modals import STACKS
from sandbox.models import Channel, Message, Person
from sandbox.spinners import SPINNERS

SHOWN = 300
PUMBLE = "Pumble"


def show(act: Act) -> dict[str, Any]:
    person = act.person()
    channel = act.channel(person)
    return of(person, channel, act.text("threadRootId", ""))


def of(person: Person, channel: Channel, thread_root_id: str = "") -> dict[str, Any]:
    """The newest messages, oldest first; `thread` (its root first) only where one is open."""
    rows = channel.messages.filter(Q(root=None) | Q(also_in_channel=True)).order_by("-id")[:SHOWN]
    info = shapes.channel_infos([channel], person)[0]
    seen = {
        "channel": info["channel"] | {"users": info["users"]},
        "messages": _named(shapes.messages(list(rows)[::-1], person.id, channel.workspace_id)),
        "ephemeral": _named([dict(one.message) for one in STORE.seen_by(person.id, channel.id)]),
        "home": home.of_channel(channel, person),
        "modals": [modal.view for modal in STACKS.of(person.id)],
        "spinning": [spinner.shown() for spinner in SPINNERS.of(person.id)],
    }
    if thread_root_id:
        thread = Message.objects.filter(
            Q(pk=thread_root_id) | Q(root_id=thread_root_id), channel=channel
        ).order_by("id")
        seen["thread"] = _named(shapes.messages(list(thread), person.id, channel.workspace_id))
    return seen


def _named(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each message with its author's name beside it."""
    names = dict(Person.objects.filter(pk__in={one["author"] for one in messages}).values_list("id", "name"))
    return [one | {"authorName": names.get(one["author"], PUMBLE)} for one in messages]
