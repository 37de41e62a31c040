"""Accessibility of the chat page: languages, keyboard, widths, themes, screen readers."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat_page.steps import open_chat, open_home, top_modal, type_line
from tests.browser.conftest import NewPage, shoot
from tests.browser.demo import DemoApp
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


class TestAccess:
    def test_speaks_spanish_too(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page(language="es-ES")
        open_chat(page, pumble)
        page.get_by_role("button", name="Inspector").click()
        page.get_by_role("tab", name="Fallos").click()
        expect(page.get_by_test_id("fault-kind")).to_contain_text("Cortar la conexión")
        page.get_by_role("button", name="Personas").click()
        expect(page.get_by_role("dialog", name="Personas")).to_contain_text(
            "Cambia a cualquier persona de Acme"
        )

    def test_skips_to_the_message_box_even_from_a_home_tab(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_home(page, pumble)
        page.reload()
        expect(page.get_by_test_id("home")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the message box")).to_be_focused()
        page.keyboard.press("Enter")

        expect(page.get_by_test_id("composer")).to_be_focused()

    def test_announces_new_messages(self, pumble: Pumble, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        pumble.send_message("ben", pumble.channel("general"), "good morning")

        log = page.get_by_role("log", name="Messages in #general")
        expect(log).to_have_attribute("aria-live", "polite")
        expect(log.get_by_text("good morning")).to_be_visible()

    @pytest.mark.parametrize(
        ("theme", "width"), [("light", 320), ("dark", 320), ("dark", 1280), ("light", 1920)]
    )
    def test_fits_every_width_in_both_themes(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage, theme: str, width: int
    ) -> None:
        page = new_page(theme=theme, width=width)
        page.emulate_media(reduced_motion="reduce")
        name = f"{theme}-{width}"
        open_chat(page, pumble)
        type_line(page, "/everything")
        expect(page.get_by_text("a quote").last).to_be_visible()
        self.check(page, f"fit-{name}-messages")
        self.open_menu(page)
        page.get_by_test_id("inspector-toggle").click()
        expect(page.get_by_test_id("wire").last).to_be_visible()
        self.check(page, f"fit-{name}-inspector")
        page.get_by_test_id("tab-faults").click()
        self.check(page, f"fit-{name}-faults")
        page.get_by_role("button", name="Close inspector").click()
        for part in ("people", "add-apps"):
            self.open_menu(page)
            page.get_by_test_id(part).click()
            self.check(page, f"fit-{name}-{part}")
            page.keyboard.press("Escape")
        self.open_menu(page)
        page.get_by_test_id("channel-Demo").click()
        home = page.get_by_test_id("home")
        expect(home.get_by_text("Welcome")).to_be_visible()
        self.check(page, f"fit-{name}-home")
        home.get_by_role("button", name="New ticket").click()
        expect(top_modal(page)).to_contain_text("New ticket")
        self.check(page, f"fit-{name}-modal")
        for _ in range(2):
            top_modal(page).get_by_role("button", name="Deeper").click()
            expect(top_modal(page)).to_contain_text("This is window")
        expect(page.get_by_test_id("modal")).to_have_count(3)
        self.check(page, f"fit-{name}-stack")

    def open_menu(self, page: Page) -> None:
        button = page.get_by_role("button", name="Open menu")
        if button.is_visible():
            button.click()

    def check(self, page: Page, name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shoot(page, name)
