"""The rights of a key as one value: validated, compared, never widened. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from keys import ip_networks, scopes
from keys.exceptions import ChannelsInvalid, LimitInvalid, ScopeUnknown
from keys.pumble_ids import is_pumble_id

CALLS_PER_MINUTE = 1000
MAX_CHANNELS = 50  # as many as Pumble accepts in one search
MAX_CHANNEL_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of a key.

    Attributes:
        scopes: in the order of `scopes.KNOWN`; never empty.
        channels: the channels that it is limited to, by id, with the name that each had; None for all channels.
        allowed_addresses: the networks that it may be used from, as canonical CIDRs; empty for all.
        calls_per_minute: its own rate limit, 1 to 1,000.
        expires_at: aware; None for never.
    """

    scopes: list[str]
    channels: dict[str, str] | None
    allowed_addresses: list[str]
    calls_per_minute: int
    expires_at: datetime | None

    def first_wider_field(self, other: "Rights") -> str | None:
        """Return the name of the first field in which these rights exceed `other`, or None."""
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
    """Return validated rights in canonical form. Whether the expiry is in the future is not checked.

    Args:
        calls_per_minute: None for 1,000.

    Raises:
        ScopeUnknown, ChannelsInvalid, AddressInvalid, TooManyAddresses, LimitInvalid.
    """
    wanted = list(scopes_wanted)
    unknown = [scope for scope in wanted if scope not in scopes.KNOWN]
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
