"""How the chat page renders the blocks of apps, in a real browser."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble
from tests.sandbox.views import Screen, actions, button, element, field, option, plain, text_field

pytestmark = pytest.mark.browser


def in_browser(look: Callable[[Page], None]) -> None:
    """Open a page in Chromium and run `look` with it.

    This needs a thread of its own, because Playwright keeps its thread while it runs, and other browser tests may have
    this one.
    """

    def run() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            look(browser.new_page(locale="en-GB"))
            browser.close()

    with ThreadPoolExecutor(1) as own_thread:
        own_thread.submit(run).result()


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words, "style": style}


def rich(pumble: Pumble) -> dict[str, Any]:
    """Return a rich text with each kind of element."""
    inline = section(
        text("bold", bold=True),
        text("italic", italic=True),
        text("struck", strike=True),
        text("coded", code=True),
        {"type": "link", "url": "https://acme.test/", "text": "linked"},
        {"type": "emoji", "name": "tada"},
        {"type": "user", "user_id": pumble.person("dan")},
        {"type": "channel", "channel_id": pumble.channel("random")},
        {"type": "broadcast", "range": "here"},
    )
    listed = {"type": "rich_text_list", "style": "ordered", "elements": [section(text("listed"))]}
    quoted = {"type": "rich_text_quote", "elements": [text("quoted")]}
    kept = {"type": "rich_text_preformatted", "elements": [text("preformatted")]}
    return {"type": "rich_text", "elements": [inline, listed, quoted, kept]}


def test_58_the_page_renders_every_block_and_falls_back_to_the_text(pumble: Pumble, app: TestApp) -> None:
    ana, options = Screen(pumble, app), {"options": [option("alpha"), option("beta")]}
    ana.post_blocks(rich(pumble), {"type": "divider"}, actions(button("press me")))
    ana.post_blocks({"type": "unheard_of"})
    ana.publish_home(
        {
            "type": "section",
            "text": plain("A section"),
            "accessory": field("c", element("checkboxes", "c", **options)),
        },
        actions(element("static_select_menu", "s", placeholder=plain("Choose"), **options)),
        text_field("typed", block={"validationError": "Name is taken"}),
        field("d", element("date_picker", "d")),
        field("r", element("date_range_picker", "r")),
        field("m", element("dynamic_select_menu", "pick_key", placeholder=plain("Search"))),
    )

    def look(page: Page) -> None:
        page.goto(f"{pumble.url}/?person={ana.id}&channel={ana.channel}")
        message = page.get_by_test_id("message").filter(has_text="preformatted")
        for selector, words in {
            "strong": "bold", "em": "italic", "s": "struck", "a": "linked", "ol li": "listed", "blockquote": "quoted",
            "pre": "preformatted", "button": "Press Me",
        }.items():  # fmt: skip
            expect(message.locator(selector).filter(has_text=words).first).to_be_visible()
        for words in ("coded", "Dan", "random", "here"):
            expect(message.get_by_text(words).first).to_be_visible()
        expect(message.locator("hr")).to_be_visible()
        expect(page.get_by_test_id("message").filter(has_text="fallback")).to_have_count(1)
        page.goto(f"{pumble.url}/?person={ana.id}&channel={pumble.direct('ana', 'bot')}&tab=home")
        expect(page.get_by_text("A section")).to_be_visible()
        expect(page.get_by_label("Alpha").first).to_be_visible()
        expect(page.locator("select").filter(has_text="Beta").first).to_be_visible()
        expect(page.get_by_label("Typed")).to_be_visible()
        expect(page.get_by_text("Name is taken")).to_be_visible()
        expect(page.locator("input[type=date]")).to_have_count(3)
        expect(page.get_by_placeholder("Search")).to_be_visible()

    in_browser(look)
