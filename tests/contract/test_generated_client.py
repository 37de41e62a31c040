"""A client that a common generator makes from the description: it compiles, and it works."""

import compileall
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.calls import fetch
from tests.contract.wire import METHODS, Api

pytestmark = pytest.mark.django_db(transaction=True)

PACKAGE = "generated_pumble_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generated")


@pytest.fixture
def generated(api: Api, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the client's code, made once from the description that the portal serves."""
    package = folder / PACKAGE
    if not package.exists():
        bin_folder = Path(sys.executable).parent
        done = subprocess.run(
            [
                *(bin_folder / "openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"),
                *("--url", f"{api.portal}/api-docs/openapi.json", "--output-path", package),
            ],
            env=os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(folder))
    return package


def module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


@pytest.fixture
def client(api: Api, generated: Path) -> Iterator[Any]:
    """As the generator's own guide says for a key in a header."""
    made = module("client").AuthenticatedClient(
        base_url=api.portal, token=api.headers["ApiKey"], prefix="", auth_header_name="ApiKey"
    )
    with made as entered:
        yield entered


class TestTheGeneratedClient:
    def test_compiles_and_has_every_operation(self, generated: Path) -> None:
        made = {path.stem.replace("_", "") for path in (generated / "api").rglob("*.py")}

        assert compileall.compile_dir(generated, quiet=2)
        assert {name.lower() for name in METHODS} <= made

    def test_sends_a_message(self, api: Api, client: Any) -> None:
        body = module("models").SendMessageInput(channel="general", text="from a generated client")

        sent = module("api.messages.send_message").sync(client=client, body=body)

        message = fetch(api, {"id": sent.id, "channelId": sent.channel_id})
        assert message["text"] == "from a generated client"

    def test_searches_by_fields_that_are_words_of_python(self, client: Any) -> None:
        body = module("models").SearchInput(in_=["general"], limit=2)

        result = module("api.messages.search_messages").sync(client=client, body=body)

        assert len(result.content) == 2

    def test_reads_what_was_wrong(self, client: Any) -> None:
        body = module("models").SendMessageInput(text="to nowhere")

        refused = module("api.messages.send_message").sync(client=client, body=body)

        assert refused.message == "[must not be null]"
        assert set(refused.fields.to_dict()) == {"channelId", "channel"}
