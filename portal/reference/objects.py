"""What answers are made of: the objects of the contract as schemas, with what is required and what may be null.

More fields than these may come; clients ignore those they do not know.
"""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from keys.pumble_ids import PUMBLE_ID

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Schema = dict[str, Any]

ID_PATTERN = f"^{PUMBLE_ID}$"


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(items: Schema, text: "StrPromise | None" = None) -> Schema:
    return _said({"type": "array", "items": items}, text)


def _said(schema: Schema, text: "StrPromise | None") -> Schema:
    return schema if text is None else schema | {"description": text}


def _text(text: "StrPromise | None" = None) -> Schema:
    return _said({"type": "string"}, text)


def _id(text: "StrPromise | None" = None) -> Schema:
    return _said({"type": "string", "pattern": ID_PATTERN}, text)


def _whole(text: "StrPromise | None" = None) -> Schema:
    return _said({"type": "integer", "format": "int64"}, text)


def _flag(text: "StrPromise | None" = None) -> Schema:
    return _said({"type": "boolean"}, text)


def _moment(text: "StrPromise | None" = None) -> Schema:
    return _said({"type": "string", "format": "date-time"}, text)


def _nullable(schema: Schema) -> Schema:
    return schema | {"nullable": True}


def _object(
    required: dict[str, Schema] | None = None,
    optional: dict[str, Schema] | None = None,
    text: "StrPromise | None" = None,
) -> Schema:
    required = required or {}
    schema: Schema = {"type": "object"}
    if properties := required | (optional or {}):
        schema["properties"] = properties
    if required:
        schema["required"] = list(required)
    return _said(schema, text)


_PICTURE = {"fullPath": _text(_("Address of the picture")), "scaledPath": _text(_("Address of a small one"))}
_STATUS = {
    "code": _text(_("An emoji as :code:")),
    "status": _text(),
    "expiration": _text(),
    "expiresAt": _whole(_("Epoch milliseconds")),
    "showUntil": _flag(),
}
_ROOT_INFO = {
    "repliesCount": _whole(_("How many replies")),
    "replyCount": _whole(_("The same, by its other name")),
    "repliers": list_of(_id(), _("Who replied")),
    "lastReplyTimestamp": _moment(),
    "lastReplyTimestampMilli": _whole(),
    "lastMarkTimestamp": _moment(),
    "lastMarkTimestampMilli": _whole(),
    "isFollowing": _flag(),
}
_REPLY_INFO = {
    "rootId": _id(_("The message that began the thread")),
    "replySentToChannel": _flag(),
    "rootText": _text(),
}
_POSTING = {
    "allowThreads": _flag(),
    "allowMentions": _flag(),
    "postingPermissionsGroup": _text(_("EVERYONE, WORKSPACE_ADMINS or SPECIFIC_USERS")),
}
_RECURRENCE = {
    "recurrenceType": _text(),
    "endAfterOccurrences": _nullable(_whole()),
    "endDate": _nullable(_whole(_("Epoch milliseconds"))),
}
_BLOCKS = list_of(ref("Block"), _("Rich text; shown instead of `text`"))
_MESSAGE_REQUIRED = {
    "id": _id(),
    "channelId": _id(),
    "workspaceId": _id(),
    "author": _id(_("The user who wrote it")),
    "text": _text(_("Empty for a deleted message, or one that has only blocks")),
    "timestamp": _moment(),
    "timestampMilli": _whole(_("Epoch milliseconds, of whole seconds")),
}
_MESSAGE_OPTIONAL = {
    "authorAppId": _nullable(_text(_("The app, for what a bot wrote"))),
    "blocks": _nullable(_BLOCKS),
    "attachments": list_of(_object()),
    "files": list_of(_object()),
    "linkPreviews": list_of(_object()),
    "reactions": list_of(ref("Reaction"), _("One object per person and emoji")),
    "threadRootInfo": _nullable(_object({}, _ROOT_INFO, _("For a message that has replies"))),
    "threadReplyInfo": _nullable(_object({}, _REPLY_INFO, _("For a reply"))),
    "sharedMessage": _nullable(_object()),
    "meta": _nullable(_object()),
    "deleted": _flag(_("True for the empty place of a deleted message that had replies")),
    "edited": _flag(),
    "isFollowing": _flag(),
    "subtype": _text(_("Names the kind of a system message; empty otherwise")),
    "localId": _text(),
    "savedTimestampMilli": _whole(),
}

