"""What a key may do, as one value: made from outside input, compared, never widened. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from keys import ip_networks, scopes
from keys.exceptions import ChannelsInvalid, LimitInvalid, ScopeUnknown
from keys.pumble_ids import is_pumble_id

CALLS_PER_MINUTE = 1000
MAX_CHANNELS = 50  # that Pumble takes in one search
MAX_CHANNEL_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of a key.

    Attributes:
        scopes: in the order of `scopes.ALL`; never empty.
        channels: ids of the only channels it may touch and see, with the names they had; None for all of them.
        allowed_addresses: the only networks it may be used from, canonical CIDRs; empty for all of them.
        calls_per_minute: its own limit.
        expires_at: None for never.
    """

    scopes: list[str]
    channels: dict[str, str] | None
    allowed_addresses: list[str]
    calls_per_minute: int
    expires_at: datetime | None

    def first_wider_field(self, other: "Rights") -> str | None:
        """The right in which these go beyond `other`: the field's name; None where they stay within."""
        if not set(self.scopes) <= set(other.scopes):
            return "scopes"
        if other.channels is not None and not set(self.channels or {"": ""}) <= set(other.channels):
            return "channels"
        if other.allowed_addresses and not (
            self.allowed_addresses
            and ip_networks.are_subnets_of(self.allowed_addresses, other.allowed_addresses)
        ):
            return "allowed_addresses"
        if self.calls_per_minute > other.calls_per_minute:
            return "calls_per_minute"
        if other.expires_at is not None and (self.expires_at is None or self.expires_at > other.expires_at):
            return "expires_at"
        return None


def make(
    *,
    scopes_wanted: Iterable[str] = scopes.ALL,
    channels: Mapping[str, str] | None = None,
    allowed_addresses: Iterable[str] = (),
    calls_per_minute: int | None = None,
    expires_at: datetime | None = None,
) -> Rights:
    """Rights from what somebody asked for, checked and spelt canonically. Whether the end lies ahead is not looked at.

    Raises:
        ScopeUnknown, ChannelsInvalid, AddressInvalid, TooManyAddresses, LimitInvalid.
    """
    wanted = list(scopes_wanted)
    unknown = [scope for scope in wanted if scope not in scopes.ALL]
    if unknown or not wanted:
        raise ScopeUnknown(unknown)
    limit = CALLS_PER_MINUTE if calls_per_minute is None else calls_per_minute
    if not 1 <= limit <= CALLS_PER_MINUTE:
        raise LimitInvalid
    return Rights(
        scopes=scopes.in_order(wanted),
        channels=None if channels is None else _channels(channels),
        allowed_addresses=ip_networks.parse_networks(allowed_addresses),
        calls_per_minute=limit,
        expires_at=expires_at,
    )


def _channels(named: Mapping[str, str]) -> dict[str, str]:
    if not 1 <= len(named) <= MAX_CHANNELS or not all(map(is_pumble_id, named)):
        raise ChannelsInvalid
    return {channel_id: name[:MAX_CHANNEL_NAME_LENGTH] for channel_id, name in named.items()}
