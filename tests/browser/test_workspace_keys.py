"""A workspace key in a real browser: created, handed over, and alive after its responsible person has left."""

import re
import time

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import call, fits, found_by_axe
from tests.browser.test_lookup import sign_in

pytestmark = pytest.mark.browser


def look(page: Page, name: str) -> None:
    """Keep pictures in both themes and of a small screen, and hold that each is in order."""
    for theme, width in (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        assert fits(page), (name, width)
        shoot(page, f"{name}-{theme}-{width}", whole=True)
    assert found_by_axe(page) == [], name
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def act(stack: Stack, name: str, **body: str) -> None:
    requests.post(f"{stack.pumble}/act/{name}", json=body, timeout=10).raise_for_status()


def user_id(stack: Stack, email: str) -> str:
    workspaces = requests.get(f"{stack.pumble}/act/workspaces", timeout=10).json()
    return next(str(user["id"]) for found in workspaces for user in found["users"] if user["email"] == email)


def shows_unattended(page: Page, stack: Stack) -> bool:
    page.goto(f"{stack.portal}/workspace-keys/")
    return page.get_by_role("heading", name="Without a responsible person").is_visible()


def test_a_workspace_key_outlives_its_responsible_person(stack: Stack, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, stack, "Ana", "/overview")
    page.get_by_role("link", name="Workspace keys").click()
    look(page, "workspace-keys-empty")
    page.get_by_role("link", name="Create workspace key").click()
    page.get_by_label("Name").fill("build")
    page.get_by_role("radio", name=re.compile("Post messages")).check()
    expect(page.locator("#outcome")).to_contain_text("post as the app's bot")
    expect(page.get_by_label("Responsible person")).to_contain_text("Ben Okafor (ben@acme.test)")
    look(page, "workspace-key-new")
    page.get_by_role("button", name="Create workspace key").click()
    key = page.locator("#plaintext").input_value()
    assert call(stack, key).json()["name"] == "API"
    page.get_by_label("I have saved this key").check()
    page.get_by_role("link", name="Done").click()

    page.wait_for_url(re.compile("/keys/[^/]+/$"))
    address = page.url
    expect(page.get_by_text("Workspace key: it acts as the app's bot")).to_be_visible()
    look(page, "workspace-key")
    page.get_by_role("link", name="Replace the responsible person").click()
    look(page, "workspace-key-responsible")
    page.get_by_label("Responsible person").select_option(label="Ben Okafor (ben@acme.test)")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_role("status")).to_contain_text("Ben Okafor is now responsible for “build”.")

    ben = new_page()
    sign_in(ben, stack, "Ben", "/overview")
    ben.goto(address)
    expect(ben.get_by_role("heading", name="build")).to_be_visible()
    act(stack, "unauthorize", userId=user_id(stack, "ben@acme.test"))
    until = time.monotonic() + 10
    while not shows_unattended(page, stack) and time.monotonic() < until:
        pass  # the hook of the event arrives a moment later
    expect(page.locator("#without-responsible")).to_contain_text("build")
    look(page, "workspace-keys-without-responsible")
    assert call(stack, key).ok
    page.get_by_role("link", name="Choose a person build").click()
    page.get_by_label("Responsible person").select_option(label="Ana Kovač (ana@acme.test)")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_role("status")).to_contain_text("Ana Kovač is now responsible for “build”.")
    assert call(stack, key).ok
    look_at_admin(page, stack)


def look_at_admin(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.portal}/admin/keys/apikey/?kind=workspace")
    expect(page.get_by_text("Workspace key, responsible: Ana Kovač")).to_be_visible()
    shoot(page, "workspace-keys-admin", whole=True)
    page.get_by_role("link", name="build").click()
    expect(page.get_by_text("Workspace key · Responsible")).to_be_visible()
    shoot(page, "workspace-key-admin", whole=True)
