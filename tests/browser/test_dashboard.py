"""The dashboard in a real browser: by mouse, by keyboard and without JavaScript."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Error, Page, expect

from tests.browser.conftest import NewPage, Stack, shoot

pytestmark = pytest.mark.browser

AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
}


def sign_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.portal}/pumble/signin")
    page.get_by_test_id("consent-allow").click()
    page.wait_for_url(f"{stack.portal}/")


def create(page: Page, stack: Stack, name: str, preset: str = "Post messages") -> str:
    """Make a key as a person does; its plaintext."""
    page.goto(f"{stack.portal}/keys/new")
    page.locator("#id_name").fill(name)
    page.get_by_role("radio", name=re.compile(preset)).check()
    page.get_by_role("button", name=re.compile("^(Create key|Crear clave)$")).click()
    return page.locator("#plaintext").input_value()


def call(stack: Stack, key: str, operation: str = "myInfo") -> requests.Response:
    return requests.get(f"{stack.portal}/{operation}", headers={"ApiKey": key}, timeout=10)


def found_by_axe(page: Page) -> list[str]:
    results = Axe().run(page, options=AXE)
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


class TestLifeOfAKey:
    def test_by_mouse_from_its_form_to_its_end(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack)
        page.goto(f"{stack.portal}/keys/new")
        page.get_by_label("Name").fill("mouse bot")
        page.get_by_role("radio", name=re.compile("Post messages")).check()
        page.get_by_role("radio", name="Only the channels that you choose").check()
        page.get_by_role("checkbox", name="#general").check()
        expect(page.locator("#outcome")).to_contain_text("Can post as you and send files in #general until")
        page.get_by_role("button", name="Create key").click()

        expect(page.get_by_role("heading", name="Your new key “mouse bot”")).to_be_visible()
        key = page.locator("#plaintext").input_value()
        page.get_by_role("link", name="Done").click()
        expect(page.locator("[data-status]")).to_contain_text("tick that you have saved it")
        page.get_by_role("button", name="Copy", exact=True).click()
        expect(page.locator("[data-status]")).to_have_text("Copied to clipboard")
        assert page.evaluate("navigator.clipboard.readText()") == key
        with page.expect_download() as download:
            page.get_by_role("button", name="Download .env").click()
        assert download.value.path().read_text() == f"PUMBLE_API_KEY={key}\n"
        page.get_by_role("tab", name="Python").click()
        expect(page.get_by_role("tabpanel")).to_contain_text("requests.post")
        page.get_by_role("link", name="Done").click()

        page.wait_for_url(re.compile("/keys/[^/]+/$"))
        assert call(stack, key).json()["email"] == "ana@acme.test"
        page.get_by_role("button", name="Disable").click()
        expect(page.get_by_role("status")).to_contain_text("is disabled. Programs that use it are refused")
        assert call(stack, key).json()["reason"] == "key_disabled"
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status")).to_contain_text("works again")
        assert call(stack, key).ok

        page.get_by_role("link", name="Rotate").click()
        page.get_by_role("button", name="Rotate key").click()
        newer = page.locator("#plaintext").input_value()
        page.get_by_label("I have saved this key").check()
        page.get_by_role("link", name="Done").click()
        expect(page.get_by_role("heading", name="Rotation in progress")).to_be_visible()
        assert call(stack, key).ok
        assert call(stack, newer).ok
        page.get_by_role("button", name="Finish the rotation").click()
        expect(page.get_by_role("status")).to_contain_text("Only the new key works")
        assert call(stack, key).json()["reason"] == "key_rotated"

        self.wait_for_use(page)
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete key").click()
        expect(page.get_by_role("alert")).to_contain_text("This is not the name of the key.")
        page.get_by_label("Type mouse bot to confirm").fill("mouse bot")
        page.get_by_role("button", name="Delete key").click()
        expect(page.get_by_role("status")).to_contain_text(
            "is deleted. Programs that use it are now refused."
        )
        assert call(stack, newer).json()["reason"] == "key_revoked"

    def test_in_spanish_on_a_phone(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page(width=320, language="es-ES")
        sign_in(page, stack)
        page.get_by_role("link", name="Crear clave").first.click()
        page.get_by_label("Nombre").fill("robot del móvil")
        page.get_by_role("radio", name=re.compile("Publicar mensajes")).check()
        expect(page.locator("#outcome")).to_contain_text(
            "Puede publicar en tu nombre y enviar archivos hasta el"
        )
        page.get_by_role("button", name="Crear clave").click()
        expect(page.get_by_role("heading", name="Tu nueva clave «robot del móvil»")).to_be_visible()
        assert fits(page)
        key = page.locator("#plaintext").input_value()
        page.get_by_label("He guardado esta clave").check()
        page.get_by_role("link", name="Listo").click()

        page.get_by_role("link", name="Rotar").click()
        page.get_by_role("button", name="Rotar clave").click()
        newer = page.locator("#plaintext").input_value()
        page.get_by_label("He guardado esta clave").check()
        page.get_by_role("link", name="Listo").click()
        assert call(stack, key).ok
        page.goto(f"{stack.portal}/keys/{newer[4:16]}/delete")
        page.get_by_role("button", name="Eliminar clave").click()
        expect(page.get_by_role("status")).to_contain_text("«robot del móvil» se ha eliminado")
        assert {call(stack, one).json()["reason"] for one in (key, newer)} == {"key_revoked"}
        assert fits(page)

    def wait_for_use(self, page: Page) -> None:
        """Uses are written in batches, about once a second."""
        until = time.monotonic() + 15
        while "Never used" in page.locator(".facts-list").last.inner_text():
            assert time.monotonic() < until
            page.reload()

    def test_by_keyboard_only(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack)
        page.goto(f"{stack.portal}/keys/new")
        self.tab_to(page, lambda: page.get_by_label("Name"))
        page.keyboard.type("keyboard bot")
        self.tab_to(page, lambda: page.get_by_role("button", name="Create key"))
        page.keyboard.press("Enter")

        expect(page.locator("#plaintext")).to_be_focused()
        key = page.locator("#plaintext").input_value()
        self.tab_to(page, lambda: page.get_by_role("tab", name="curl"))
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Python")).to_be_focused()
        self.tab_to(page, lambda: page.get_by_label("I have saved this key"))
        page.keyboard.press("Space")
        self.tab_to(page, lambda: page.get_by_role("link", name="Done"))
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/keys/[^/]+/$"))
        assert call(stack, key, "listChannels").ok

        self.tab_to(page, lambda: page.get_by_role("link", name="Rotate"))
        page.keyboard.press("Enter")
        self.tab_to(page, lambda: page.get_by_role("button", name="Rotate key"))
        page.keyboard.press("Enter")
        expect(page.locator("#plaintext")).to_be_focused()
        self.tab_to(page, lambda: page.get_by_role("button", name="Copy", exact=True))
        page.keyboard.press("Enter")
        self.tab_to(page, lambda: page.get_by_role("link", name="Done"))
        page.keyboard.press("Enter")
        self.tab_to(page, lambda: page.get_by_role("link", name="Delete"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Cancel")).to_be_focused()
        self.tab_to(page, lambda: page.get_by_role("button", name="Delete key"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(
            "is deleted. Programs that use it are now refused."
        )

    def tab_to(self, page: Page, find: Callable[[], Any]) -> None:
        wanted = find()
        expect(wanted).to_be_visible()
        for _ in range(80):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError("the keyboard does not reach it")

    def test_without_javascript(self, stack: Stack, chromium: Browser) -> None:
        context = chromium.new_context(java_script_enabled=False, locale="en-GB")
        page = context.new_page()
        sign_in(page, stack)
        key = create(page, stack, "plain bot")
        expect(page.get_by_text("answer = requests.post(")).to_be_visible()
        page.get_by_role("link", name="Done").click()
        page.get_by_role("link", name="Your API keys").click()
        expect(page.get_by_role("link", name="plain bot", exact=True)).to_be_visible()
        page.get_by_role("link", name="Delete plain bot").click()
        page.get_by_role("button", name="Delete key").click()
        expect(page.get_by_role("status")).to_contain_text(
            "is deleted. Programs that use it are now refused."
        )
        assert call(stack, key).json()["reason"] == "key_revoked"
        context.close()


class TestNewKey:
    def test_is_not_created_twice_by_a_double_click_or_a_reload(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        page = new_page()
        sign_in(page, stack)
        page.goto(f"{stack.portal}/keys/new")
        page.get_by_label("Name").fill("double")
        page.get_by_role("button", name="Create key").dblclick()
        expect(page.locator("#plaintext")).to_be_visible()
        page.get_by_label("I have saved this key").check()
        page.reload()
        expect(page.get_by_role("heading", name="This form was already sent")).to_be_visible()

        page.goto(f"{stack.portal}/?q=double&state=all")
        expect(page.get_by_text("1 key", exact=True)).to_be_visible()

    def test_is_not_left_by_accident_and_not_found_again_by_going_back(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        page = new_page()
        sign_in(page, stack)
        key = create(page, stack, "careless")
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.locator("#plaintext").click()
        with page.expect_event("dialog"):
            page.get_by_role("link", name="API keys for Pumble").click(no_wait_after=True)
        expect(page.locator("#plaintext")).to_have_value(key)
        assert asked == ["beforeunload"]

        page.get_by_label("I have saved this key").check()
        page.get_by_role("link", name="Done").click()
        page.wait_for_url(re.compile("/keys/[^/]+/$"))
        with pytest.raises(Error, match="ERR_CACHE_MISS"):
            page.go_back()
        expect(page.locator("#plaintext")).not_to_be_attached()


class TestEveryPage:
    @pytest.mark.parametrize(
        ("theme", "width", "language"),
        [
            ("light", 1280, "en-GB"),
            ("dark", 1280, "en-GB"),
            ("light", 1280, "es-ES"),
            ("light", 320, "en-GB"),
            ("dark", 320, "es-ES"),
        ],
    )
    def test_is_accessible_and_fits(
        self, stack: Stack, new_page: NewPage, theme: str, width: int, language: str
    ) -> None:
        helper = new_page()
        sign_in(helper, stack)
        name = f"{theme} {width} {language[:2]}"
        key = create(helper, stack, f"{name} <b>🔑</b> with a rather long name of its own")
        for operation in ("myInfo", "listChannels", "listMessages", "myInfo"):
            call(stack, key, operation)
        helper.get_by_label("I have saved this key").check()
        helper.get_by_role("link", name="Done").click()
        helper.wait_for_url(re.compile("/keys/[^/]+/$"))
        address = helper.url
        expect(helper.get_by_role("status")).to_be_attached()
        helper.goto(f"{stack.portal}/keys/new?name=forever+{width}{theme}{language[:2]}&expiry=never")
        helper.get_by_role("button", name="Create key").click()
        expect(helper.locator("#plaintext")).to_be_visible()
        deleted = create(helper, stack, f"{name} deleted", preset="Read only")
        helper.get_by_label("I have saved this key").check()
        helper.goto(f"{stack.portal}/keys/{deleted[4:16]}/delete")
        helper.get_by_role("button", name="Delete key").click()
        expect(helper.get_by_role("status")).to_contain_text(
            "is deleted. Programs that use it are now refused."
        )

        page = new_page(theme=theme, width=width, language=language)
        problems: list[str] = []

        def look(what: str) -> None:
            shoot(page, f"dashboard-{what}-{language[:2]}-{theme}-{width}", whole=True)
            problems.extend(f"{what}: {found}" for found in found_by_axe(page))
            if not fits(page):
                problems.append(f"{what}: wider than the window")

        page.goto(stack.portal)
        look("welcome")
        sign_in(page, stack)
        look("list")
        page.goto(f"{stack.portal}/?state=ended")
        look("list-ended")
        page.goto(f"{stack.portal}/?q=nothing+like+it")
        look("list-empty")
        page.goto(f"{stack.portal}/keys/new")
        look("create")
        page.locator("[name=preset][value=custom]").check()
        page.locator("[name=where][value=chosen]").check()
        page.locator("[name=expiry][value=day]").check()
        page.locator("details.advanced summary").click()
        page.locator("[name=addresses]").fill("10.0.0.1/8")
        page.locator(".actions button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("create-errors")
        page.goto(f"{stack.portal}/keys/new?preset=read-onyl&channel=general&note={'long' * 20}")
        expect(page.get_by_role("alert")).to_be_visible()
        look("create-from-link")
        page.goto(address)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true }")
        look("key")
        for part in ("rename", "narrow", "delete"):
            page.goto(address + part)
            look(part)
        page.goto(address + "rotate")
        look("rotate")
        page.locator(".actions button").click()
        expect(page.locator("#plaintext")).to_be_visible()
        page.locator("#plaintext").evaluate("field => { field.value = 'pmb_shown_once' }")
        look("new-key")
        page.locator("[data-saved]").check()
        page.locator("[data-done]").click()
        page.wait_for_url(re.compile("/keys/[^/]+/$"))
        look("key-rotating")
        page.goto(f"{stack.portal}/overview")
        look("overview")
        page.goto(f"{stack.portal}/keys/nosuchkey/")
        look("not-found")
        assert problems == []


class TestTryTheApi:
    def test_needs_no_pasted_key_and_leaves_none_behind(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack)
        page.get_by_role("button", name="Try the API").click()
        page.locator("#operations-Users-myInfo").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()

        expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
        assert page.locator("[data-key]").count() == 0
        shoot(page, "dashboard-try-it")

    def test_shows_what_a_write_would_send_and_sends_nothing(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack)
        page.get_by_role("button", name="Try the API").click()
        operation = page.locator("#operations-Messages-sendMessage")
        operation.click()
        operation.get_by_role("button", name="Try it out").click()
        operation.locator("textarea").fill('{"channel": "general", "text": "only tried"}')
        operation.get_by_role("button", name="Execute").click()

        live = operation.locator(".live-responses-table")
        expect(live.locator(".response-col_status").last).to_contain_text("200")
        expect(live).to_contain_text("wouldSend")
        shoot(page, "dashboard-try-a-write")
        page.goto(stack.pumble)
        expect(page.get_by_text("only tried")).to_have_count(0)


class TestFormAndPageOfANewKey:
    def test_begins_custom_with_the_permissions_of_the_level_before(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        page = new_page()
        sign_in(page, stack)
        page.goto(f"{stack.portal}/keys/new")
        page.get_by_role("radio", name=re.compile("^Post messages")).check()
        page.get_by_role("radio", name=re.compile("^Custom")).check()
        ticked = page.locator('[name="scopes"]:checked').evaluate_all("boxes => boxes.map(box => box.value)")
        held = ["channels:list", "channels:read", "messages:write", "files:write", "users:list", "user:read"]
        assert ticked == held

    def test_does_not_lay_a_box_over_its_label(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack)
        page.goto(f"{stack.portal}/keys/new?preset=full-access")
        shoot(page, "new-key-full-access", whole=True)
        label = page.locator(".only-full label")
        text_left = label.evaluate(
            "label => { const range = document.createRange(); range.selectNodeContents(label.lastChild);"
            " return range.getBoundingClientRect().left }"
        )
        box = label.locator("input").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] < text_left

    def test_copies_samples_and_the_line_that_sets_the_key(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        sign_in(page, stack)
        key = create(page, stack, "copied")
        page.get_by_role("button", name="Copy the line with the key").click()
        assert page.evaluate("navigator.clipboard.readText()") == f"export PUMBLE_API_KEY={key}"
        page.get_by_role("button", name="Copy curl").click()
        assert page.evaluate("navigator.clipboard.readText()").startswith("curl ")
        shoot(page, "new-key-samples", whole=True)


class TestLargeText:
    def test_of_200_percent_does_not_scroll_sideways_at_360_pixels(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        page = new_page(width=360, language="es-ES")
        sign_in(page, stack)
        create(page, stack, "a key with a long-name-without-any-spaces", preset="Publicar mensajes")
        wide = []
        for path in (
            *("/", "/overview", "/keys/new", "/lookup/", "/api-docs/plain/", "/signout/everywhere"),
            *("/admin/", "/admin/keys/apikey/", "/admin/keys/auditevent/", "/admin/keys/auditevent/legend/"),
        ):
            page.goto(stack.portal + path)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            shoot(page, f"large{path.replace('/', '-')}")
            if not fits(page):
                wide.append(path)
        assert wide == []
