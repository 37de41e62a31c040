"""What the chat page shows: all workspaces, and one channel as one person sees it."""

from collections import defaultdict
from typing import Any

from django.db.models import Q

from sandbox import home_tab, serializers
from sandbox.acts.endpoint import ActRequest
from sandbox.app_registry import API_APP_ID
from sandbox.ephemerals import EPHEMERALS
from sandbox.modals import MODALS
from sandbox.models import Authorization, Channel, Installation, Membership, Message, Person, Workspace
from sandbox.spinners import SPINNERS

MAX_MESSAGES = 300
PUMBLE = "Pumble"


def list_workspaces(request: ActRequest) -> list[dict[str, Any]]:
    """List all workspaces. `appInstalled` and `authorized` refer to the app `appId`, by default the API app."""
    app_id = request.text("appId", API_APP_ID)
    installed = set(
        Installation.objects.filter(app_id=app_id, active=True).values_list("workspace_id", flat=True)
    )
    authorized = set(
        Authorization.objects.filter(app_id=app_id, active=True).values_list("person_id", flat=True)
    )
    people: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for person in Person.objects.order_by("id"):
        people[person.workspace_id].append(
            {
                "id": person.id,
                "name": person.name,
                "email": person.email,
                "role": person.role,
                "status": person.status,
                "isBot": person.is_bot,
                "authorized": person.id in authorized,
            }
        )
    members: defaultdict[str, list[str]] = defaultdict(list)
    for channel_id, person_id in Membership.objects.order_by("id").values_list("channel_id", "person_id"):
        members[channel_id].append(person_id)
    channels: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for channel in Channel.objects.order_by("id"):
        channels[channel.workspace_id].append(
            {
                "id": channel.id,
                "name": channel.name,
                "channelType": channel.channel_type,
                "isArchived": channel.is_archived,
                "description": channel.description,
                "users": members[channel.id],
            }
        )
    return [
        {
            "id": row.id,
            "name": row.name,
            "appInstalled": row.id in installed,
            "users": people[row.id],
            "channels": channels[row.id],
        }
        for row in Workspace.objects.order_by("id")
    ]


def get_screen(request: ActRequest) -> dict[str, Any]:
    person = request.person()
    channel = request.channel(person)
    return render(person, channel, request.text("threadRootId", ""))


def render(person: Person, channel: Channel, thread_root_id: str = "") -> dict[str, Any]:
    """Return the newest messages, oldest first. `thread` (its root first) is there only if a thread is open."""
    rows = channel.messages.filter(Q(root=None) | Q(also_in_channel=True)).order_by("-id")[:MAX_MESSAGES]
    info = serializers.channel_infos([channel], person)[0]
    result = {
        "channel": info["channel"] | {"users": info["users"]},
        "messages": _with_author_names(
            serializers.messages(list(rows)[::-1], person.id, channel.workspace_id)
        ),
        "ephemeral": _with_author_names(
            [dict(message.message) for message in EPHEMERALS.visible_to(person.id, channel.id)]
        ),
        "home": home_tab.view_of_channel(channel, person),
        "modals": [modal.view for modal in MODALS.stack_of(person.id)],
        "spinning": [spinner.to_dict() for spinner in SPINNERS.for_person(person.id)],
    }
    if thread_root_id:
        thread = Message.objects.filter(
            Q(pk=thread_root_id) | Q(root_id=thread_root_id), channel=channel
        ).order_by("id")
        result["thread"] = _with_author_names(
            serializers.messages(list(thread), person.id, channel.workspace_id)
        )
    return result


def _with_author_names(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the author's name to each message."""
    names = dict(
        Person.objects.filter(pk__in={message["author"] for message in messages}).values_list("id", "name")
    )
    return [message | {"authorName": names.get(message["author"], PUMBLE)} for message in messages]
