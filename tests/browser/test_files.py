"""A file sent by curl, seen in chat; and a file sent in chat, fetched by curl."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page.test_files import png
from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_story import open_chat
from tests.environment import PROJECT

pytestmark = pytest.mark.browser


def test_a_file_goes_both_ways(stack: Stack, new_page: NewPage, tmp_path: Path) -> None:
    def curl(path: str, *options: str) -> str:
        command = ["curl", "--silent", "--fail-with-body", "--header", f"ApiKey: {key}", *options]
        done = subprocess.run(
            [*command, f"{stack.portal}/{path}"], cwd=tmp_path, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    made = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "create_key",
            "--workspace=Acme",
            "--member=ana@acme.test",
            "--name=files",
            "--json",
        ],
        cwd=PROJECT,
        env=stack.environment | {"LOCAL_PUMBLE": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    key = json.loads(made.stdout)["key"]
    picture = tmp_path / "Größe – chart 📊.png"
    picture.write_bytes(png(320, 200))
    (tmp_path / "answer.csv").write_bytes(b"a,b\n1,2\n")
    page = new_page()
    open_chat(page, stack, "Ana")

    curl("sendMessage", "--form", "channel=general", "--form", "text=The chart", "--form", f"file=@{picture}")

    message = page.get_by_test_id("message").filter(has_text="The chart")
    expect(message.get_by_test_id("file")).to_contain_text(picture.name)
    expect(message.locator("img")).to_have_js_property("naturalWidth", 320)
    shoot(page, "story-file")

    page.get_by_test_id("files").set_input_files([tmp_path / "answer.csv"])
    page.get_by_test_id("send").click()
    answer = page.get_by_test_id("message").last
    expect(answer.get_by_test_id("file")).to_contain_text("answer.csv")
    where = f"channel=general&messageId={answer.get_attribute('data-message-id')}"
    file_id = json.loads(curl(f"fetchMessage?{where}"))["files"][0]["id"]
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    curl(
        f"fetchFile?{where}&fileId={file_id}",
        "--output-dir",
        "fetched",
        "--remote-name",
        "--remote-header-name",
    )
    assert {path.name: path.read_bytes() for path in fetched.iterdir()} == {"answer.csv": b"a,b\n1,2\n"}
