"""Find channels and people by id, name or e-mail, as the key's owner sees them.

The ids of names are cached per member for a minute, and fetched again once if a name is not found. Only names are cached:
each call checks membership anew.
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
_ALWAYS_ACCESSIBLE_TYPES = {"PUBLIC", "DIRECT", "SELF"}  # an unknown type is treated as private
_CACHE_SECONDS = 60


def find_channel(call: ApiCall, data: Json) -> Json:
    """Return the ChannelInfo for `channelId`, or else for `channel`, a name or an id.

    Raises:
        ChannelNotFound: the channel does not exist, or the owner cannot see it.
        ChannelNotAllowed: the key is restricted to other channels. It does not matter whether the channel exists.
    """
    if data.get("channelId"):
        return get_channel(call, data["channelId"])
    text = data["channel"].strip()
    if parse_id(text):
        with contextlib.suppress(ChannelNotFound, ChannelNotAllowed):  # a name may look like an id
            return get_channel(call, text)
    try:
        info = _channel_by_name(call, unicode_text.fold(text.removeprefix("#")))
    except ChannelNotFound:
        if call.key.channels is not None:
            raise ChannelNotAllowed(call.key.channels) from None
        raise
    call.observer.trace_ids(channel_id=info["channel"]["id"])
    if call.key.channels is not None and info["channel"]["id"] not in call.key.channels:
        raise ChannelNotAllowed(call.key.channels)
    return info


def get_accessible_channel(call: ApiCall, data: Json) -> Json:
    """Return the ChannelInfo for an operation on messages. A private channel requires the owner and the bot as members.

    Without the owner's membership, the bot would bypass Pumble's own permissions. A workspace key sees only public channels,
    and the channels on its list: see `is_visible`.

    Raises:
        ChannelNotFound, ChannelNotAllowed, BotNotInChannel.
    """
    try:
        info = find_channel(call, data)
    except (ChannelNotFound, ChannelNotAllowed):
        if call.is_workspace_key and _is_on_list(call, data):
            raise BotNotInChannel from None
        raise
    if not is_accessible(call, info):
        if not call.is_workspace_key and call.owner_id not in info["users"]:
            raise ChannelNotFound("channelId" if data.get("channelId") else "channel")
        raise BotNotInChannel
    return info


def _is_on_list(call: ApiCall, data: Json) -> bool:
    """Return whether the key's channel list has the id in `data`."""
    return call.key.channels is not None and (
        parse_id(str(data.get("channelId") or data.get("channel")).strip()) in call.key.channels
    )


def is_accessible(call: ApiCall, info: Json) -> bool:
    """Return whether the key may read and write messages of this channel."""
    return info["channel"].get("channelType") in _ALWAYS_ACCESSIBLE_TYPES or {
        call.owner_id,
        call.bot_user_id,
    } <= {*info["users"]}


def is_visible(call: ApiCall, info: Json) -> bool:
    """Return whether the channel exists for the key.

    The bot is a member of private channels, and of direct channels with everybody. A workspace key may use one only if it
    is on the key's channel list, where a member of the channel has put it.
    """
    return (
        not call.is_workspace_key
        or call.key.channels is not None
        or info["channel"].get("channelType") == "PUBLIC"
    )


def list_accessible_channel_ids(call: ApiCall) -> list[str]:
    """Return the ids of all channels whose messages the key may read."""
    return [info["channel"]["id"] for info in list_allowed_channels(call) if is_accessible(call, info)]


def list_allowed_channels(call: ApiCall) -> list[Json]:
    """Return the ChannelInfo of all channels that the owner can see and the key may use."""
    return [
        info
        for info in call.pumble.list_channels(ALL_TYPES)
        if call.allows(info["channel"]["id"]) and is_visible(call, info)
    ]


