"""A PostgreSQL and a Redis of the tests' own: in temporary folders, gone with the run."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.environment import free_port


def find_postgres() -> Path | None:
    """The folder with `initdb` and `pg_ctl`: on the PATH, or where Debian puts the newest."""
    on_path = shutil.which("pg_ctl")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    candidates = [*(path.parent for path in found), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((path for path in reversed(candidates) if (path / "initdb").exists()), None)


@contextlib.contextmanager
def postgres(binaries: Path, *, durable: bool = False, connections: int = 60) -> Iterator[str]:
    """The URL of a running server. It refuses to run as root, so root lends it the account `postgres` or `nobody`.

    Only a durable one waits until its disk has what was committed.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_other: list[str] = []
    if os.geteuid() == 0:
        account = next(name for name in ("postgres", "nobody") if _exists(name))
        shutil.chown(folder, account)
        as_other = ["runuser", "-u", account, "--"]
    port = free_port()
    data = folder / "data"
    options = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync={'on' if durable else 'off'} "
        f"-c max_connections={connections}"
    )
    control = [*as_other, str(binaries / "pg_ctl"), "-D", str(data), "-w", "-s"]
    initdb = [
        *as_other,
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "portal",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    try:
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/")
        subprocess.run([*control, "-o", options, "-l", str(folder / "log"), "start"], check=True, cwd="/")
        try:
            yield f"postgres://portal@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The URL of a Redis that keeps nothing on disk."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = subprocess.Popen(["redis-server", *options], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 10
            while not _accepts(port):
                assert server.poll() is None, "Redis did not start"
                assert time.monotonic() < until, "Redis took more than 10 s to start"
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(10)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True
