"""The three recipes of the help page: add the app, create a key, delete a key."""

import re

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_story import open_chat, type_line

pytestmark = pytest.mark.browser

KEY = re.compile(r"pmb_\w{51}")


def open_app(page: Page) -> Locator:
    """The app's own channel, where its Home tab stands."""
    page.get_by_test_id("channel-API").click()
    return page.get_by_test_id("home")


def top_modal(page: Page) -> Locator:
    return page.get_by_test_id("modal").last


def call(stack: Stack, key: str) -> requests.Response:
    body = {"channel": "general", "text": "from the Home tab"}
    return requests.post(f"{stack.portal}/sendMessage", json=body, headers={"ApiKey": key}, timeout=10)


def test_add_the_app_then_a_key_from_its_home_tab_then_delete_it(stack: Stack, new_page: NewPage) -> None:
    page = new_page()
    page.goto(stack.pumble)
    page.get_by_test_id("workspace").select_option(label="Globex")
    page.get_by_test_id("add-apps").click()
    page.get_by_test_id("install-api-keys").click()
    page.get_by_test_id("consent-allow").click()
    page.wait_for_url(f"{stack.portal}/")

    open_chat(page, stack, "Gita")
    home = open_app(page)
    expect(home.get_by_text("No keys yet", exact=False).first).to_be_visible()
    shoot(page, "recipe-1-home-empty")

    home.get_by_role("button", name="Add API key").click()
    modal = top_modal(page)
    expect(modal).to_be_visible()
    shoot(page, "recipe-2-add-modal-empty")
    modal.get_by_role("textbox").fill("deploy bot")
    shoot(page, "recipe-2-add-modal")
    page.get_by_test_id("modal-submit").last.click()
    page.get_by_role("tab", name="Messages").click()
    ephemeral = page.get_by_test_id("ephemeral").filter(has_text="Your new key").last
    expect(ephemeral).to_be_visible()
    found = KEY.search(ephemeral.inner_text())
    assert found is not None
    shoot(page, "recipe-3-the-key")

    answer = call(stack, found[0])
    assert answer.status_code == 200, answer.text

    page.get_by_role("tab", name="Home").click()
    home = page.get_by_test_id("home")
    expect(home).to_contain_text("deploy bot")
    shoot(page, "recipe-4-home-with-key")
    home.get_by_role("button", name="Delete API key").click()
    modal = top_modal(page)
    expect(modal).to_be_visible()
    shoot(page, "recipe-5-delete-modal")
    modal.get_by_role("combobox").first.click()
    page.get_by_role("listbox").get_by_role("option", name=re.compile("deploy bot")).click()
    modal.get_by_role("button", name="Delete", exact=True).click()
    # Another modal takes the place of the first, which has a button "Delete" too.
    confirm = page.get_by_role("dialog", name="Delete “deploy bot”?")
    confirm.get_by_role("button", name="Delete key").hover()
    shoot(page, "recipe-6-delete-confirm")
    confirm.get_by_role("button", name="Delete key").click()
    expect(page.get_by_test_id("modal")).to_have_count(0)

    assert call(stack, found[0]).json()["reason"] == "key_revoked"
    expect(home).not_to_contain_text("deploy bot")
    shoot(page, "recipe-7-home-after")


def test_generate_list_and_help_by_commands(stack: Stack, new_page: NewPage) -> None:
    page = new_page(theme="dark")
    open_chat(page, stack, "Ben")
    ephemerals = page.get_by_test_id("ephemeral")

    type_line(page, "/api-keys generate by command")
    expect(ephemerals.filter(has_text="Your new key").last).to_be_visible()
    found = KEY.search(ephemerals.filter(has_text="Your new key").last.inner_text())
    assert found is not None
    assert call(stack, found[0]).status_code == 200
    type_line(page, "/api-keys list")
    expect(ephemerals.filter(has_text="Your API keys").last).to_contain_text("by command")
    type_line(page, "/api-keys help")
    expect(ephemerals.filter(has_text="generate").last).to_be_visible()
    shoot(page, "recipe-8-commands-dark")
