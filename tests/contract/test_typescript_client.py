"""A client in TypeScript that common generators make from the description: it compiles strictly, and it works."""

import json
from pathlib import Path

import pytest

from tests import node
from tests.contract.calls import fetch
from tests.contract.wire import Api

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(2 * node.MAX_INSTALL_SECONDS)]


@pytest.fixture
def program(api: Api, tmp_path: Path) -> Path:
    """A folder with the program, and the types that are generated from the description that the portal serves."""
    if reason := node.why_missing():
        pytest.skip(reason)
    for name in ("package.json", "tsconfig.json", "program.ts"):
        (tmp_path / name).write_bytes((node.CLIENT / name).read_bytes())
    (tmp_path / "node_modules").symlink_to(node.MODULES)
    generator = node.MODULES / "openapi-typescript/bin/cli.js"
    done = node.run(
        *("node", generator, f"{api.portal}/api-docs/openapi.json", "-o", "api.d.ts"),
        seconds=60,
        cwd=str(tmp_path),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path


class TestTheClientInTypeScript:
    def test_compiles_strictly_and_sends_a_message(self, api: Api, program: Path) -> None:
        compiled = node.run(
            "node", node.MODULES / "typescript/bin/tsc", "--strict", seconds=120, cwd=str(program)
        )
        assert compiled.returncode == 0, compiled.stdout

        done = node.run(
            "node", "program.js", seconds=60, cwd=str(program), PORTAL=api.portal, KEY=api.headers["ApiKey"]
        )

        assert done.returncode == 0, done.stderr
        printed = json.loads(done.stdout)
        assert fetch(api, {"id": printed["id"], "channelId": printed["channelId"]})["text"] == (
            "from TypeScript"
        )
        assert printed["newest"]["id"] == printed["id"]
        assert printed["more"] is True
        assert printed["why"] == {"text": ["must not be null"]}
