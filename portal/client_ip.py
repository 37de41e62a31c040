"""Where a request comes from: the connection's address, or what proxies that are trusted say of it."""

from collections.abc import Mapping

from django.conf import settings

from keys.ip_networks import Address, parse_address


def get_client_ip(meta: Mapping[str, object]) -> str | None:
    """The caller's address, an IPv4-mapped one as IPv4; None where the connection has none.

    `X-Forwarded-For` counts only as far as trusted proxies wrote it: the right-most address that is no such proxy. Where
    the chain cannot be read, the last proxy that could be is all that is known.
    """
    address = parse_address(str(meta.get("REMOTE_ADDR") or ""))
    for entry in reversed(str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")):
        if address is None or not is_trusted_proxy(address):
            break
        before = parse_address(_without_port(entry.strip()))
        if before is None:
            break
        address = before
    return str(address) if address else None


def is_trusted_proxy(address: Address) -> bool:
    """Whether it is that of a proxy whose word counts."""
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _without_port(entry: str) -> str:
    """Some proxies write 192.0.2.1:4711 or [2001:db8::1]:4711."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
