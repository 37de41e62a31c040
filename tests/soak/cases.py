"""Every case of every test on PostgreSQL; `make test` runs one case of most."""

import os
import subprocess
import sys

from tests.environment import PROJECT
from tests.soak.verdict import Verdict


def run(verdict: Verdict, *, database: str) -> None:
    """Run the folders whose tests use the database."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-m", "not browser"]
    folders = [f"tests/{name}" for name in ("contract", "keys", "mcp", "portal", "pumble_bridge", "upgrade")]
    done = subprocess.run([*pytest, *folders], cwd=PROJECT, env=os.environ | {"DATABASE_URL": database})
    verdict.require(done.returncode == 0, "a test fails on PostgreSQL; its name is above")
