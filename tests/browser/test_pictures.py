"""The pictures of the guides. `make pictures` takes them and puts them where the guides have them."""

from typing import Literal

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import TestLifeOfAKey as LifeOfAKey
from tests.browser.test_dashboard import sign_in
from tests.browser.test_story import last_ephemeral, open_chat, read_key, type_line

pytestmark = pytest.mark.browser

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def shoot_in_both_themes(page: Page, name: str) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        shoot(page, f"guide-{name}-{theme}")


def test_show_the_chat_the_dashboard_and_the_admin(stack: Stack, new_page: NewPage) -> None:
    page = new_page(width=1000)
    open_chat(page, stack)
    for line in ("weekly numbers --read-only --expires 7d", "alerts --post --expires 90d"):
        type_line(page, f"/api-keys generate {line}")
        last_ephemeral(page, line.partition(" --")[0])
    page.reload()
    expect(page.get_by_test_id("message").first).to_be_visible()
    type_line(page, "/api-keys generate deploy bot --post --expires 30d")
    key = read_key(page)
    shoot_in_both_themes(page, "chat")

    sent = {"channel": "general", "text": "Deployed version 42"}
    answer = requests.post(f"{stack.portal}/sendMessage", json=sent, headers={"ApiKey": key}, timeout=10)
    assert answer.ok, answer.text
    page.set_viewport_size({"width": 1280, "height": 720})
    sign_in(page, stack)
    page.get_by_role("link", name="deploy bot").first.click()
    LifeOfAKey().wait_for_use(page)
    page.goto(stack.portal)
    expect(page.get_by_text("deploy bot").first).to_be_visible()
    shoot_in_both_themes(page, "dashboard")
    page.goto(f"{stack.portal}/admin/")
    expect(page.get_by_role("heading", name="Acme").first).to_be_visible()
    shoot_in_both_themes(page, "admin")
