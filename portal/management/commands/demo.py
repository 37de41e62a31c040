"""Start and stop the local Pumble and the portal together, for `make run` and `pumble-api-keys demo`."""

import contextlib
import ipaddress
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.management import database, ports, processes

START_SECONDS = 60
STOP_SECONDS = 8
_LOCALHOST = "127.0.0.1"
_PUMBLE_URL = f"http://{_LOCALHOST}:{settings.SANDBOX_PORT}"


class Command(BaseCommand):
    help = "Start the local Pumble and the portal, and stop both on SIGINT or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="delete both databases first")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_PUMBLE:
            raise CommandError("demo requires LOCAL_PUMBLE=true")
        if not _is_loopback(settings.BIND):
            raise CommandError(
                "BIND must be a loopback address such as 127.0.0.1, because anyone can sign in"
            )
        for name, port, host in (
            ("PORT", settings.PORT, settings.BIND),
            ("SANDBOX_PORT", settings.SANDBOX_PORT, _LOCALHOST),
        ):
            if problem := ports.problem(port, host, setting=name):
                raise CommandError(problem)
        if settings.DOTENV_IS_IGNORED:
            self.stderr.write(".env is for production and is ignored; set LOCAL_PUMBLE=true in it to use it")
        stop = _StopRequest()
        if options["fresh"]:
            for name in ("portal", "pumble"):
                for path in settings.DATA_DIR.glob(f"{name}.sqlite3*"):
                    path.unlink()
        database.refuse_newer()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        with contextlib.ExitStack() as running:
            children = [running.enter_context(_child(*command)) for command in self._commands()]
            addresses = [f"{url}/healthz" for url in (_PUMBLE_URL, settings.OWN_URL)]
            started = _wait_for(lambda: all(map(_answers, addresses)), children, stop)
            if started:
                call_command("seed", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
                self._welcome()
                _wait_for(lambda: False, children, stop, seconds=None)
        if stop.signal is None:
            raise CommandError("a process ended unexpectedly; its last lines are above")
        signal.signal(stop.signal, signal.SIG_DFL)
        os.kill(os.getpid(), stop.signal)

    def _commands(self) -> Iterator[list[str]]:
        yield [sys.executable, "-m", "portal", "sandbox"]
        yield [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py"]

    def _welcome(self) -> None:
        self.stdout.write(f"ready portal={settings.PUBLIC_URL} pumble={_PUMBLE_URL}")
        self.stdout.write(f"1. Open {_PUMBLE_URL}/ - you are Ana, owner of the workspace Acme.")
        self.stdout.write("2. Type /api-keys generate in a channel and copy the key that only you see.")
        self.stdout.write(
            f'3. Run: curl {settings.PUBLIC_URL}/sendMessage -H "ApiKey: PASTE-THE-KEY" '
            '-d \'{"channel":"general","text":"hello"}\''
        )


class _StopRequest:
    """A request to stop: SIGINT or SIGTERM, or `make`, the parent process, was interrupted or has ended.

    GNU make forwards SIGTERM, but not a SIGINT that only make receives. It then restores the default handler and waits,
    which `/proc` shows.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._parent = os.getppid()
        self._parent_caught = _catches_interrupt(self._parent)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: Any) -> None:
        self.signal = self.signal or number

    def check(self) -> bool:
        if self.signal is None and os.environ.get("MAKELEVEL"):
            if os.getppid() != self._parent:
                self.signal = signal.SIGTERM
            elif self._parent_caught and not _catches_interrupt(self._parent):
                self.signal = signal.SIGINT
        return self.signal is not None


def _catches_interrupt(process: int) -> bool:
    """Return whether the process has a handler for SIGINT. False without `/proc`."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) & (1 << (signal.SIGINT - 1)))


@contextlib.contextmanager
def _child(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in its own group, so that Ctrl-C does not reach it directly. Stop it on exit."""
    child = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=settings.BASE_DIR, env=processes.environment(), start_new_session=True
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS / 2)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _wait_for(
    done: Any,
    children: list[subprocess.Popen[bytes]],
    stop: _StopRequest,
    seconds: float | None = START_SECONDS,
) -> bool:
    """Return whether `done` became true before a child ended, a stop was requested, or the time was over."""
    until = time.monotonic() + seconds if seconds else None
    while not stop.check() and all(child.poll() is None for child in children):
        if done():
            return True
        if until is not None and time.monotonic() > until:
            return False
        time.sleep(0.1)
    return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
