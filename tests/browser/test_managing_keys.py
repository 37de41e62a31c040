"""A key that manages others, as a person gives it in the browser, a program uses it, and both end."""

import contextlib
import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import fits, found_by_axe, sign_in

pytestmark = pytest.mark.browser


def ask(stack: Stack, key: str, operation: str, **data: Any) -> requests.Response:
    return requests.post(f"{stack.portal}/{operation}", json=data, headers={"ApiKey": key}, timeout=10)


def until_its_use_is_written(page: Page) -> None:
    """Reload until the page asks for the name of a key that is in use. A use is written within seconds."""
    for _attempt in range(20):
        with contextlib.suppress(PlaywrightTimeoutError):
            page.locator("[name=confirm]").wait_for(timeout=1000)
            return
        page.reload()
    raise AssertionError("the use of the key was not written within 20 seconds")


def test_is_given_with_one_box_and_ends_with_what_it_made(stack: Stack, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, stack)
    page.goto(f"{stack.portal}/keys/new")
    page.locator("#id_name").fill("deployer")
    page.get_by_role("radio", name=re.compile("Post messages")).check()
    box = page.get_by_role("checkbox", name=re.compile("may manage other keys"))
    expect(box).not_to_be_checked()
    box.check()
    expect(page.locator("#outcome")).to_contain_text("manage your keys")
    for theme, width in (("light", 1280), ("dark", 1280), ("light", 360)):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 800})
        assert fits(page)
        assert found_by_axe(page) == []
        shoot(page, f"manage-create-{theme}-{width}", whole=True)
    page.get_by_role("button", name="Create key").click()
    manager = page.locator("#plaintext").input_value()

    made = ask(stack, manager, "createKey", name="ci").json()

    page.goto(f"{stack.portal}/")
    row = page.get_by_role("row", name=re.compile("^ci "))
    expect(row).to_contain_text("Created by the key “deployer”.")
    shoot(page, "manage-list", whole=True)
    page.goto(f"{stack.portal}/keys/{made['id']}/")
    expect(page.get_by_text("by the key “deployer”")).to_be_visible()
    expect(page.locator(".history")).to_contain_text("key “deployer”")
    shoot(page, "manage-key", whole=True)
    page.goto(f"{stack.portal}/keys/{manager[4:16]}/delete")
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.get_by_role("checkbox", name="Also delete the 1 key that it created")).to_be_checked()
    shoot(page, "manage-delete-360", whole=True)
    until_its_use_is_written(page)
    page.locator("[name=confirm]").fill("deployer")
    page.get_by_role("button", name="Delete key").click()

    assert ask(stack, made["key"], "revokeKey").json()["reason"] == "key_revoked"
