"""Run all checks and tests: `make test`, or a fast part of them with --fast: `make check`.

Each step runs, also after one failed. The output ends with a table, and with the names of what could not run, which is a
failure if CI=true.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import node, services
from tests.mcp import clients

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ADMIN_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
SYSTEM_PACKAGES: dict[str, Callable[[], object]] = {
    "postgresql": services.find_postgres,
    "redis-server": lambda: shutil.which("redis-server"),
    "chromium": lambda: shutil.which("chromium"),
    "nginx": lambda: shutil.which("nginx", path=ADMIN_PATH),
    "caddy": lambda: shutil.which("caddy"),
}
# What most changes break first, in half a minute: two lanes of about the same length.
QUICK = {
    "tests of keys": ["tests/keys"],
    "tests of each room": [
        "tests/contract/test_acceptance.py",
        "tests/policy",
        "tests/portal/test_dashboard.py",
        "tests/pumble_bridge/test_client.py",
        "tests/pumble_bridge/test_signature.py",
    ],
}
STATEMENTS = "tests/sandbox/statements"
DEPLOYMENT = "tests/deployment"
# About half of the tests on SQLite, so that no lane is much longer than the others.
ON_THE_WIRE = ["tests/contract", "tests/mcp", "tests/sandbox"]
MAX_LANES = 3  # on two cores too, as a test waits for other processes longer than it computes
LOCAL = {"LOCAL_PUMBLE": "true"}
# Four times what the longest step takes on two busy cores. Tests have timeouts of their own; this ends what they cannot.
MAX_STEP_SECONDS = 3600
MAX_READ_SECONDS = 10  # for what is still in the pipe
PYTEST = ["python", "-m", "pytest"]


class Run:
    def __init__(self) -> None:
        self.failed: list[str] = []
        self.skipped: list[str] = []
        self.took: list[tuple[str, float]] = []

    def step(self, name: str, *command: str, **environment: str) -> None:
        """Run one command beside others. Show how far it is as it goes on, and all that it printed when it has ended."""
        printed: list[str] = []

        def keep(line: str) -> None:
            printed.append(line)
            if line.endswith("%]\n"):
                print(f"{name} {line[-7:]}", end="", flush=True)

        self._run(name, command, environment, show=keep)
        print(f"\n=== {name}\n{''.join(printed)}", end="", flush=True)

    def _run(
        self, name: str, command: Sequence[str], environment: dict[str, str], show: Callable[[str], None]
    ) -> None:
        began = time.monotonic()
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=PROJECT,
            env=os.environ | LOCAL | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        # In a thread: a process that a test left behind may hold the pipe open for ever.
        reader = threading.Thread(target=lambda: list(map(show, process.stdout or ())), daemon=True)
        reader.start()
        try:
            process.wait(MAX_STEP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            show(f"{name}: ended after {MAX_STEP_SECONDS} s\n")
        reader.join(MAX_READ_SECONDS)
        self.took.append((name, time.monotonic() - began))
        if process.wait():
            self.failed.append(name)

    def can_deploy(self) -> bool:
        """Return whether all parts of a deployment are installed, and note those that are not."""
        parts = ("nginx", "caddy", "redis-server", "postgresql")
        missing = [name for name in parts if not SYSTEM_PACKAGES[name]()]
        if missing:
            self.skipped.append(f"tests of the deployment: there is no {', '.join(missing)}")
        return not missing

    def verdict(self) -> int:
        print()
        for name, seconds in self.took:
            print(f"{'FAILED' if name in self.failed else 'ok':7} {seconds:6.1f} s  {name}")
        for name in self.skipped:
            print(f"NOT RUN: {name}")
        in_ci = os.environ.get("CI", "").lower() == "true"
        return 1 if self.failed or (self.skipped and in_ci) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("--fast", action="store_true", help="no browser, SQLite only")
    fast: bool = parser.parse_args().fast
    run = Run()
    if not fast:
        install_system_packages()
    if not shutil.which("redis-server"):
        run.skipped.append("tests of limits in Redis: there is none (Debian: apt-get install redis-server)")
    # What answers soon, then the longest.
    parts = [in_source, on_sqlite, on_postgres, in_chromium, on_the_wire, as_deployed, guides]
    print("What a part prints comes when it has ended.", flush=True)
    with ThreadPoolExecutor(MAX_LANES) as lanes:
        for part in [lanes.submit(part, run) for part in ([in_source, *quick_parts()] if fast else parts)]:
            part.result()
    return run.verdict()


def in_source(run: Run) -> None:
    """Check the source without running it."""
    migrations = ("python", "manage.py", "makemigrations", "--check", "--dry-run")
    run.step("format", "ruff", "format", "--check", "--quiet", ".")
    run.step("lint", "ruff", "check", "--quiet", ".")
    run.step("import layers", "lint-imports", "--no-cache")
    run.step("translations", "python", "-m", "tests.catalogues", "--check")
    run.step("missing migrations", *migrations)
    run.step("missing migrations of the local Pumble", *migrations, DJANGO_SETTINGS_MODULE="sandbox.settings")
    run.step("types", "mypy")


def quick_parts() -> list[Callable[[Run], None]]:
    def part(name: str) -> Callable[[Run], None]:
        chosen = ["-m", "not browser and not slow", *QUICK[name]]
        return lambda run: run.step(name, *PYTEST, "-q", *chosen, DATABASE_URL="")

    return [part(name) for name in QUICK]


def guides(run: Run) -> None:
    run.step("guides as a site", shutil.which("make") or "/usr/bin/make", "docs")


def on_sqlite(run: Run) -> None:
    others = [f"--ignore={path}" for path in (*ON_THE_WIRE, DEPLOYMENT)]
    run.step("tests on SQLite", *PYTEST, "-q", "-m", "not browser", *others, DATABASE_URL="")


def on_the_wire(run: Run) -> None:
    if reason := node.why_missing():
        run.skipped.append(f"test of a client in TypeScript: {reason}")
    if reason := clients.why_missing():
        run.skipped.append(f"tests of the official MCP clients: {reason}")
    chosen = ["-m", "not browser", f"--ignore={STATEMENTS}", *ON_THE_WIRE]
    run.step("tests on the wire, on SQLite", *PYTEST, "-q", *chosen, DATABASE_URL="")


def on_postgres(run: Run) -> None:
    with database(run) as url:
        if url:
            chosen = ["-m", "not browser", "--second-database"]
            run.step("tests on PostgreSQL", *PYTEST, "-q", *chosen, DATABASE_URL=url)


def as_deployed(run: Run) -> None:
    if run.can_deploy():
        run.step("the deployment", *PYTEST, "-q", DEPLOYMENT, DATABASE_URL="")


def in_chromium(run: Run) -> None:
    if not shutil.which("chromium"):
        run.skipped.append("browser tests: there is no Chromium (Debian: apt-get install chromium)")
        return
    in_order = [*PYTEST, "-v", "-p", "no:randomly", STATEMENTS]
    run.step("the local Pumble's 58 statements, by name", *in_order, DATABASE_URL="")
    browser = [*PYTEST, "-q", "-m", "browser", f"--ignore={STATEMENTS}", f"--ignore={DEPLOYMENT}"]
    run.step("browser tests", *browser, DATABASE_URL="")


def install_system_packages() -> None:
    """Install missing system packages, if this account may."""
    missing = [name for name, find in SYSTEM_PACKAGES.items() if not find()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"\n=== installing {', '.join(missing)}", flush=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(install, env=quiet, check=False, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def database(run: Run) -> Iterator[str | None]:
    """Yield the URL of a PostgreSQL server: that of DATABASE_URL, or one started here."""
    given = os.environ.get("DATABASE_URL", "")
    binaries = services.find_postgres()
    if given.startswith("postgres"):
        yield given
    elif binaries:
        with services.postgres(binaries) as url:
            yield url
    else:
        run.skipped.append("tests on PostgreSQL: there is none (Debian: apt-get install postgresql)")
        yield None


if __name__ == "__main__":
    sys.exit(main())
