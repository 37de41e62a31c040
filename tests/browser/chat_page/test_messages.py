"""Messages on the chat page: blocks, reactions, threads, shortcuts."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page.steps import open_chat, top_modal, type_line
from tests.browser.conftest import NewPage, shoot
from tests.browser.demo import DemoApp
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


class TestMessages:
    def test_show_all_blocks_and_never_markup(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/everything")
        message = page.get_by_test_id("message").filter(has_text="a quote").last

        expect(message.get_by_text("preformatted <b>text</b>")).to_be_visible()
        expect(message.get_by_text("with <i>text</i>")).to_be_visible()
        expect(message.get_by_role("link", name="a link")).to_have_attribute("rel", "noopener noreferrer")
        expect(message.locator("blockquote")).to_have_text("a quote")
        expect(message.get_by_role("listitem").first).to_have_text("one")
        shoot(page, "page-every-block")

        message.get_by_label("Cheese").check()
        assert json.loads(demo.hook(onAction="toppings")["payload"]) == {"values": ["cheese"]}
        message.get_by_label("From").fill("2026-04-01")
        message.get_by_label("To").fill("2026-04-09")
        message.get_by_label("To").press("Tab")
        assert json.loads(demo.hook(onAction="span")["payload"]) == {"values": ["2026-04-01", "2026-04-09"]}
        message.get_by_role("button", name="Answer").click()
        assert demo.hook(onAction="answer")["sourceType"] == "MESSAGE"

    @pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>"])
    def test_with_hostile_content_stay_text(self, pumble: Pumble, new_page: NewPage, hostile: str) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, hostile)

        expect(page.get_by_test_id("message").last).to_contain_text(hostile)

    def test_get_and_lose_reactions_by_keyboard(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "react to me")
        message = page.get_by_test_id("message").filter(has_text="react to me").last
        message.get_by_test_id("react").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem").first).to_be_focused()
        shoot(page, "page-reactions")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")

        mine = message.get_by_test_id("reaction")
        expect(mine).to_have_attribute("aria-pressed", "true")
        expect(mine).to_have_accessible_name(re.compile("👎 1: Ana"))
        demo.hook(eventType="REACTION_ADDED")
        mine.click()
        expect(mine).to_have_count(0)

    def test_have_shortcuts_of_apps(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        message = page.get_by_test_id("message").last
        message.get_by_test_id("more").click()
        page.get_by_test_id("shortcut-inspect").click()

        expect(top_modal(page)).to_contain_text("New ticket")
        hook = demo.hook(messageType="SHORTCUT")
        assert (hook["type"], hook["shortcut"]) == ("ON_MESSAGE", "inspect")
        assert hook["messageId"] == message.get_attribute("data-message-id")

    def test_stay_in_their_thread_with_reactions_and_replies(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "a root")
        page.get_by_test_id("message").filter(has_text="a root").last.get_by_test_id("reply").click()
        page.get_by_test_id("thread-composer").fill("a leaf")
        page.get_by_test_id("thread-send").click()
        leaf = page.get_by_test_id("thread").get_by_test_id("message").filter(has_text="a leaf")
        leaf.get_by_test_id("react").click()
        page.get_by_role("menuitem", name="tada").click()

        expect(leaf.get_by_test_id("reaction")).to_contain_text("🎉")
        expect(page.get_by_test_id("replies").last).to_have_text("1 reply")
        shoot(page, "page-thread")

    def test_are_marked_if_only_one_person_sees_them(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/refuse")

        ephemeral = page.get_by_test_id("ephemeral").last
        expect(ephemeral).to_contain_text("Not today.")
        expect(ephemeral).to_contain_text("Only visible to you")


class TestShortcuts:
    def test_are_beside_the_message_box(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("shortcuts").click()
        page.get_by_test_id("shortcut-new_ticket").click()

        expect(top_modal(page)).to_contain_text("New ticket")
        hook = demo.hook(messageType="SHORTCUT")
        assert (hook["type"], "threadRootId" in hook) == ("GLOBAL", False)

    def test_send_the_thread_they_were_run_in(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        root = page.get_by_test_id("message").last
        root.get_by_test_id("reply").click()
        page.get_by_test_id("thread-shortcuts").click()
        page.get_by_test_id("shortcut-new_ticket").click()

        expect(top_modal(page)).to_contain_text("New ticket")
        assert demo.hook(messageType="SHORTCUT")["threadRootId"] == root.get_attribute("data-message-id")
