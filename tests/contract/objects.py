"""The contract's objects (its section 5): required fields exist, no other is null, none is new."""

import re
from collections.abc import Callable, Mapping
from typing import Any

ID = re.compile(r"[0-9a-f]{24}")
TO_THE_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TO_THE_MILLISECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")

Check = Callable[[Any], object]


def text(value: Any) -> bool:
    return isinstance(value, str)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def whole_seconds(value: Any) -> bool:
    return whole(value) and value % 1000 == 0


def one_id(value: Any) -> bool:
    return text(value) and bool(ID.fullmatch(value))


def second(value: Any) -> bool:
    return text(value) and bool(TO_THE_SECOND.fullmatch(value))


def millisecond(value: Any) -> bool:
    return text(value) and bool(TO_THE_MILLISECOND.fullmatch(value))


def thing(value: Any) -> bool:
    return isinstance(value, dict)


def one_of(*words: str) -> Check:
    return lambda value: value in words


def nullable(check: Check) -> Check:
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with all of `required`, any of `optional` and nothing else."""
    known = {**required, **(optional or {})}

    def check(value: Any) -> bool:
        assert isinstance(value, dict), value
        assert set(required) <= set(value), f"lacks {set(required) - set(value)}"
        assert set(value) <= set(known), f"has {set(value) - set(known)} too much"
        for name, item in value.items():
            assert known[name](item), f"{name}: {item!r}"
        return True

    return check


AVATAR = fields({"fullPath": text, "scaledPath": text})
CUSTOM_STATUS = fields(
    {"code": text, "status": text, "expiration": text, "expiresAt": whole, "showUntil": flag}
)
USER = fields(
    {
        "id": one_id,
        "workspaceId": one_id,
        "email": text,
        "name": text,
        "role": one_of("OWNER", "ADMIN", "MEMBER", "GUEST", "USER"),
        "status": one_of("ACTIVATED", "DEACTIVATED", "INVITED"),
        "title": text,
        "phone": text,
        "avatar": AVATAR,
        "customStatus": nullable(CUSTOM_STATUS),
        "timeZoneId": text,
        "automaticallyTimeZone": flag,
        "activeUntil": whole,
        "isAddonBot": flag,
        "isPumbleBot": flag,
        "invitedBy": nullable(one_id),
    },
    {"timeFormat": whole, "broadcastWarningShownTs": nullable(whole), "isInvitationAccepted": flag},
)
USER_GROUP = fields(
    {"id": one_id, "name": text, "handle": text, "workspaceId": one_id, "workspaceUserIds": list_of(one_id)},
    {"description": nullable(text), "disabled": flag, "createdBy": text},
)
POSTING_PERMISSIONS = fields(
    {
        "allowThreads": flag,
        "allowMentions": flag,
        "postingPermissionsGroup": one_of("EVERYONE", "WORKSPACE_ADMINS", "SPECIFIC_USERS"),
        "workspaceUserIds": list_of(one_id),
    }
)
_PREFERENCE = nullable(one_of("EVERYTHING", "MENTIONS", "NONE"))
CHANNEL = fields(
    {
        "id": one_id,
        "workspaceId": one_id,
        "name": text,
        "channelType": one_of("PUBLIC", "PRIVATE", "DIRECT", "SELF"),
        "description": text,
        "sectionId": text,
        "addedById": nullable(one_id),
        "isArchived": flag,
        "isHidden": flag,
        "isMember": flag,
        "isMuted": flag,
        "isMain": flag,
        "isInitial": flag,
        "isAddonBot": flag,
        "isPumbleBot": flag,
        "notifyAboutRepliesInThreads": flag,
        "timestamp": second,
        "timestampMilli": whole,
        "lastMessageTimestamp": second,
        "lastMessageTimestampMilli": whole,
        "lastMarkTimestamp": millisecond,
        "lastMarkTimestampMilli": whole,
        "desktopNotificationPreferences": _PREFERENCE,
        "mobileNotificationPreferences": _PREFERENCE,
        "postingPermissions": POSTING_PERMISSIONS,
    },
    {"creatorId": text, "archivedById": nullable(one_id)},
)
ROOT_INFO = fields(
    {
        "repliesCount": whole,
        "replyCount": whole,
        "repliers": list_of(one_id),
        "lastReplyTimestamp": second,
        "lastReplyTimestampMilli": whole_seconds,
        "lastMarkTimestamp": millisecond,
        "lastMarkTimestampMilli": whole,
        "isFollowing": flag,
    }
)
REPLY_INFO = fields({"rootId": one_id, "replySentToChannel": flag, "rootText": text})
REACTION = fields({"user": one_id, "code": lambda code: re.fullmatch(r":[^:\s]+:", code)})
LEAF = fields({"type": text}, {"text": text, "highlight": text, "style": thing, "url": text})
BLOCK = fields(
    {
        "type": one_of("rich_text"),
        "elements": list_of(fields({"type": text, "elements": list_of(LEAF)}, {"indent": whole})),
    }
)
_MESSAGE: dict[str, Check] = {
    "id": one_id,
    "channelId": one_id,
    "workspaceId": one_id,
    "author": one_id,
    "text": text,
    "timestamp": second,
    "timestampMilli": whole_seconds,
    "authorAppId": nullable(one_id),
    "blocks": nullable(list_of(thing)),
    "attachments": list_of(thing),
    "files": list_of(thing),
    "linkPreviews": list_of(thing),
    "reactions": list_of(REACTION),
    "threadRootInfo": nullable(ROOT_INFO),
    "threadReplyInfo": nullable(REPLY_INFO),
    "deleted": flag,
    "edited": flag,
    "isFollowing": flag,
    "subtype": text,
    "localId": text,
    "savedTimestampMilli": whole,
}
_MORE_OF_MESSAGE: dict[str, Check] = {
    "sharedMessage": nullable(thing),
    "meta": nullable(thing),
    "quote": nullable(thing),
    "systemMessage": flag,
}
MESSAGE = fields(_MESSAGE, _MORE_OF_MESSAGE)
SEARCH_HIT = fields({**_MESSAGE, "highlightedBlocks": list_of(BLOCK)}, _MORE_OF_MESSAGE)
RECURRENCE = fields(
    {
        "recurrenceType": one_of(
            "DAILY",
            "BUSINESSDAYS",
            "WEEKLY",
            "BIWEEKLY",
            "MONTHLY_NTH_WEEKDAY",
            "MONTHLY_LAST_WEEKDAY",
            "QUARTERLY_NTH_WEEKDAY",
            "QUARTERLY_LAST_WEEKDAY",
            "ANNUALLY",
        )
    },
    {"endAfterOccurrences": whole, "endDate": whole},
)
SCHEDULED_MESSAGE = fields(
    {
        "id": one_id,
        "channelId": one_id,
        "workspaceId": one_id,
        "author": one_id,
        "text": text,
        "sendAt": whole,
        "blocks": list_of(thing),
        "attachments": list_of(thing),
        "files": list_of(thing),
        "alsoSendToChannel": flag,
        "threadRootId": nullable(one_id),
        "rootText": nullable(text),
        "quotedMessage": nullable(thing),
        "recurrence": nullable(RECURRENCE),
    },
    {"sentAt": whole},
)

LISTED_CHANNEL = fields({"channel": CHANNEL, "users": list_of(one_id), "pinnedMessages": list_of(MESSAGE)})
CHANNEL_INFO = fields({"channel": CHANNEL, "users": list_of(one_id)})
CHANNEL_REF = fields({"id": one_id, "name": text})
MESSAGE_REF = fields({"id": one_id, "channelId": one_id})
MESSAGE_PAGE = fields(
    {"messages": list_of(MESSAGE), "hasMoreBefore": nullable(flag), "hasMoreAfter": nullable(flag)}
)
SEARCH_PAGE = fields({"content": list_of(SEARCH_HIT), "totalElements": whole, "hasMore": flag})
SCHEDULED_PAGE = fields({"scheduledMessages": list_of(SCHEDULED_MESSAGE), "hasMore": flag})
KEY_INFO = fields(
    {
        "id": text,
        "name": text,
        "scopes": list_of(text),
        "channels": nullable(list_of(text)),
        "expiresAt": nullable(second),
    }
)
