"""Renewing keys, and stopping them with their successors, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_admin import sign_in
from tests.browser.test_dashboard import call, create, fits, found_by_axe
from tests.browser.test_lookup import link_of, look_up, send
from tests.browser.test_story import open_chat, read_key, type_line

pytestmark = pytest.mark.browser


def save(page: Page) -> None:
    """Confirm that the new key is saved, and go to its page."""
    page.locator("[data-saved]").check()
    page.locator("[data-done]").click()
    page.wait_for_url(re.compile("/keys/[^/]+/$"))


def rotate(page: Page) -> str:
    """Rotate the key whose page is open; the new plaintext."""
    page.locator("a[href$='/rotate']").first.click()
    page.locator("form.sheet .primary").click()
    plaintext = page.locator("#plaintext").input_value()
    save(page)
    return plaintext


class TestRenewal:
    def test_by_mouse_gives_a_new_key_with_a_new_end(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack, "Ana")
        old = create(page, stack, "renewed by mouse")
        save(page)
        page.get_by_role("link", name="Renew", exact=True).click()
        expect(page.get_by_role("radio", name=re.compile("^30 days"))).to_be_checked()
        page.get_by_role("radio", name=re.compile("^90 days")).check()
        page.get_by_role("button", name="Renew key").click()

        new = page.locator("#plaintext").input_value()
        save(page)

        expect(page.get_by_role("heading", name="Rotation in progress")).to_be_visible()
        assert (call(stack, old).status_code, call(stack, new).status_code) == (200, 200)
        page.get_by_role("button", name="Finish the rotation").click()
        assert call(stack, old).json()["reason"] == "key_rotated"
        assert call(stack, new).ok

    def test_by_chat_gives_a_new_key_with_a_new_end(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, stack)
        type_line(page, "/api-keys generate renewedinchat --post --expires 7d")
        old = read_key(page)
        type_line(page, "/api-keys renew renewedinchat --expires 90d --grace 1h")
        answer = page.get_by_test_id("ephemeral").filter(has_text="The old key works until").last
        expect(answer).to_be_visible()
        new = read_key(page)
        shoot(page, "renewal-chat")

        assert new != old
        assert (call(stack, old).status_code, call(stack, new).status_code) == (200, 200)

    def test_of_what_nobody_chose_begins_with_the_buttons_in_chat(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, stack)
        type_line(page, "/api-keys generate unlimited")
        answer = page.get_by_test_id("ephemeral").filter(has_text="Full access, never expires.").last
        expect(answer).to_be_visible()
        shoot(page, "renewal-default-access")

        answer.get_by_role("button", name="Expire in 90 days").click()
        expect(page.get_by_test_id("ephemeral").filter(has_text="“unlimited” expires on ")).to_be_visible()
        answer.get_by_role("button", name="Reduce permissions").click()
        expect(page.get_by_text("Permissions of “unlimited”")).to_be_visible()
        shoot(page, "renewal-reduce")


class TestAnAdministrator:
    def test_revokes_the_key_that_posted_a_message_with_its_successor(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        dan, ana = new_page(), new_page()
        sign_in(dan, stack, "Dan")
        old = create(dan, stack, "replaced one")
        save(dan)
        new = rotate(dan)
        link = link_of(stack, send(stack, old, {"channel": "general", "text": "too much"}).json())
        assert (call(stack, old).ok, call(stack, new).ok) == (True, True)

        sign_in(ana, stack, "Ana", "/admin/lookup/")
        look_up(ana, link)
        ana.get_by_role("link", name="Open the key replaced one").click()
        expect(ana.get_by_role("heading", name="Rotation in progress")).to_be_visible()
        shoot(ana, "renewal-admin-1-takeover")
        ana.get_by_role("link", name="Revoke").click()
        expect(ana.get_by_role("checkbox", name=re.compile("Also revoke the successor"))).to_be_checked()
        ana.get_by_label("Reason").fill("The laptop is lost")
        if ana.locator("[name=typed]").count():
            ana.locator("[name=typed]").fill("replaced one")
        shoot(ana, "renewal-admin-2-confirm")
        ana.get_by_role("button", name="Revoke").click()
        if ana.get_by_role("alert").count():  # the calls were counted meanwhile
            ana.locator("[name=typed]").fill("replaced one")
            ana.get_by_role("button", name="Revoke").click()

        expect(ana.get_by_role("status").first).to_contain_text("2 keys are revoked")
        assert {call(stack, key).json()["reason"] for key in (old, new)} == {"key_revoked"}


class TestThePages:
    @pytest.mark.parametrize("language", ["en-GB", "es-ES"])
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [360, 1280])
    def test_are_accessible_and_fit(
        self, stack: Stack, new_page: NewPage, theme: str, width: int, language: str
    ) -> None:
        page = new_page(theme=theme, width=width, language=language)
        problems: list[str] = []

        def look(what: str, address: str = "") -> None:
            if address:
                page.goto(stack.portal + address)
            shoot(page, f"renewal-{what}-{language[:2]}-{theme}-{width}", whole=True)
            problems.extend(f"{what}: {found}" for found in found_by_axe(page))
            if not fits(page):
                problems.append(f"{what}: wider than the window")

        sign_in(page, stack, "Ana", "/admin/")
        page.goto(f"{stack.portal}/keys/new?name=report {theme} {width} {language}")
        look("create")
        page.locator(".actions .primary").click()
        plaintext = page.locator("#plaintext").input_value()
        save(page)
        key_url = page.url.removeprefix(stack.portal)
        look("key")
        look("list", "/")
        page.locator("[name=q]").fill(plaintext)
        page.locator("form.filters button").click()
        look("pasted-search")
        look("rename", f"{key_url}rename")
        page.locator("[name=name]").fill(plaintext)
        page.locator("form.sheet .primary").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("pasted")
        look("renew", f"{key_url}renew")
        page.locator("[name=expiry][value=day]").check()
        page.locator("form.sheet .primary").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("renew-errors")
        page.goto(f"{stack.portal}{key_url}")
        rotate(page)
        look("successor")
        look("replaced", key_url)
        look("delete", f"{key_url}delete")
        look("overview", "/overview")
        page.goto(f"{stack.portal}/admin/keys/apikey/?q={plaintext[4:16]}")
        page.locator("#result_list tbody th a").first.click()
        look("admin-key")
        page.locator(".actions .danger").first.click()
        look("admin-revoke")
        page.goto(f"{stack.portal}/admin/keys/member/?q=Ana")
        page.locator("#result_list tbody th a").first.click()
        look("admin-member")
        page.locator("a[href$='/stop/']").click()
        look("admin-stop")
        page.locator("form.sheet .danger").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("admin-stop-errors")
        look("admin-policy", "/admin/keys/policy/")
        page.locator("[name=full_access_forbidden]").check()
        page.locator("[name=default_preset][value=full-access]").check()
        page.locator("form.sheet .primary").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("admin-policy-errors")
        assert problems == []