OBJECTS: dict[str, Schema] = {
    "Empty": _object(text=_("An empty object: it worked, and there is nothing to tell.")),
    "StatusOk": _object({"status": {"type": "string", "enum": ["ok"]}}),
    "MessageRef": _object({"id": _id(), "channelId": _id()}, text=_("Where something new can be found.")),
    "ChannelRef": _object({"id": _id(), "name": _text(_("As it is stored"))}),
    "User": _object(
        {
            "id": _id(),
            "workspaceId": _id(),
            "email": _text(_("Empty for bots")),
            "name": _text(),
            "role": _text(_("OWNER, ADMIN, MEMBER or GUEST; USER for bots")),
            "status": _text(_("ACTIVATED, DEACTIVATED or INVITED")),
            "isAddonBot": _flag(_("The bot of an app")),
            "isPumbleBot": _flag(_("Pumble's own bot")),
        },
        {
            "title": _text(),
            "phone": _text(),
            "avatar": _object({}, _PICTURE),
            "customStatus": _nullable(_object({}, _STATUS)),
            "timeZoneId": _text(_("As Europe/Madrid")),
            "automaticallyTimeZone": _flag(),
            "timeFormat": _whole(),
            "activeUntil": _whole(_("Epoch milliseconds; 0 where unknown")),
            "invitedBy": _nullable(_id()),
            "broadcastWarningShownTs": _nullable(_whole()),
        },
        _("A person or a bot of the workspace."),
    ),
    "UserGroup": _object(
        {
            "id": _id(),
            "workspaceId": _id(),
            "name": _text(),
            "handle": _text(_("How it is mentioned, without @")),
        },
        {
            "description": _nullable(_text()),
            "disabled": _flag(),
            "createdBy": _text(),
            "workspaceUserIds": list_of(_id(), _("The members' ids")),
        },
    ),
    "Channel": _object(
        {
            "id": _id(),
            "workspaceId": _id(),
            "name": _text(_("Empty for direct channels")),
            "channelType": _text(_("PUBLIC, PRIVATE, DIRECT or SELF; others may come")),
        },
        {
            "description": _text(),
            "sectionId": _text(),
            "creatorId": _text(),
            "addedById": _nullable(_text()),
            "isArchived": _flag(),
            "isHidden": _flag(),
            "isMember": _flag(_("Whether the key's owner is a member")),
            "isMuted": _flag(),
            "isMain": _flag(_("The channel that everybody is in")),
            "isInitial": _flag(),
            "isAddonBot": _flag(),
            "isPumbleBot": _flag(),
            "notifyAboutRepliesInThreads": _flag(),
            "timestamp": _moment(_("When it was created")),
            "timestampMilli": _whole(),
            "lastMessageTimestamp": _moment(),
            "lastMessageTimestampMilli": _whole(),
            "lastMarkTimestamp": _moment(_("Up to where the key's owner has read")),
            "lastMarkTimestampMilli": _whole(),
            "desktopNotificationPreferences": _nullable(_text(_("EVERYTHING, MENTIONS or NONE"))),
            "mobileNotificationPreferences": _nullable(_text(_("EVERYTHING, MENTIONS or NONE"))),
            "postingPermissions": _object({}, _POSTING | {"workspaceUserIds": list_of(_id())}),
            "postingPermissionsV2": _object(
                {},
                _POSTING
                | {
                    name: list_of(_id())
                    for name in ("allowedUserIds", "allowedGroupIds", "blockedUserIds", "blockedGroupIds")
                }
                | {"blockGuests": _flag()},
            ),
        },
        _("A channel, as the key's owner sees it."),
    ),
    "ChannelInfo": _object({"channel": ref("Channel"), "users": list_of(_id(), _("The members' ids"))}),
    "ChannelListEntry": _object(
        {
            "channel": ref("Channel"),
            "users": list_of(_id(), _("The members' ids")),
            "pinnedMessages": list_of(ref("Message")),
        }
    ),
    "Block": _object(
        {"type": _text(_("As rich_text, rich_text_section, text, link, emoji or user"))},
        {"elements": list_of(ref("Block")), "text": _text()},
        _("A piece of rich text; pieces hold pieces. Everything in it is passed on untouched."),
    ),
    "Reaction": _object({"user": _id(), "code": _text(_("An emoji as :code:"))}),
    "Message": _object(_MESSAGE_REQUIRED, _MESSAGE_OPTIONAL),
    "MessagePage": _object(
        {
            "messages": list_of(ref("Message"), _("Oldest first")),
            "hasMoreBefore": _nullable(_flag(_("Null where this side was not looked at"))),
            "hasMoreAfter": _nullable(_flag(_("Null where this side was not looked at"))),
        }
    ),
    "SearchHit": _object(
        _MESSAGE_REQUIRED,
        _MESSAGE_OPTIONAL
        | {
            "highlightedBlocks": _nullable(list_of(ref("Block"), _("The blocks, with what was found marked")))
        },
        _("A message that was found."),
    ),
    "SearchResult": _object(
        {
            "content": list_of(ref("SearchHit")),
            "totalElements": _whole(_("All hits, also those of other pages")),
            "hasMore": _flag(),
        }
    ),
    "ScheduledMessage": _object(
        {
            "id": _id(),
            "channelId": _id(),
            "workspaceId": _id(),
            "author": _id(_("The user who wrote it")),
            "text": _text(),
            "sendAt": _whole(_("Epoch milliseconds")),
        },
        {
            "blocks": _BLOCKS,
            "attachments": list_of(_object()),
            "files": list_of(_object()),
            "alsoSendToChannel": _flag(),
            "threadRootId": _nullable(_text()),
            "rootText": _nullable(_text()),
            "quotedMessage": _nullable(_object()),
            "recurrence": _nullable(_object({}, _RECURRENCE)),
        },
    ),
    "ScheduledMessagePage": _object(
        {"scheduledMessages": list_of(ref("ScheduledMessage")), "hasMore": _flag()}
    ),
    "KeyInfo": _object(
        {
            "id": _text(_("The public part of the key")),
            "name": _text(),
            "scopes": list_of(_text()),
            "channels": _nullable(list_of(_id(), _("Null for a key that is not bound to channels"))),
            "expiresAt": _nullable(_moment(_("Null for a key that does not expire"))),
        }
    ),
}
