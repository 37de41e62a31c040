"""The portal fuzzed from its own OpenAPI description."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keys import scopes
from tests.contract.wire import MANAGEMENT, METHODS, Api, issue
from tests.environment import PROJECT

SECONDS = 300  # it takes about 40 on an idle machine
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(SECONDS + 60)]

HERE = Path(__file__).parent


def test_the_fuzzer_finds_nothing_that_differs_from_the_description(api: Api, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis",
            *("--config-file", HERE / "schemathesis.toml"),
            *("run", f"{api.portal}/api-docs/openapi.json"),
            *("--header", f"ApiKey: {issue('ana@acme.test', *scopes.KNOWN)}"),
            # They would end the key of the other operations.
            *("--exclude-operation-id", "rotateKey", "--exclude-operation-id", "revokeKey"),
            # Kept-alive connections to the test server wait 40 ms for each answer.
            *("--header", "Connection: close"),
            *("--workers", "1", "--no-shrink", "--continue-on-failure", "--generation-deterministic"),
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "NO_COLOR": "1",
            "PYTHONPATH": str(PROJECT),
            "SCHEMATHESIS_HOOKS": "tests.contract.fuzzer_checks",
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert f"Tested: {len(METHODS | MANAGEMENT) - 2}" in done.stdout
