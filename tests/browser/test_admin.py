"""The admin in a real browser: a leaked key is found and revoked, its holder reads why, and all pages are accessible."""

import os
import re
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import TestLifeOfAKey as LifeOfAKey
from tests.browser.test_dashboard import call, create, fits, found_by_axe
from tests.browser.test_story import open_chat
from tests.environment import PROJECT

pytestmark = pytest.mark.browser

OPERATOR, PASSWORD = "root", "correct horse battery"


@pytest.fixture(scope="module")
def operator(stack: Stack) -> None:
    """An operator, made as docs/operate.md says."""
    own = {
        "DATA_DIR": str(stack.data_dir),
        "PORT": str(urlsplit(stack.portal).port),
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", OPERATOR]
    subprocess.run(command, cwd=PROJECT, env=os.environ | own, check=True, capture_output=True)


def sign_in(page: Page, stack: Stack, person: str, back: str = "/") -> None:
    """With Pumble, from wherever one is sent to first."""
    page.goto(stack.portal + back)
    page.get_by_role("link", name=re.compile("Sign in with Pumble|Iniciar sesión con Pumble")).click()
    option = page.get_by_test_id("consent-person").locator("option", has_text=person)
    page.get_by_test_id("consent-person").select_option(value=option.get_attribute("value"))
    page.get_by_test_id("consent-allow").click()
    page.wait_for_url(stack.portal + back)


def sign_in_as_operator(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.portal}/admin/")
    page.locator("[name=username]").fill(OPERATOR)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form.sheet button").click()
    page.wait_for_url(f"{stack.portal}/admin/")


class TestLeakedKey:
    def test_is_found_and_revoked_with_a_reason_that_its_holder_reads_in_chat(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        dan, ana = new_page(), new_page()
        sign_in(dan, stack, "Dan")
        key = create(dan, stack, "nightly report")
        dan.get_by_label("I have saved this key").check()
        dan.get_by_role("link", name="Done").click()
        assert call(stack, key).ok
        LifeOfAKey().wait_for_use(dan)

        sign_in(ana, stack, "Ana", "/admin/")
        ana.get_by_label("A request ID, a key, a key ID").fill(f"found this:\n{key}\nwhose is it?")
        ana.get_by_role("button", name="Look up").click()
        expect(ana.get_by_role("heading", name="Key “nightly report”")).to_be_visible()
        expect(ana.get_by_text("Dan").first).to_be_visible()
        assert key not in ana.content() + ana.url
        shoot(ana, "admin-story-1-found")
        ana.get_by_role("link", name="Open the key nightly report").click()
        ana.get_by_role("link", name="Revoke").click()
        ana.get_by_label("Reason").fill("It stood in a public repository")
        ana.get_by_label("Type nightly report to confirm").fill("nightly report")
        shoot(ana, "admin-story-2-confirm")
        ana.get_by_role("button", name="Revoke").click()
        expect(ana.get_by_role("status")).to_contain_text("“nightly report” is revoked")
        assert call(stack, key).json()["reason"] == "key_revoked"

        open_chat(dan, stack, "Dan")
        dan.get_by_role("link", name=re.compile("^API")).first.click()
        told = dan.get_by_test_id("message").filter(has_text="nightly report").last
        expect(told).to_contain_text("It stood in a public repository")
        expect(told).to_contain_text("Ana")
        shoot(dan, "admin-story-3-told")
        assert key not in stack.log.read_text()

    def test_is_revoked_in_bulk_without_javascript(self, stack: Stack, chromium: Browser) -> None:
        context = chromium.new_context(java_script_enabled=False, locale="en-GB")
        page = context.new_page()
        sign_in(page, stack, "Ana", "/admin/")
        keys = [create(page, stack, name) for name in ("bulk one", "bulk two")]
        page.goto(f"{stack.portal}/admin/keys/apikey/?q=bulk")
        for name in ("bulk one", "bulk two"):
            page.get_by_role("row", name=re.compile(name)).get_by_role("checkbox").check()
        page.get_by_label("Action for the selected keys").select_option("Disable")
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_role("heading", name="Disable these 2 API keys?")).to_be_visible()
        page.get_by_role("button", name="Disable").click()
        expect(page.get_by_role("status")).to_contain_text("2 keys are disabled")
        assert {call(stack, key).json()["reason"] for key in keys} == {"key_disabled"}
        context.close()


class TestEveryPage:
    @pytest.mark.parametrize(
        ("theme", "width", "language"),
        [("light", 1280, "en-GB"), ("dark", 1280, "es-ES"), ("dark", 320, "es-ES")],
    )
    def test_is_accessible_and_fits(
        self, stack: Stack, operator: None, new_page: NewPage, theme: str, width: int, language: str
    ) -> None:
        page = new_page(theme=theme, width=width, language=language)
        problems: list[str] = []

        def look(what: str, address: str = "") -> None:
            if address:
                page.goto(stack.portal + address)
            for details in page.locator("details").all():
                details.evaluate("element => { element.open = true }")
            shoot(page, f"admin-{what}-{language[:2]}-{theme}-{width}", whole=True)
            problems.extend(f"{what}: {found}" for found in found_by_axe(page))
            if not fits(page):
                problems.append(f"{what}: wider than the window")

        look("login", "/admin/")
        page.locator("form.sheet button").click()
        look("login-errors")
        sign_in(page, stack, "Ana", "/admin/")
        name = f"{theme} {width} <b>🔑</b> with a rather long name of its own"
        page.goto(f"{stack.portal}/keys/new?name={name}&expiry=7")
        page.locator(".actions button").click()
        key = page.locator("#plaintext").input_value()
        page.locator("[data-saved]").check()
        for operation in ("myInfo", "listChannels", "listMessages", "myInfo"):
            call(stack, key, operation)
        until = time.monotonic() + 15
        look("front", "/admin/")
        while page.locator(".stats .attention").count() < 1:
            assert time.monotonic() < until
            page.goto(f"{stack.portal}/admin/")
        look("front")
        look("lookup", "/admin/lookup/")
        page.locator("textarea").fill("pmb_nothing")
        page.locator(".lookup button").click()
        look("lookup-not")
        look("keys", "/admin/keys/apikey/?state=live")
        page.locator("#result_list tbody th a").first.click()
        look("key")
        page.locator(".actions .danger").first.click()
        look("revoke")
        page.locator(".sheet button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("revoke-errors")
        for rows in ("member", "auditevent", "requestlog", "hourlyuse"):
            look(rows, f"/admin/keys/{rows}/")
            page.locator("#result_list tbody th a").first.click()
            look(f"{rows}-one")
        look("keys-none", "/admin/keys/apikey/?q=nothing+like+it")
        look("not-found", "/admin/keys/apikey/999999/change/")

        command = [sys.executable, "manage.py", "doctor"]
        subprocess.run(command, cwd=PROJECT, env=stack.environment, check=True, capture_output=True)
        look("front-doctor", "/admin/")
        page.context.clear_cookies()
        sign_in_as_operator(page, stack)
        look("operator")
        look("installation", "/admin/installation/")
        look("workspaces", "/admin/keys/workspace/")
        page.locator("#result_list tbody th a").first.click()
        look("operator-front")
        look("operator-keys", "/admin/keys/apikey/")
        assert problems == []


class TestChart:
    def test_tells_the_value_of_a_day_by_keyboard_and_pointer(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack, "Ana", "/admin/")
        call(stack, create(page, stack, "charted"))
        until = time.monotonic() + 15
        page.goto(f"{stack.portal}/admin/")
        while not page.get_by_role("slider").count():
            assert time.monotonic() < until
            page.goto(f"{stack.portal}/admin/")
        chart = page.get_by_role("slider")

        chart.focus()
        expect(page.locator("[data-chart-value]")).to_contain_text("worked")
        expect(page.locator("[data-chart-value]")).not_to_contain_text(": 0 worked")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("[data-chart-value]")).to_contain_text(": 0 worked, 0 refused")
        page.locator("rect.point").last.hover()
        expect(page.locator("[data-chart-value]")).not_to_contain_text(": 0 worked")
