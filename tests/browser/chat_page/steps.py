"""Common steps of a person on the chat page."""

from playwright.sync_api import Locator, Page, expect

from tests.sandbox.pumble import Pumble


def open_chat(page: Page, pumble: Pumble, key: str = "ana", channel: str = "general") -> None:
    page.goto(f"{pumble.url}/?person={pumble.person(key)}&channel={pumble.channel(channel)}")
    expect(page.get_by_test_id("message").first).to_be_visible()


def open_home(page: Page, pumble: Pumble) -> Locator:
    open_chat(page, pumble)
    page.get_by_test_id("channel-Demo").click()
    home = page.get_by_test_id("home")
    expect(home.get_by_text("Welcome to the demonstration")).to_be_visible()
    return home


def type_line(page: Page, line: str) -> None:
    page.get_by_test_id("composer").fill(line)
    page.get_by_test_id("send").click()


def top_modal(page: Page) -> Locator:
    return page.get_by_test_id("modal").last
