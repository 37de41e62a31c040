"""The policy pages in a real browser: with and without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import create, fits, found_by_axe, sign_in

pytestmark = pytest.mark.browser


def allow_any_life(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.portal}/admin/keys/policy/")
    page.get_by_label("Keys may have no expiry date").check()
    page.get_by_role("button", name="Save policy").click()


def set_longest_life(page: Page, stack: Stack, days: str) -> None:
    page.goto(f"{stack.portal}/admin/keys/policy/")
    page.get_by_label("At most the number of days below").check()
    page.get_by_label("Maximum lifetime, in days").fill(days)
    page.get_by_role("button", name="Save policy").click()


def test_is_set_and_applied_to_keys_without_javascript(stack: Stack, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    sign_in(page, stack)
    allow_any_life(page, stack)
    create(page, stack, "deploy bot")
    create(page, stack, "nightly report")

    set_longest_life(page, stack, "20")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("keys do not comply with the policy")
    )
    page.get_by_role("checkbox", name="nightly report").uncheck()
    page.get_by_role("button", name="Apply the policy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Apply the policy to \d+ keys?\?"))
    page.get_by_role("button", name="Apply the policy").click()

    expect(page.get_by_text("fewer permissions.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 key does not comply with the policy")
    expect(page.get_by_role("link", name="nightly report")).to_be_visible()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_is_accessible_and_fits(stack: Stack, new_page: NewPage, theme: str) -> None:
    page = new_page(theme)
    sign_in(page, stack)
    allow_any_life(page, stack)
    create(page, stack, f"a key with quite a long name, made for the {theme} theme")
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        shoot(page, f"{name}-{theme}", whole=True)
        found[name] = found_by_axe(page)
        page.set_viewport_size({"width": 360, "height": 800})
        assert fits(page), name
        page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(f"{stack.portal}/admin/keys/policy/")
    page.get_by_label("chosen people").first.check()
    look("policy")
    set_longest_life(page, stack, "0")
    look("policy-errors")
    expect(page.get_by_label("Maximum lifetime, in days")).to_have_attribute("aria-invalid", "true")
    set_longest_life(page, stack, "10")
    look("policy-keys")
    page.get_by_role("button", name="Apply the policy").click()
    look("policy-confirm")

    assert not any(found.values()), found
