"""The whole stack as `make run` starts it, and a real Chromium before it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.environment import SCREENS
from tests.stack import Stack as Stack
from tests.stack import running

# Chromium's own errands to the outside would only be refused, many at a time.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# For what a test waits to see, in milliseconds. Nobody waits so long where the machine has nothing else to do.
MAX_WAIT = 15_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Portal and local Pumble, of one module's tests."""
    with running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=MAX_WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield browser
        browser.close()


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[NewPage]:
    """Opens pages in a browser of the test's own; at the end none may have complained."""
    complaints: list[str] = []
    with contextlib.ExitStack() as contexts:

        def note(message: ConsoleMessage) -> None:
            if message.type == "error" and "Failed to load resource" not in message.text:
                complaints.append(message.text)

        def open_page(theme: str = "light", width: int = 1280, language: str = "en-GB") -> Page:
            context = chromium.new_context(
                color_scheme="dark" if theme == "dark" else "light",
                viewport={"width": width, "height": 800},
                locale=language,
                permissions=["clipboard-read", "clipboard-write"],
            )
            contexts.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(MAX_WAIT)
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield open_page
    assert complaints == []


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of what a person sees here, or of the whole page."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=whole)
