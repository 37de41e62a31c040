"""List the lines and branches of `keys` and `pumble_bridge` that no test reaches: `make coverage`. Exit status 1 below 100 %.

pyproject.toml says what is measured. An excluded line has its reason beside it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import services

PROJECT = Path(__file__).resolve().parent.parent
COVERAGE = [sys.executable, "-m", "coverage"]
TESTS = ["tests/keys", "tests/portal", "tests/pumble_bridge", "tests/contract"]
# The lines that they reach differ between runs.
AT_RANDOM = ["tests/contract/test_schemathesis.py", "tests/keys/test_key_machine.py"]
# Tests of code that differs between databases.
OF_POSTGRES = [
    *("tests/keys/test_audit_chain.py", "tests/keys/test_audit_migration.py", "tests/keys/test_races.py"),
    *("tests/keys/test_usage.py", "tests/portal/test_cost.py"),
]


def main() -> int:
    binaries = services.find_postgres()
    if not binaries:
        print("NOT MEASURED: there is no PostgreSQL (Debian: apt-get install postgresql)")
        return 1
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        measured = {"COVERAGE_FILE": f"{folder}/data"}
        failed = tests(TESTS, measured | {"DATABASE_URL": ""})
        with services.postgres(binaries) as url:
            failed |= tests(OF_POSTGRES, measured | {"DATABASE_URL": url})
        run([*COVERAGE, "combine", "--quiet"], measured)
        return failed | run([*COVERAGE, "report"], measured)


def tests(paths: list[str], environment: dict[str, str]) -> int:
    pytest = ["run", "-m", "pytest", "-q", "-m", "not browser", *paths]
    return run([*COVERAGE, *pytest, *(f"--ignore={path}" for path in AT_RANDOM)], environment)


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command, and return 0 or 1. Its output is shown at once."""
    local = os.environ | {"LOCAL_PUMBLE": "true"} | environment
    return int(subprocess.run(command, cwd=PROJECT, env=local).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
