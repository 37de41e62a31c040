"""The JSON of rows, with all fields of the platform. Source: Pumble app platform reference, 5.5."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox import clock
from sandbox.models import (
    Channel,
    Membership,
    Message,
    Person,
    Pin,
    Reaction,
    ScheduledMessage,
    UserGroup,
    Workspace,
)

Json = dict[str, Any]


def workspace(row: Workspace) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "avatar": None,
        "customStatusDefinitions": [{"code": ":palm_tree:", "status": "On vacation", "expiration": "never"}],
        "uniqueIdentifier": row.name.lower(),
        "previousUniqueIdentifiers": [],
    }


def person(row: Person) -> Json:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "workspaceId": row.workspace_id,
        "role": row.role,
        "status": row.status,
        "avatar": {
            "fullPath": f"https://avatars.pumble.test/{row.id}/640",
            "scaledPath": f"https://avatars.pumble.test/{row.id}/48",
        },
        "timeZoneId": row.time_zone,
        "automaticallyTimeZone": True,
        "title": row.title,
        "phone": row.phone,
        "customStatus": _current_status(row.custom_status),
        "invitedBy": row.invited_by_id or None,
        "activeUntil": 0,
        "isInvitationAccepted": row.status != Person.Status.INVITED,
        "isPumbleBot": row.is_pumble_bot,
        "isAddonBot": row.app_id is not None,
        "broadcastWarningShownTs": 0,
        "timeFormat": 24,
    }


def _current_status(status: Json | None) -> Json | None:
    """Return a custom status until it expires; 0 means never."""
    return status if status and not 0 < status["expiresAt"] <= clock.now_ms() else None


def group(row: UserGroup) -> Json:
    return {
        "id": row.id,
        "workspaceId": row.workspace_id,
        "createdBy": row.created_by_id,
        "disabled": row.disabled,
        "name": row.name,
        "handle": row.handle,
        "description": row.description,
        "workspaceUserIds": row.member_ids,
    }


def channel(
    row: Channel, member: Membership | None, *, people: Iterable[Person], last_message_ms: int
) -> Json:
    """Serialize a channel as one person sees it. `member` is that person's membership, if any."""
    last_read_ms = member.last_mark_ms if member else 0
    participants = list(people) if row.channel_type == Channel.Type.DIRECT else []
    return {
        "id": row.id,
        "workspaceId": row.workspace_id,
        "channelType": row.channel_type,
        "name": row.name,
        "description": row.description,
        "isMember": member is not None,
        "isMuted": member.is_muted if member else False,
        "isHidden": member.is_hidden if member else False,
        "isArchived": row.is_archived,
        "archivedById": row.archived_by_id or None,
        "isPumbleBot": any(item.is_pumble_bot for item in participants),
        "isAddonBot": any(item.app_id is not None for item in participants),
        "lastMarkTimestamp": clock.iso_millis(last_read_ms),
        "lastMarkTimestampMilli": last_read_ms,
        "isMain": row.is_main,
        "isInitial": row.is_main,
        "sectionId": "",
        "postingPermissions": {
            "allowThreads": True,
            "allowMentions": True,
            "postingPermissionsGroup": row.posting_group,
            "workspaceUserIds": [],
        },
        "desktopNotificationPreferences": None,
        "mobileNotificationPreferences": None,
        "notifyAboutRepliesInThreads": False,
        "addedById": (member.added_by_id or None) if member else None,
        "creatorId": row.creator_id,
        "timestamp": clock.iso_seconds(row.created_ms),
        "timestampMilli": clock.to_second(row.created_ms),
        "lastMessageTimestamp": clock.iso_seconds(last_message_ms),
        "lastMessageTimestampMilli": last_message_ms,
    }


def channel_infos(rows: Iterable[Channel], viewer: Person) -> list[Json]:
    """Serialize channels as `viewer` sees them, with a fixed number of queries.

    Returns:
        `{channel, users, pinnedMessages, homeView}` for each channel. `homeView` is null here; `home_tab.py` has it.
    """
    channels = list(rows)
    ids = [row.id for row in channels]
    members: defaultdict[str, list[Membership]] = defaultdict(list)
    for member in Membership.objects.filter(channel_id__in=ids).select_related("person").order_by("id"):
        members[member.channel_id].append(member)
    pins: defaultdict[str, list[Json]] = defaultdict(list)
    for pin in Pin.objects.filter(message__channel_id__in=ids).select_related("message").order_by("id"):
        pins[pin.message.channel_id].append({"workspaceUserId": pin.person_id, "messageId": pin.message_id})
    last: dict[str, int] = {}
    for channel_id, sent_ms in Message.objects.filter(channel_id__in=ids).values_list(
        "channel_id", "sent_ms"
    ):
        last[channel_id] = max(last.get(channel_id, 0), sent_ms)
    return [
        {
            "channel": channel(
                row,
                next((item for item in members[row.id] if item.person_id == viewer.id), None),
                people=[item.person for item in members[row.id]],
                last_message_ms=last.get(row.id, 0),
            ),
            "users": [item.person_id for item in members[row.id]],
            "pinnedMessages": pins[row.id],
            "homeView": None,
        }
        for row in channels
    ]


