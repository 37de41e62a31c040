"""A plugin of pytest, loaded before Django's settings: a data directory and ports for this run, and no real Pumble."""

import contextlib
import ipaddress
import os
import random
import signal
import socket
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
SCREENS = PROJECT / os.environ.get("DATA_DIR", "var") / "screens"


def free_port() -> int:
    """Return a free port, below those that the system uses for outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def heed_interrupts() -> None:
    """Let a new process react to Ctrl-C. Processes in the background, and their children, ignore it otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def remove_python_settings(environment: MutableMapping[str, str]) -> None:
    """Remove settings such as PYTHONUNBUFFERED and PYTHONPATH, which hide faults from tests."""
    for name in [name for name in environment if name.startswith("PYTHON")]:
        del environment[name]


PORT, SANDBOX_PORT = free_port(), free_port()
_own = {
    "LOCAL_PUMBLE": "true",
    "DATA_DIR": tempfile.mkdtemp(prefix="portal-tests-"),
    "PORT": str(PORT),
    "SANDBOX_PORT": str(SANDBOX_PORT),
    "SANDBOX_LIMITS": "off",
    "DJANGO_LIVE_TEST_SERVER_ADDRESS": f"127.0.0.1:{PORT}",
    "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
}
os.environ.update(_own)
for _name in (
    "PUBLIC_URL",
    "PUMBLE_API_URL",
    "PUMBLE_CONSENT_SCREEN_URL",
    "PUMBLE_FILEUPLOAD_URL",
    "MAX_FILE_MIB",
    "FILE_UPLOAD_TEMP_DIR",
    "API_STATUS",
    "DEBUG",
    "LOG_FORMAT",
):
    os.environ.pop(_name, None)
remove_python_settings(os.environ)
(Path(os.environ["DATA_DIR"]) / "static").mkdir()


class _NoNetwork(socket.socket):
    """A socket that connects to this machine only, so that no test needs the network."""

    def connect(self, address: Any) -> None:
        _stay_here(self, address)
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        _stay_here(self, address)
        return super().connect_ex(address)


def _stay_here(connection: socket.socket, address: Any) -> None:
    if connection.family not in {socket.AF_INET, socket.AF_INET6} or address[0] == "localhost":
        return
    if not ipaddress.ip_address(address[0]).is_loopback:
        raise PermissionError(f"a test wants to speak to {address[0]}")


socket.socket = _NoNetwork  # type: ignore[misc]
