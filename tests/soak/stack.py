"""The whole installation as the long runs need it: a database, Redis, the local Pumble and portals by the production start."""

import contextlib
import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

from tests import pumble, services
from tests.environment import PORT, PROJECT, free_port

START_SECONDS = 60


@dataclass(frozen=True)
class Portal:
    """One server of the portal: gunicorn's arbiter and its workers."""

    url: str
    arbiter: int

    def workers(self) -> list[int]:
        """The processes that answer, now."""
        children = Path(f"/proc/{self.arbiter}/task/{self.arbiter}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_a_worker(self) -> None:
        for pid in self.workers()[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def memory(self) -> int:
        """The resident memory of its workers, in bytes."""
        return sum(_resident(pid) for pid in self.workers())


@dataclass(frozen=True)
class Stack:
    environment: dict[str, str]
    pumble_database: Path
    log: Path
    portals: list[Portal]

    @property
    def portal(self) -> Portal:
        """The one that Pumble and browsers know."""
        return self.portals[0]

    def run(self, *command: str, **options: str) -> subprocess.CompletedProcess[str]:
        """A command of the same installation, whatever becomes of it."""
        return subprocess.run(
            [sys.executable, *command],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            input=options.get("stdin"),
        )


@contextlib.contextmanager
def running(
    *,
    database: str,
    redis: bool,
    redis_url: str = "",
    portals: int = 1,
    workers: int = 1,
    application: str = "",
    folder: Path | None = None,
) -> Iterator[Stack]:
    """The installation, seeded and up until the block ends.

    Args:
        database: the URL of a PostgreSQL server, on which it gets a database of its own; "" for SQLite.
        redis: whether there is one.
        redis_url: of one that runs already.
        workers: processes of each portal.
        application: another WSGI application than the portal's, loaded before the workers are forked.
        folder: for its data; one that is gone afterwards unless given.
    """
    with contextlib.ExitStack() as parts:
        temporary = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        environment = parts.enter_context(prepared(database=database, folder=folder or temporary))
        if redis:
            environment["REDIS_URL"] = redis_url or parts.enter_context(services.redis())
        environment["WORKERS"] = str(workers)
        parts.enter_context(pumble.running(DATA_DIR=str(temporary)))
        (Path(environment["DATA_DIR"]) / "static").symlink_to(_static_files())
        ports = [PORT, *(free_port() for _ in range(portals - 1))]
        log_path = temporary / "portal.log"
        log = parts.enter_context(log_path.open("a"))
        arbiters = [_start(environment | {"PORT": str(port)}, application, log) for port in ports]
        for arbiter in arbiters:
            parts.callback(_stop, arbiter)
        servers = [
            Portal(f"http://127.0.0.1:{port}", arbiter.pid)
            for port, arbiter in zip(ports, arbiters, strict=True)
        ]
        for server, arbiter in zip(servers, arbiters, strict=True):
            _wait_for(server, arbiter, log_path)
        _manage(environment, "seed")
        yield Stack(environment, temporary / "pumble.sqlite3", log_path, servers)


@contextlib.contextmanager
def prepared(*, database: str, folder: Path | None = None) -> Iterator[dict[str, str]]:
    """The environment of an installation whose database is there and empty; `database` and `folder` as above."""
    with contextlib.ExitStack() as parts:
        data_dir = folder or Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        own = {"DATA_DIR": str(data_dir), "DATABASE_URL": "", "REDIS_URL": "", "SANDBOX_LIMITS": "off"}
        own["PUBLIC_URL"] = f"http://127.0.0.1:{PORT}"
        if database:
            own["DATABASE_URL"] = parts.enter_context(_database_of_its_own(database))
        _manage(os.environ | own, "migrate", "-v0")
        yield os.environ | own


def _start(environment: dict[str, str], application: str, log: object) -> subprocess.Popen[bytes]:
    other = ["--preload", application] if application else []
    command = [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py", *other]
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)  # type: ignore[call-overload,no-any-return]


def _stop(arbiter: subprocess.Popen[bytes]) -> None:
    arbiter.terminate()
    try:
        arbiter.wait(30)
    except subprocess.TimeoutExpired:
        arbiter.kill()
        arbiter.wait()
        raise AssertionError("a portal took longer than 30 s to stop") from None


def _wait_for(server: Portal, arbiter: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        said = f"\n{log.read_text()[-2000:]}"
        assert arbiter.poll() is None, f"a portal did not start{said}"
        assert time.monotonic() < until, f"a portal took longer than {START_SECONDS} s to start{said}"
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{server.url}/healthz", timeout=5).ok:
                return
        time.sleep(0.1)


@functools.cache
def _static_files() -> Path:
    """The collected static files, for all installations of this run."""
    _manage(dict(os.environ), "collectstatic", "-v0", "--no-input")
    return Path(os.environ["DATA_DIR"]) / "static"


def _manage(environment: dict[str, str], *command: str) -> None:
    manage = [sys.executable, "manage.py", *command]
    subprocess.run(manage, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of a server: the one that DATABASE_URL names, one of our own, or "" where there is none or it is set to ""."""
    given, binaries = os.environ.get("DATABASE_URL"), services.find_postgres()
    if given is not None:
        yield given
    elif binaries:
        with services.postgres(binaries) as url:
            yield url
    else:
        yield ""


def has_redis() -> bool:
    return shutil.which("redis-server") is not None


@contextlib.contextmanager
def _database_of_its_own(server: str) -> Iterator[str]:
    name = f"soak_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
