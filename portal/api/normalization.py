"""Mends what Pumble sends where it would break a client of the contract: never null where a value is due.

Everything else passes through untouched. Each table says the neutral value of a field that may not be null.
"""

from typing import Any

Json = dict[str, Any]

_USER = {
    "email": "",
    "name": "",
    "title": "",
    "phone": "",
    "status": "ACTIVATED",
    "timeZoneId": "",
    "automaticallyTimeZone": False,
    "activeUntil": 0,
    "isAddonBot": False,
    "isPumbleBot": False,
}
_CHANNEL = {"name": "", "description": "", "sectionId": ""}
_MESSAGE: Json = {
    "text": "",
    "subtype": "",
    "localId": "",
    "attachments": [],
    "files": [],
    "linkPreviews": [],
    "reactions": [],
    "deleted": False,
    "edited": False,
    "isFollowing": False,
    "savedTimestampMilli": 0,
}
_USER_GROUP: Json = {"name": "", "handle": "", "disabled": False, "createdBy": "", "workspaceUserIds": []}
_SCHEDULED: Json = {"text": "", "blocks": [], "attachments": [], "files": [], "alsoSendToChannel": False}
# Fields that must be left out rather than be null: clients take their absence, not their emptiness.
_CHANNEL_OMIT = {
    *("creatorId", "postingPermissions", "postingPermissionsV2", "notifyAboutRepliesInThreads"),
    *("isArchived", "isHidden", "isMember", "isMuted", "isMain", "isInitial", "isAddonBot", "isPumbleBot"),
    *("timestamp", "timestampMilli", "lastMessageTimestamp", "lastMessageTimestampMilli"),
    *("lastMarkTimestamp", "lastMarkTimestampMilli"),
}
_USER_OMIT = {"timeFormat"}
_RECURRENCE_OMIT = {"endAfterOccurrences", "endDate"}
_ROLES = {"OWNER": "OWNER", "ADMINISTRATOR": "ADMIN", "USER": "MEMBER"}


def user(sent: Json) -> Json:
    """A User; people's roles have the contract's names OWNER, ADMIN, MEMBER, GUEST, a bot's stays as it is."""
    filled = fill_nulls(sent, _USER, _USER_OMIT)
    avatar = sent.get("avatar") if isinstance(sent.get("avatar"), dict) else {}
    filled["avatar"] = {name: (avatar or {}).get(name) or "" for name in ("fullPath", "scaledPath")}
    role = str(sent.get("role") or "USER")
    if not (filled["isAddonBot"] or filled["isPumbleBot"]):
        role = "GUEST" if role.startswith("GUEST") else _ROLES.get(role, role)
    return filled | {"role": role}


def channel(sent: Json) -> Json:
    return fill_nulls(sent, _CHANNEL, _CHANNEL_OMIT)


def channel_entry(info: Json) -> Json:
    """An entry of listChannels. Pinned messages come from Pumble as references, which no client can read."""
    pinned = info.get("pinnedMessages")
    whole = (
        [item for item in pinned if isinstance(item, dict) and "text" in item]
        if isinstance(pinned, list)
        else []
    )
    return {
        "channel": channel(info["channel"]),
        "users": info["users"],
        "pinnedMessages": [message(m) for m in whole],
    }


def message(sent: Json) -> Json:
    """A Message; the counter of a thread goes by both names that clients know."""
    filled = fill_nulls(sent, _MESSAGE, set())
    filled["reactions"] = _reactions(filled["reactions"])
    root = filled.get("threadRootInfo")
    if isinstance(root, dict) and "repliesCount" in root:
        filled["threadRootInfo"] = root | {"replyCount": root["repliesCount"]}
    return filled


def search_result(found: Json) -> Json:
    """`{content, totalElements, hasMore}`."""
    hits = [
        message(hit) | {"highlightedBlocks": _marked(hit.get("highlightedBlocks") or [])}
        for hit in found["content"]
    ]
    total = found.get("totalElements")
    counted = total if isinstance(total, int) else 0
    return {
        "content": hits,
        "totalElements": max(counted, len(hits)),
        "hasMore": bool(found.get("hasMore")),
    }


def user_group(sent: Json) -> Json:
    return fill_nulls(sent, _USER_GROUP, set())


def scheduled_message(sent: Json) -> Json:
    """A ScheduledMessage; Pumble calls the time by two names."""
    filled = fill_nulls(sent, _SCHEDULED, set())
    if isinstance(filled.get("recurrence"), dict):
        filled["recurrence"] = fill_nulls(filled["recurrence"], {}, _RECURRENCE_OMIT)
    return filled if filled.get("sendAt") is not None else filled | {"sendAt": sent.get("sentAt") or 0}


def _marked(blocks: Any) -> Any:
    """Blocks in which `highlight` is what was found: clients take it for a text, where Pumble may say just true."""
    if isinstance(blocks, list):
        return [_marked(item) for item in blocks]
    if not isinstance(blocks, dict):
        return blocks
    marked = {name: _marked(value) for name, value in blocks.items() if name != "highlight"}
    mark = blocks.get("highlight")
    if not mark:
        return marked
    return marked | {"highlight": mark if isinstance(mark, str) else str(blocks.get("text") or "true")}


def _reactions(sent: Any) -> list[Json]:
    """One object per person and emoji, also where Pumble groups the people of one."""
    single = []
    for item in sent if isinstance(sent, list) else []:
        if isinstance(item, dict):
            users = item["users"] if isinstance(item.get("users"), list) else [item.get("user")]
            single += [{"user": who, "code": item["code"]} for who in users if who and item.get("code")]
    return single


def fill_nulls(sent: Json, neutral: Json, omit: set[str]) -> Json:
    filled = dict(sent)
    if not neutral.keys() <= sent.keys():  # quicker than to find out which, and mostly enough
        for name in neutral.keys() - sent.keys():
            filled[name] = neutral[name]
    if None in sent.values():
        for name in [name for name, value in sent.items() if value is None]:
            if name in neutral:
                filled[name] = neutral[name]
            elif name in omit:
                del filled[name]
    return filled
