"""Addresses and networks of clients. Pure: one spelling for each, whatever the input's."""

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
    """The address that `text` is, an IPv4-mapped IPv6 one as the IPv4 it means; None where it is none."""
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
    """The network that `text` names, a lone address as a network of one.

    Raises:
        AddressInvalid: it names none, has bits set behind the prefix, or admits every address there is.
    """
    text = text.strip()
    if "%" in text:  # a zone, which is any text at all
        raise AddressInvalid(text)
    try:
        network = _unmap_ipv4(ipaddress.ip_network(text))
    except ValueError:
        raise AddressInvalid(text, _suggest_network(text)) from None
    if network.prefixlen == 0:
        raise AddressInvalid(text)
    return network


def parse_networks(texts: Iterable[str]) -> list[str]:
    """The networks in their canonical spelling, each once, in the order given.

    Raises:
        AddressInvalid, TooManyAddresses.
    """
    networks = list(dict.fromkeys(str(parse_network(text)) for text in texts))
    if len(networks) > MAX_NETWORKS:
        raise TooManyAddresses
    return networks


def contains(networks: Iterable[str], address: str | None) -> bool:
    """Whether `address` lies in one of `networks`, which are canonical."""
    found = parse_address(address) if address else None
    return found is not None and any(found in ipaddress.ip_network(network) for network in networks)


def are_subnets_of(narrower: Iterable[str], wider: Iterable[str]) -> bool:
    """Whether every network of `narrower` lies in one of `wider`; both are canonical."""
    around = [ipaddress.ip_network(network) for network in wider]
    return all(_is_subnet_of_any(ipaddress.ip_network(network), around) for network in narrower)


def client_network(address: str | None) -> str:
    """Who counts as one client when wrong keys are counted: an IPv4 address, or an IPv6 /64."""
    found = parse_address(address) if address else None
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or "unknown")


def _is_subnet_of_any(network: Network, around: list[Network]) -> bool:
    return any(
        network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
        for other in around
    )


def _suggest_network(text: str) -> str | None:
    try:
        meant = _unmap_ipv4(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None
    return str(meant) if meant.prefixlen else None


def _unmap_ipv4(network: Network) -> Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_BITS))