def message_fields(
    *, message_id: str, workspace_id: str, channel_id: str, author_id: str, app_id: str, text: str, sent_ms: int
) -> Json:  # fmt: skip
    """Return a Message with default values, for stored and ephemeral messages."""
    return {
        "id": message_id,
        "workspaceId": workspace_id,
        "channelId": channel_id,
        "author": author_id,
        "authorAppId": app_id or None,
        "text": text,
        "timestamp": clock.iso_seconds(sent_ms),
        "timestampMilli": sent_ms,
        "subtype": "",
        "reactions": [],
        "linkPreviews": [],
        "isFollowing": False,
        "threadRootInfo": None,
        "threadReplyInfo": None,
        "files": [],
        "deleted": False,
        "edited": False,
        "localId": "",
        "attachments": [],
        "sharedMessage": None,
        "savedTimestampMilli": 0,
        "blocks": [],
        "meta": None,
        "quote": None,
        "systemMessage": False,
    }


def messages(rows: Sequence[Message], viewer_id: str, workspace_id: str) -> list[Json]:
    """Serialize messages of one workspace as `viewer_id` sees them, with a fixed number of queries."""
    ids = [row.id for row in rows]
    reactions: defaultdict[str, list[Json]] = defaultdict(list)
    for item in Reaction.objects.filter(message_id__in=ids).order_by("id"):
        reactions[item.message_id].append({"user": item.person_id, "code": item.code})
    replies: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    reply_rows = Message.objects.filter(root_id__in=ids, deleted=False).order_by("id")
    for root_id, author_id, sent_ms in reply_rows.values_list("root_id", "author_id", "sent_ms"):
        if root_id:
            replies[root_id].append((author_id, sent_ms))
    root_ids = {row.root_id for row in rows if row.root_id}
    root_texts = dict(Message.objects.filter(pk__in=root_ids).values_list("id", "text"))
    return [
        {
            **message_fields(
                message_id=row.id,
                workspace_id=workspace_id,
                channel_id=row.channel_id,
                author_id=row.author_id,
                app_id=row.author_app_id,
                text=row.text,
                sent_ms=row.sent_ms,
            ),
            "subtype": row.subtype,
            "reactions": reactions[row.id],
            "isFollowing": _follows(viewer_id, row, replies[row.id]),
            "threadRootInfo": _root_info(viewer_id, row, replies[row.id]),
            "threadReplyInfo": row.root_id
            and {
                "rootId": row.root_id,
                "replySentToChannel": row.also_in_channel,
                "rootText": root_texts.get(row.root_id, ""),
            },
            "files": row.files,
            "linkPreviews": row.link_previews,
            "quote": row.quote,
            "deleted": row.deleted,
            "edited": row.edited,
            "localId": row.local_id,
            "attachments": row.attachments,
            "blocks": row.blocks,
            "systemMessage": bool(row.subtype),
        }
        for row in rows
    ]


def message(row: Message, viewer_id: str, workspace_id: str) -> Json:
    return messages([row], viewer_id, workspace_id)[0]


def scheduled_message(row: ScheduledMessage) -> Json:
    """Serialize a scheduled message. `sendAt` is the API's name, `sentAt` that of the SDK's type; both are written."""
    return {
        "id": row.id,
        "workspaceId": row.channel.workspace_id,
        "author": row.author_id,
        "channelId": row.channel_id,
        "text": row.text,
        "sendAt": row.send_at_ms,
        "sentAt": row.send_at_ms,
        "files": row.files,
        "blocks": row.blocks,
        "attachments": row.attachments,
        "recurrence": row.recurrence,
        "threadRootId": row.root_id,
        "rootText": row.root.text if row.root else None,
        "alsoSendToChannel": row.also_in_channel,
        "quotedMessage": row.quote,
    }


def _follows(viewer_id: str, row: Message, replies: list[tuple[str, int]]) -> bool:
    return bool(replies) and (row.author_id == viewer_id or any(author == viewer_id for author, _ in replies))


def _root_info(viewer_id: str, row: Message, replies: list[tuple[str, int]]) -> Json | None:
    if not replies:
        return None
    last = replies[-1][1]
    return {
        "repliesCount": len(replies),
        "repliers": list(dict.fromkeys(author for author, _ in replies)),
        "lastReplyTimestamp": clock.iso_seconds(last),
        "lastReplyTimestampMilli": last,
        "lastMarkTimestamp": clock.iso_millis(0),
        "lastMarkTimestampMilli": 0,
        "isFollowing": _follows(viewer_id, row, replies),
    }
