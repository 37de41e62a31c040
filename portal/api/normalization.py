"""Fill in what Pumble leaves null and the contract requires.

All other fields pass unchanged. Each table has the default of a field that must not be null.
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
# Fields that are omitted if null: clients accept their absence, but no empty value.
_CHANNEL_OMIT = {
    *("creatorId", "postingPermissions", "postingPermissionsV2", "notifyAboutRepliesInThreads"),
    *("isArchived", "isHidden", "isMember", "isMuted", "isMain", "isInitial", "isAddonBot", "isPumbleBot"),
    *("timestamp", "timestampMilli", "lastMessageTimestamp", "lastMessageTimestampMilli"),
    *("lastMarkTimestamp", "lastMarkTimestampMilli"),
}
_USER_OMIT = {"timeFormat"}
_RECURRENCE_OMIT = {"endAfterOccurrences", "endDate"}
_ROLES = {"OWNER": "OWNER", "ADMINISTRATOR": "ADMIN", "USER": "MEMBER"}


def user(data: Json) -> Json:
    """Return a User. A person's role becomes OWNER, ADMIN, MEMBER or GUEST. A bot's role does not change."""
    filled = fill_nulls(data, _USER, _USER_OMIT)
    avatar = data.get("avatar") if isinstance(data.get("avatar"), dict) else {}
    filled["avatar"] = {name: (avatar or {}).get(name) or "" for name in ("fullPath", "scaledPath")}
    role = str(data.get("role") or "USER")
    if not (filled["isAddonBot"] or filled["isPumbleBot"]):
        role = "GUEST" if role.startswith("GUEST") else _ROLES.get(role, role)
    return filled | {"role": role}


def channel(data: Json) -> Json:
    return fill_nulls(data, _CHANNEL, _CHANNEL_OMIT)


def channel_entry(info: Json) -> Json:
    """Return an entry of listChannels. Pinned messages that are mere references are left out."""
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


def message(data: Json) -> Json:
    """Return a Message. A thread's counter gets both names that clients know."""
    filled = fill_nulls(data, _MESSAGE, set())
    filled["reactions"] = _reactions(filled["reactions"])
    root = filled.get("threadRootInfo")
    if isinstance(root, dict) and "repliesCount" in root:
        filled["threadRootInfo"] = root | {"replyCount": root["repliesCount"]}
    return filled


def search_result(result: Json) -> Json:
    """Return `{content, totalElements, hasMore}`."""
    hits = [
        message(hit) | {"highlightedBlocks": _highlight_as_text(hit.get("highlightedBlocks") or [])}
        for hit in result["content"]
    ]
    total = result.get("totalElements")
    counted = total if isinstance(total, int) else 0
    return {
        "content": hits,
        "totalElements": max(counted, len(hits)),
        "hasMore": bool(result.get("hasMore")),
    }


def user_group(data: Json) -> Json:
    return fill_nulls(data, _USER_GROUP, set())


def scheduled_message(data: Json) -> Json:
    """Return a ScheduledMessage. Pumble names its time `sendAt` or `sentAt`."""
    filled = fill_nulls(data, _SCHEDULED, set())
    if isinstance(filled.get("recurrence"), dict):
        filled["recurrence"] = fill_nulls(filled["recurrence"], {}, _RECURRENCE_OMIT)
    return filled if filled.get("sendAt") is not None else filled | {"sendAt": data.get("sentAt") or 0}


def _highlight_as_text(blocks: Any) -> Any:
    """Return blocks whose `highlight` is the text that was found. Pumble may send `true`, which clients do not accept."""
    if isinstance(blocks, list):
        return [_highlight_as_text(item) for item in blocks]
    if not isinstance(blocks, dict):
        return blocks
    marked = {name: _highlight_as_text(value) for name, value in blocks.items() if name != "highlight"}
    mark = blocks.get("highlight")
    if not mark:
        return marked
    return marked | {"highlight": mark if isinstance(mark, str) else str(blocks.get("text") or "true")}


def _reactions(data: Any) -> list[Json]:
    """Return one object per person and emoji. Pumble may group people."""
    single = []
    for item in data if isinstance(data, list) else []:
        if isinstance(item, dict):
            users = item["users"] if isinstance(item.get("users"), list) else [item.get("user")]
            single += [{"user": who, "code": item["code"]} for who in users if who and item.get("code")]
    return single


def fill_nulls(data: Json, defaults: Json, omit: set[str]) -> Json:
    """Return the object with defaults for null and missing fields, without null fields in `omit`."""
    filled = dict(data)
    if not defaults.keys() <= data.keys():  # quicker than a loop, and usually enough
        for name in defaults.keys() - data.keys():
            filled[name] = defaults[name]
    if None in data.values():
        for name in [name for name, value in data.items() if value is None]:
            if name in defaults:
                filled[name] = defaults[name]
            elif name in omit:
                del filled[name]
    return filled
