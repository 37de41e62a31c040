"""Times on the clock of the browser, for those of whom Pumble tells none."""

import re
from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import MAX_WAIT, NewPage, Stack
from tests.browser.test_dashboard import create, sign_in

pytestmark = pytest.mark.browser


def test_visitors_see_times_on_their_browsers_clock(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context(timezone_id="Asia/Tokyo", locale="en-US")
    with closing(context):
        page = context.new_page()
        page.set_default_timeout(MAX_WAIT)
        page.goto(f"{stack.portal}/admin/login/")

        (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == "clock"]

        assert cookie["value"] == "Asia/Tokyo|12"


def test_members_see_times_as_pumble_tells_them(stack: Stack, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, stack)
    create(page, stack, "clock bot")
    page.goto(f"{stack.portal}/")
    page.get_by_role("link", name="clock bot").first.click()

    created = page.locator("dt:has-text('Created') + dd time")

    expect(created).to_have_text(re.compile(r"\d\d:\d\d CES?T$"))
    expect(created).to_have_attribute("title", re.compile(r"\d\d:\d\d:\d\d UTC$"))
