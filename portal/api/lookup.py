"""How operations find the channel and the people they are told: by id, name or e-mail, as the key's owner sees them.

What a name means is remembered per member for a minute, and asked anew once where it does not fit. Only the meaning of
names is remembered: membership is looked at on every call.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache import caches

from keys import unicode_text
from keys.exceptions import ChannelNotAllowed
from portal.api.calls import ApiCall
from portal.api.exceptions import BotNotInChannel, ChannelNotFound, PeopleNotValid
from portal.api.serializers.base import parse_id
from pumble_bridge.client import Json
from pumble_bridge.exceptions import PumbleRefused, TokenRejected

ALL_TYPES = ("PUBLIC", "PRIVATE", "DIRECT", "SELF")
_NAMED_TYPES = ("PUBLIC", "PRIVATE")
_ALWAYS_ACCESSIBLE_TYPES = {"PUBLIC", "DIRECT", "SELF"}  # a type nobody knows yet is treated as private
_REMEMBERED_SECONDS = 60


def find_channel(call: ApiCall, data: Json) -> Json:
    """ChannelInfo of the channel that `data` names by `channelId` or else by `channel`, a name or an id.

    Raises:
        ChannelNotFound: there is none, or none the owner can see.
        ChannelNotAllowed: the key is bound to channels, and this is none of them, whether it exists or not.
    """
    if data.get("channelId"):
        return get_channel(call, data["channelId"])
    wanted = data["channel"].strip()
    if parse_id(wanted):
        with contextlib.suppress(ChannelNotFound, ChannelNotAllowed):  # then it may be a name of that form
            return get_channel(call, wanted)
    try:
        info = _channel_by_name(call, unicode_text.fold(wanted.removeprefix("#")))
    except ChannelNotFound:
        if call.key.channels is not None:
            raise ChannelNotAllowed from None
        raise
    if not call.allows(info["channel"]["id"]):
        raise ChannelNotAllowed
    return info


def get_accessible_channel(call: ApiCall, data: Json) -> Json:
    """As `find_channel`, for operations on messages: a private channel only where owner and bot are both members.

    Without the owner's membership the bot would become a way around Pumble's own permissions.

    Raises:
        ChannelNotFound, ChannelNotAllowed, BotNotInChannel.
    """
    info = find_channel(call, data)
    if not is_accessible(call, info):
        if call.owner_id not in info["users"]:
            raise ChannelNotFound
        raise BotNotInChannel
    return info


def is_accessible(call: ApiCall, info: Json) -> bool:
    """Whether messages of this channel may be read and written through the key."""
    return info["channel"].get("channelType") in _ALWAYS_ACCESSIBLE_TYPES or {
        call.owner_id,
        call.bot_user_id,
    } <= {*info["users"]}


def list_accessible_channel_ids(call: ApiCall) -> list[str]:
    """Every channel whose messages may be read through the key."""
    return [info["channel"]["id"] for info in list_allowed_channels(call) if is_accessible(call, info)]


def list_allowed_channels(call: ApiCall) -> list[Json]:
    """ChannelInfo of every channel that the owner can see and the key may."""
    return [info for info in call.pumble.list_channels(ALL_TYPES) if call.allows(info["channel"]["id"])]


def get_channel(call: ApiCall, text: str) -> Json:
    """
    Raises:
        ChannelNotFound: `text` is no id, or Pumble shows the owner no such channel.
        ChannelNotAllowed: the key is bound to other channels; Pumble was not asked.
    """
    channel_id = parse_id(text.strip())
    if call.key.channels is not None and (channel_id is None or not call.allows(channel_id)):
        raise ChannelNotAllowed
    if channel_id is None:
        raise ChannelNotFound
    try:
        return call.pumble.get_channel(channel_id)
    except TokenRejected:
        raise
    except PumbleRefused as error:
        if error.status in {403, 404}:
            raise ChannelNotFound from error
        raise


def find_user_ids(call: ApiCall, wanted: Iterable[str]) -> list[str]:
    """Ids of people given by id, e-mail or name (case, Unicode form and a leading @ do not matter), in order, each once.

    Raises:
        PeopleNotValid: one of them is nobody of the workspace, or several people go by that name.
    """
    ids = []
    for one in wanted:
        text = one.strip()
        name = unicode_text.fold(text.removeprefix("@"))
        ids.append(parse_id(text) or _remembered(call, "people", name, lambda: _people_names(call)) or "")
    if not all(ids):
        raise PeopleNotValid
    return list(dict.fromkeys(ids))


def _channel_by_name(call: ApiCall, name: str) -> Json:
    listed: list[Json] = []

    def names() -> dict[str, str]:
        listed.extend(call.pumble.list_channels(_NAMED_TYPES))
        return {_name_of(info): info["channel"]["id"] for info in reversed(listed) if _name_of(info)}

    known = _remembered(call, "channels", name, names)
    fresh = next((info for info in listed if info["channel"]["id"] == known), None)
    if fresh is not None:
        return fresh
    if known is not None:
        with contextlib.suppress(ChannelNotFound):
            info = get_channel(call, known)
            if _name_of(info) == name:
                return info
        _forget(call, "channels")  # renamed or gone since
        return _channel_by_name(call, name)
    raise ChannelNotFound


def _name_of(info: Json) -> str:
    return unicode_text.fold(str(info["channel"].get("name") or ""))


def _people_names(call: ApiCall) -> dict[str, str]:
    """E-mails and names to ids. What several people have means nobody; an e-mail goes before anybody's name."""
    users = call.pumble.list_users()
    active = [user for user in users if user.get("status") != "DEACTIVATED"]
    return _ids_by(active, "name") | _ids_by(users, "email")


def _ids_by(users: list[Json], field: str) -> dict[str, str]:
    ids: dict[str, str] = {}
    for user in users:
        if text := unicode_text.fold(str(user.get(field) or "")):
            ids[text] = "" if text in ids else user["id"]
    return ids


def _remembered(call: ApiCall, kind: str, name: str, ask: Callable[[], dict[str, str]]) -> str | None:
    """The id that `name` means, from memory or else from `ask`."""
    key = _memory(call, kind)
    known: dict[str, Any] | None = caches["local"].get(key)
    if known is None or not known.get(name):
        known = ask()
        caches["local"].set(key, known, _REMEMBERED_SECONDS)
    return known.get(name) or None


def _forget(call: ApiCall, kind: str) -> None:
    caches["local"].delete(_memory(call, kind))


def _memory(call: ApiCall, kind: str) -> str:
    return f"{kind}-of-{call.key.owner_id}"
