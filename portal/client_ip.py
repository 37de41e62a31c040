"""Find the client's IP address, through trusted proxies."""

from collections.abc import Mapping

from django.conf import settings

from keys.ip_networks import Address, parse_address


def get_client_ip(meta: Mapping[str, object]) -> str | None:
    """Return the client's address, or None if the connection has none. An IPv4-mapped IPv6 address becomes IPv4.

    `X-Forwarded-For` is read from the right: the first address that is not a trusted proxy is the client's. At an entry
    that cannot be parsed, the address after it is returned.
    """
    address = parse_address(str(meta.get("REMOTE_ADDR") or ""))
    for entry in reversed(str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")):
        if address is None or not is_trusted_proxy(address):
            break
        previous = parse_address(_strip_port(entry.strip()))
        if previous is None:
            break
        address = previous
    return str(address) if address else None


def is_trusted_proxy(address: Address) -> bool:
    """Return whether the address is in TRUSTED_PROXIES."""
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _strip_port(entry: str) -> str:
    """Return the address without a port. Some proxies write 192.0.2.1:4711 or [2001:db8::1]:4711."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