def get_channel(call: ApiCall, text: str) -> Json:
    """Return the ChannelInfo for the id in `text`.

    Raises:
        ChannelNotFound: `text` is not an id, or Pumble shows the owner no such channel, or it does not exist for the key.
        ChannelNotAllowed: the key is restricted to other channels. Pumble is not called.
    """
    channel_id = parse_id(text.strip())
    call.observer.trace_ids(channel_id=channel_id or "")
    if call.key.channels is not None and (channel_id is None or not call.allows(channel_id)):
        raise ChannelNotAllowed(call.key.channels)
    if channel_id is None:
        raise ChannelNotFound("channelId")
    if channel_id in call.channels_by_id:
        return call.channels_by_id[channel_id]
    try:
        info = call.pumble.get_channel(channel_id)
    except TokenRejected:
        raise
    except PumbleRefused as error:
        if error.status in {403, 404}:
            raise ChannelNotFound("channelId") from error
        raise
    if not is_visible(call, info):
        raise ChannelNotFound("channelId")
    call.channels_by_id[channel_id] = info
    return info


def find_user_ids(call: ApiCall, people: Iterable[str]) -> list[str]:
    """Return the ids of people given by id, e-mail or name, in order and without duplicates.

    Case, Unicode form and a leading @ do not matter.

    Raises:
        PeopleNotValid: a person is unknown, or several people have that name.
    """
    ids = []
    for person in people:
        text = person.strip()
        name = unicode_text.fold(text.removeprefix("@"))
        ids.append(parse_id(text) or _cached_id(call, "people", name, lambda: _fetch_people(call)) or "")
    if not all(ids):
        raise PeopleNotValid
    return list(dict.fromkeys(ids))


def _channel_by_name(call: ApiCall, name: str) -> Json:
    channels: list[Json] = []

    def names() -> dict[str, str]:
        channels.extend(info for info in call.pumble.list_channels(_NAMED_TYPES) if is_visible(call, info))
        return {_name_of(info): info["channel"]["id"] for info in reversed(channels) if _name_of(info)}

    channel_id = _cached_id(call, "channels", name, names)
    fresh = next((info for info in channels if info["channel"]["id"] == channel_id), None)
    if fresh is not None:
        call.channels_by_id[fresh["channel"]["id"]] = fresh
        return fresh
    if channel_id is not None:
        with contextlib.suppress(ChannelNotFound):
            info = get_channel(call, channel_id)
            if _name_of(info) == name:
                return info
        _drop_cache(call, "channels")  # the channel was renamed or deleted
        return _channel_by_name(call, name)
    raise ChannelNotFound("channel")


def _name_of(info: Json) -> str:
    return unicode_text.fold(str(info["channel"].get("name") or ""))


def _fetch_people(call: ApiCall) -> dict[str, str]:
    """Return ids by e-mail and name. Ambiguous ones map to "". An e-mail takes precedence over a name."""
    users = call.pumble.list_users()
    active = [user for user in users if user.get("status") != "DEACTIVATED"]
    return _ids_by(active, "name") | _ids_by(users, "email")


def _ids_by(users: list[Json], field: str) -> dict[str, str]:
    ids: dict[str, str] = {}
    for user in users:
        if text := unicode_text.fold(str(user.get(field) or "")):
            ids[text] = "" if text in ids else user["id"]
    return ids


def _cached_id(call: ApiCall, kind: str, name: str, fetch: Callable[[], dict[str, str]]) -> str | None:
    """Return the id for `name`, from the cache or else from `fetch`."""
    key = _cache_key(call, kind)
    ids: dict[str, Any] | None = caches["local"].get(key)
    if ids is None or not ids.get(name):
        ids = fetch()
        caches["local"].set(key, ids, _CACHE_SECONDS)
    return ids.get(name) or None


def _drop_cache(call: ApiCall, kind: str) -> None:
    caches["local"].delete(_cache_key(call, kind))


def _cache_key(call: ApiCall, kind: str) -> str:
    """Return the name of the cached ids. Workspace keys with and without a channel list see different channels."""
    limited = "-on-a-list" if call.is_workspace_key and call.key.channels is not None else ""
    return f"{kind}-of-{call.key.owner_id}{limited}"
