"""Who may give a workspace key access to a channel: everybody to a public channel, and its members to any other.

The app's bot reads the channels on the list of a workspace key. Without this check, an administrator could read a private
channel through the bot. So the person who gets the plaintext of the key must be a member of each private channel on the list.
Ask before a transaction: Pumble is called.
"""

import logging
from collections.abc import Mapping

from keys.exceptions import ChannelsNotChecked, NotInChannel
from keys.models import ApiKey, Member
from pumble_bridge import clients, deadline, resilience
from pumble_bridge.client import Json
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.models import Authorization

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 1.5  # also within the response to a hook
_TYPES = ("PUBLIC", "PRIVATE", "DIRECT", "SELF")


def require_access(member: Member | None, channels: Mapping[str, str] | None) -> None:
    """Raise unless the member may give a workspace key with this channel list to a program.

    Raises:
        NotInChannel: they are no member of a private channel, or it does not exist for them.
        ChannelsNotChecked: Pumble does not answer, or does not know the member.
    """
    if not channels:
        return
    infos = {info["channel"]["id"]: info for info in _list_channels(member)}
    foreign = [
        f"#{name}" if name else channel_id
        for channel_id, name in channels.items()
        if not _may_list(member, infos.get(channel_id))
    ]
    if foreign:
        raise NotInChannel(foreign)


def require_access_to_key(member: Member | None, key: ApiKey) -> None:
    """Raise unless the member may get the plaintext of a successor of the key: see `require_access`.

    The keys of people need no check, because they act with the rights of their owner.
    """
    if key.is_workspace_key:
        require_access(member, key.channels)


def _may_list(member: Member | None, info: Json | None) -> bool:
    if info is None or member is None:
        return False
    return info["channel"].get("channelType") == "PUBLIC" or member.pumble_user_id in info["users"]


def _list_channels(member: Member | None) -> list[Json]:
    authorization = Authorization.objects.select_related("member__workspace").filter(member=member).first()
    pumble = clients.client_for_member(authorization) if authorization else None
    if pumble is None or authorization is None:
        raise ChannelsNotChecked
    try:
        with deadline.within(_TIMEOUT_SECONDS), resilience.PAGES.slot(authorization.member.workspace_id):
            return pumble.list_channels(_TYPES)
    except PumbleError as error:
        log.warning("workspace_key.channels_not_checked", exc_info=True)
        raise ChannelsNotChecked from error
