"""The lookup in a real browser: a holder finds the wrong field, an administrator the key that posted a message."""

import re
import time

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import create, fits, found_by_axe

pytestmark = pytest.mark.browser


def send(stack: Stack, key: str, body: dict[str, str]) -> requests.Response:
    return requests.post(f"{stack.portal}/sendMessage", json=body, headers={"ApiKey": key}, timeout=10)


def sign_in(page: Page, stack: Stack, person: str, path: str) -> None:
    """Open a page while signed out: it leads to Pumble, and back to itself."""
    page.goto(stack.portal + path)
    if "/admin/" in path:
        page.get_by_role("link", name="Sign in with Pumble").click()
    option = page.get_by_test_id("consent-person").locator("option", has_text=person)
    page.get_by_test_id("consent-person").select_option(value=option.get_attribute("value"))
    page.get_by_test_id("consent-allow").click()
    page.wait_for_url(stack.portal + path)


def until_found(page: Page) -> None:
    """Calls are written a moment after they were answered."""
    until = time.monotonic() + 15
    while page.locator(".found").count() == 0:
        assert time.monotonic() < until
        page.reload()


def look_up(page: Page, text: str) -> None:
    """Look the text up until the call that it is about was written."""
    until = time.monotonic() + 15
    while page.locator(".found").count() == 0:
        assert time.monotonic() < until
        page.get_by_label("A request ID, a key, a key ID").fill(text)
        page.get_by_role("button", name="Look up").click()


def link_of(stack: Stack, sent: dict[str, str]) -> str:
    (workspace,) = (
        found["id"]
        for found in requests.get(f"{stack.pumble}/act/workspaces", timeout=10).json()
        if found["name"] == "Acme"
    )
    return f"https://app.pumble.com/workspace/{workspace}/{sent['channelId']}/{sent['id']}"


class TestLookup:
    def test_leads_a_holder_from_a_refusal_to_the_wrong_field(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack, "Dan", "/overview")
        key = create(page, stack, "cut short")
        page.context.clear_cookies()

        refused = send(stack, key, {"channel": "general"}).json()
        path = refused["help"].removeprefix(stack.portal)
        sign_in(page, stack, "Dan", path)

        until_found(page)
        expect(page.locator(".found")).to_contain_text("sendMessage with the key “cut short”")
        expect(page.locator(".found")).to_contain_text("These fields were missing or wrong: text.")
        page.get_by_role("button", name="Copy Request ID").click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == refused["requestId"]

    def test_leads_an_administrator_from_a_message_to_the_key_that_posted_it(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        dan, ana = new_page(), new_page()
        sign_in(dan, stack, "Dan", "/overview")
        key = create(dan, stack, "who is this")
        link = link_of(stack, send(stack, key, {"channel": "general", "text": "beep"}).json())
        sign_in(ana, stack, "Ana", "/admin/lookup/")

        look_up(ana, f"who wrote this? {link}")

        expect(ana.locator(".found")).to_contain_text("This call posted the message")
        expect(ana.locator(".found")).to_contain_text("Dan")
        ana.get_by_role("link", name="Open the key who is this").click()
        expect(ana.get_by_role("heading", name="who is this", level=1)).to_be_visible()
        expect(ana.locator(".actions .danger")).to_be_visible()


class TestEveryPage:
    @pytest.mark.parametrize(
        ("theme", "width", "language"),
        [("light", 1280, "en-GB"), ("dark", 360, "es-ES"), ("light", 360, "en-GB"), ("dark", 1280, "es-ES")],
    )
    def test_is_accessible_and_fits(
        self, stack: Stack, new_page: NewPage, theme: str, width: int, language: str
    ) -> None:
        page = new_page(theme=theme, width=width, language=language)
        sign_in(page, stack, "Ana", "/lookup/")
        name = f"nightly report {theme} {width}"
        page.goto(f"{stack.portal}/keys/new?name={name}&expiry=7")
        page.locator(".actions button").click()
        key = page.locator("#plaintext").input_value()
        page.locator("[data-saved]").check()
        refused = send(stack, key, {"channel": "general"}).json()
        send(stack, key, {"channel": "nowhere", "text": "x"})
        problems: list[str] = []

        def look(what: str, address: str = "") -> None:
            if address:
                page.goto(stack.portal + address)
            for details in page.locator("details").all():
                details.evaluate("element => { element.open = true }")
            shoot(page, f"lookup-{what}-{language[:2]}-{theme}-{width}", whole=True)
            problems.extend(f"{what}: {found}" for found in found_by_axe(page))
            if not fits(page):
                problems.append(f"{what}: wider than the window")

        page.goto(refused["help"])
        until_found(page)
        look("call")
        look("keys", "/")
        page.get_by_role("link", name=re.compile(name)).first.click()
        page.wait_for_url(re.compile("/keys/"))
        look("key")
        look("empty", "/lookup/")
        page.locator("textarea").fill(key)
        page.locator(".lookup button").click()
        look("whole-key")
        assert key not in page.content()
        look("unknown", "/lookup/nothing-like-it/")
        look("admin", "/admin/lookup/")
        look("front", "/admin/")
        look("calls", "/admin/keys/requestlog/")
        page.locator("#result_list tbody th a").first.click()
        look("one-call")
        look("hours", "/admin/keys/hourlyuse/")
        look("admin-keys", "/admin/keys/apikey/")
        assert problems == []
