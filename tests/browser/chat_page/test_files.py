"""Files on the chat page: chosen, sent, shown and saved."""

import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page.steps import open_chat
from tests.browser.conftest import NewPage, shoot
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


def png(width: int, height: int) -> bytes:
    """A picture of two colors."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + b"\x33\x50\xc9" * (width // 2) + b"\xc9\xd4\xfb" * (width - width // 2)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
class TestFiles:
    def test_are_chosen_sent_shown_and_saved(
        self, pumble: Pumble, new_page: NewPage, tmp_path: Path, theme: str, width: int
    ) -> None:
        (tmp_path / "Diagram of the release.png").write_bytes(png(640, 400))
        (tmp_path / f"{'a very long name ' * 8}.csv").write_bytes(b"a,b\n" * 400)
        (tmp_path / "not a picture.png").write_bytes(b"<script>alert(1)</script>")
        page = new_page(theme, width)
        open_chat(page, pumble, channel="random")
        page.get_by_test_id("files").set_input_files(sorted(tmp_path.iterdir()))
        expect(page.get_by_test_id("chosen-file")).to_have_count(3)
        page.get_by_role("button", name="Remove a very long").click()
        expect(page.get_by_test_id("chosen-file")).to_have_count(2)
        page.get_by_test_id("files").set_input_files(
            [path for path in tmp_path.iterdir() if path.suffix == ".csv"]
        )
        page.get_by_test_id("composer").fill("Here it is")
        shoot(page, f"page-files-chosen-{theme}-{width}")
        page.get_by_test_id("send").click()

        message = page.get_by_test_id("message").filter(has_text="Here it is")
        expect(message.get_by_test_id("file")).to_have_count(3)
        expect(page.get_by_test_id("chosen-file")).to_have_count(0)
        picture = message.get_by_test_id("file").filter(has_text="Diagram").locator("img")
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 640)
        expect(message.get_by_test_id("file").filter(has_text="not a picture").locator("img")).to_have_count(
            0
        )
        shoot(page, f"page-files-sent-{theme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        with page.expect_download() as download:
            message.get_by_test_id("file").filter(has_text="very long").click()
        assert Path(download.value.path()).read_bytes() == b"a,b\n" * 400
