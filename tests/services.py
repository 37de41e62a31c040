"""A PostgreSQL of the tests' own: a throw-away cluster in a temporary folder, gone with the run."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
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
def postgres(binaries: Path) -> Iterator[str]:
    """The URL of a running server. It refuses to run as root, so root lends it the account `postgres` or `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_other: list[str] = []
    if os.geteuid() == 0:
        account = next(name for name in ("postgres", "nobody") if _exists(name))
        shutil.chown(folder, account)
        as_other = ["runuser", "-u", account, "--"]
    port = free_port()
    data = folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
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


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True
