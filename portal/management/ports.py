"""Check whether a port of this machine is free."""

import socket


def in_use(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether the port of the address is in use."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        return True
    return False
