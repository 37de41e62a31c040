"""Node with what a client in TypeScript needs, in an environment of its own under `.venv/node`. `python -m tests.node` installs it.

Node comes as a package of Python's, so that no system tool is needed. It is installed once for each pair of locks.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

from tests.environment import PROJECT

FOLDER = PROJECT / ".venv/node"
CLIENT = PROJECT / "tests/contract/typescript"
MODULES = FOLDER / "client/node_modules"
REQUIREMENTS = PROJECT / "requirements-node.txt"
LOCK = CLIENT / "package-lock.json"
MAX_INSTALL_SECONDS = 300
ENVIRONMENT = os.environ | {
    "PATH": f"{FOLDER / 'bin'}:{os.environ.get('PATH', '')}",
    "NO_COLOR": "1",
    "NODE_USE_SYSTEM_CA": "1",  # a company's own authority counts for Node, too
}
_STAMP = FOLDER / "installed"


def run(*command: str | Path, seconds: float, **options: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of this environment, such as `node` or `npm`."""
    return subprocess.run(
        [FOLDER / "bin" / command[0], *command[1:]],
        env=ENVIRONMENT | {name: value for name, value in options.items() if name.isupper()},
        cwd=options.get("cwd"),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


@cache
def why_missing() -> str:
    """Install what is not installed yet. Return why it cannot be, in one line; "" once it is there."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return ""
    venv.create(FOLDER, clear=True, with_pip=True)
    shutil.copytree(CLIENT, MODULES.parent)
    steps: list[tuple[str | Path, ...]] = [
        (
            *("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "-r", REQUIREMENTS),
        ),
        (
            *("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
            *("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"),
        ),
    ]
    for step in steps:
        try:
            done = run(*step, seconds=MAX_INSTALL_SECONDS, cwd=str(MODULES.parent))
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{step[0]}: {error}"
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["failed"]
            print(*lines, sep="\n", file=sys.stderr)
            named = [line for line in lines if " code " in line or "ERROR" in line]
            return f"{step[0]}: {(named or lines)[-1]}"
    _STAMP.write_text(wanted)
    return ""


if __name__ == "__main__":
    sys.exit(why_missing() or None)
