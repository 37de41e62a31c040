"""Servers for tests: PostgreSQL and Redis in temporary folders, removed at the end."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.environment import free_port


def find_postgres() -> Path | None:
    """Return the folder with `initdb` and `pg_ctl`: from PATH, or the newest version of Debian."""
    on_path = shutil.which("pg_ctl")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    candidates = [*(path.parent for path in found), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((path for path in reversed(candidates) if (path / "initdb").exists()), None)


class Postgres:
    """A server that can stop and start again. It refuses to run as root, so root starts it as `postgres` or `nobody`."""

    def __init__(self, binaries: Path, folder: Path, *, durable: bool, connections: int) -> None:
        self.binaries = binaries
        port, as_other = free_port(), []
        if os.geteuid() == 0:
            account = next(name for name in ("postgres", "nobody") if _exists(name))
            shutil.chown(folder, account)
            as_other = ["runuser", "-u", account, "--"]
        self.url = f"postgres://portal@127.0.0.1:{port}/postgres"
        data = str(folder / "data")
        initdb = [*as_other, str(binaries / "initdb"), "-D", data, "-U", "portal", "-A", "trust"]
        subprocess.run([*initdb, "-E", "UTF8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        self._control = [*as_other, str(binaries / "pg_ctl"), "-D", data, "-w", "-s", "-l", f"{folder}/log"]
        listening = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        self._options = f"{listening} -c fsync={'on' if durable else 'off'} -c max_connections={connections}"

    def start(self) -> None:
        subprocess.run([*self._control, "-o", self._options, "start"], check=True, cwd="/")

    def stop(self) -> None:
        """Stop at once, as after a power cut."""
        subprocess.run([*self._control, "-m", "immediate", "stop"], check=False, cwd="/")


class Redis:
    """A server that can stop and start again without its data."""

    def __init__(self, folder: Path) -> None:
        self._port, self._folder = free_port(), folder
        self._server: subprocess.Popen[bytes]
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command = ["redis-server", *options]
        self._server = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while not _accepts(self._port):
            assert self._server.poll() is None, "Redis did not start"
            assert time.monotonic() < until, "Redis took more than 10 s to start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(10)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Let the server accept connections and answer none."""
        self._server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        return self._server.pid


@contextlib.contextmanager
def postgres_server(binaries: Path, *, durable: bool = False, connections: int = 120) -> Iterator[Postgres]:
    """Run a server. Only a durable one waits for its disk on commit."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        server = Postgres(binaries, folder, durable=durable, connections=connections)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgres(binaries: Path, *, durable: bool = False, connections: int = 120) -> Iterator[str]:
    """Run a server, and yield its URL."""
    with postgres_server(binaries, durable=durable, connections=connections) as server:
        yield server.url


@contextlib.contextmanager
def redis_server() -> Iterator[Redis]:
    """Run a server that writes nothing to disk."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Redis(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Run a server, and yield its URL."""
    with redis_server() as server:
        yield server.url


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True
