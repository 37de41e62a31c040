"""IP addresses and networks of clients, in one canonical spelling. Pure."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from keys.exceptions import AddressInvalid, TooManyAddresses

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_NETWORKS = 50
_MAX_ADDRESS_LENGTH = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
_MAPPED_BITS = 96  # ::ffff:0:0/96 holds the IPv4 addresses


def parse_address(text: str) -> Address | None:
    """Return the address, or None if `text` is none. An IPv4-mapped IPv6 address becomes the IPv4 address."""
    text = text.strip()
    return _parse_address(text) if len(text) <= _MAX_ADDRESS_LENGTH else None


@lru_cache(maxsize=4096)
def _parse_address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def parse_network(text: str) -> Network:
    """Return the network. A single address becomes a network of one address.

    Raises:
        AddressInvalid: `text` is no network, has host bits set, or is the network of all addresses.
    """
    text = text.strip()
    if "%" in text:  # a zone index, which can be any text
        raise AddressInvalid(text)
    try:
        network = _unmap_ipv4(ipaddress.ip_network(text))
    except ValueError:
        raise AddressInvalid(text, _suggest_network(text)) from None
    if network.prefixlen == 0:
        raise AddressInvalid(text)
    return network


def parse_networks(texts: Iterable[str]) -> list[str]:
    """Return the networks in canonical spelling, each once, in their order.

    Raises:
        AddressInvalid: a text is no network.
        TooManyAddresses: there are more than 50.
    """
    networks = list(dict.fromkeys(str(parse_network(text)) for text in texts))
    if len(networks) > MAX_NETWORKS:
        raise TooManyAddresses
    return networks


def contains(networks: Iterable[str], address: str | None) -> bool:
    """Return whether one of the canonical `networks` contains the address."""
    parsed = parse_address(address) if address else None
    return parsed is not None and any(parsed in ipaddress.ip_network(network) for network in networks)


def are_subnets_of(narrower: Iterable[str], wider: Iterable[str]) -> bool:
    """Return whether every network of `narrower` is a subnet of one of `wider`. Both are canonical."""
    networks = [ipaddress.ip_network(network) for network in wider]
    return all(_is_subnet_of_any(ipaddress.ip_network(network), networks) for network in narrower)


def client_network(address: str | None) -> str:
    """Return what counts as one client when failures are counted: the IPv4 address, or the IPv6 /64 network."""
    parsed = parse_address(address) if address else None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed or "unknown")


def _is_subnet_of_any(network: Network, others: list[Network]) -> bool:
    return any(
        network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
        for other in others
    )


def _suggest_network(text: str) -> str | None:
    try:
        network = _unmap_ipv4(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None
    return str(network) if network.prefixlen else None


def _unmap_ipv4(network: Network) -> Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_BITS))
