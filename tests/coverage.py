"""`make coverage`: every line and branch of `keys` and `pumble_bridge` that no test reaches. Exit status 1 below 100 %.

What is measured, and what is not, stands in pyproject.toml; an exception stands with its reason in its line.
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
# What they reach is luck.
AT_RANDOM = ["tests/contract/test_schemathesis.py", "tests/keys/test_key_machine.py"]
# Where the two rooms have a statement for each database.
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
    """Its exit status, 0 or 1; what it prints is shown as it comes."""
    local = os.environ | {"LOCAL_PUMBLE": "true"} | environment
    return int(subprocess.run(command, cwd=PROJECT, env=local).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
