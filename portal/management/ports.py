"""Check whether a server can listen at a port of this machine."""

import errno
import socket


def problem(port: int, host: str = "127.0.0.1", *, setting: str = "PORT") -> str:
    """Return why no server can listen there and what to change, or "" if one can.

    Args:
        setting: the name of the setting of the port. The host is that of BIND.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return f"the name {host} cannot be resolved; set BIND to an address of this machine"
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine; set BIND to one"
        if error.errno == errno.EACCES:
            return f"this account may not use port {port}; choose one above 1023 with {setting}=..."
        return f"port {port} is in use; choose another with {setting}=..."
    return ""
