"""Home tabs and modals on the chat page."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page.steps import open_chat, open_home, top_modal, type_line
from tests.browser.conftest import NewPage, shoot
from tests.browser.demo import OFFLINE, DemoApp
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


class TestHome:
    def test_sends_clicks_and_choices(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        home = open_home(page, pumble)
        shoot(page, "page-home")

        home.get_by_label("Priority").select_option("high")
        assert json.loads(demo.hook(onAction="priority")["payload"]) == {"value": "high"}
        home.get_by_role("combobox", name="Find a city").click()
        page.keyboard.type("bar")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Barcelona"])
        page.keyboard.press("Enter")
        assert json.loads(demo.hook(onAction="city", messageType="BLOCK_INTERACTION")["payload"]) == {
            "value": "barcelona"
        }
        assert demo.hook(messageType="DYNAMIC_MENU")["view"]["type"] == "HOME"

    def test_asks_for_confirmation_before_a_click(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        home = open_home(page, pumble)
        home.get_by_role("button", name="Wipe").click()
        expect(page.get_by_role("alertdialog", name="Wipe everything?")).to_contain_text(
            "Nothing comes back."
        )
        shoot(page, "page-confirm")
        page.get_by_role("button", name="Keep").click()
        assert [hook for hook in demo.hooks if hook.get("onAction") == "wipe"] == []

        home.get_by_role("button", name="Wipe").click()
        page.get_by_test_id("confirm").get_by_role("button", name="Wipe").click()
        demo.hook(onAction="wipe")

    def test_spins_until_the_app_completes_the_click(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        home = open_home(page, pumble)
        work = home.get_by_role("button", name="Work for long")
        work.click()
        demo.hook(onAction="work")
        expect(work).to_have_attribute("aria-busy", "true")
        page.reload()
        expect(work).to_have_attribute("aria-busy", "true")
        shoot(page, "page-spinner")

        demo.complete()
        expect(work).not_to_have_attribute("aria-busy", "true")

    def test_shows_that_the_app_is_offline(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        home = open_home(page, pumble)
        demo.is_asleep = True
        home.get_by_role("button", name="New ticket").click()

        expect(home.get_by_role("alert")).to_have_text(OFFLINE)
        shoot(page, "page-offline")
        page.get_by_test_id("tab-messages").click()
        expect(page.get_by_test_id("ephemeral").last).to_contain_text(OFFLINE)


class TestModals:
    def test_collect_all_kinds_of_input(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/ticket")
        modal = top_modal(page)
        expect(modal.get_by_label("Title")).to_be_focused()
        page.keyboard.type("Mend it")
        modal.get_by_label("Note").fill("two\nlines")
        modal.get_by_label("Priority").select_option("low")
        modal.get_by_label("City").click()
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(5)
        shoot(page, "page-combobox")
        page.get_by_role("option", name="Novi Sad").click()
        modal.get_by_label("Wish").check()
        modal.get_by_label("Day").fill("2026-05-06")
        modal.get_by_label("From").fill("2026-06-01")
        modal.get_by_label("To").fill("2026-06-03")
        shoot(page, "page-modal")
        page.get_by_test_id("modal-submit").click()

        expect(modal).to_have_count(0)
        values = demo.hook(viewActionType="SUBMIT")["view"]["state"]["values"]
        entered = {key: next(iter(value.values())) for key, value in values.items()}
        assert {key: item.get("value", item.get("values")) for key, item in entered.items()} == {
            "title": "Mend it",
            "note": "two\nlines",
            "priority": "low",
            "city": "novi sad",
            "tags": ["wish"],
            "day": "2026-05-06",
            "span": ["2026-06-01", "2026-06-03"],
        }
        expect(page.get_by_test_id("composer")).to_be_focused()

    def test_show_errors_below_inputs_and_keep_the_values(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/ticket")
        modal = top_modal(page)
        page.get_by_test_id("modal-submit").click()
        title = modal.get_by_label("Title")
        expect(title).to_have_accessible_description("This field is required.")
        expect(title).to_be_focused()
        assert [hook for hook in demo.hooks if hook.get("viewActionType")] == []

        title.fill("taken")
        modal.get_by_label("Note").fill("kept")
        page.get_by_test_id("modal-submit").click()
        expect(title).to_have_accessible_description("There is such a ticket already")
        expect(title).to_have_value("taken")
        expect(modal.get_by_label("Note")).to_have_value("kept")
        shoot(page, "page-validation")

        title.fill("forbidden")
        page.get_by_test_id("modal-submit").click()
        expect(modal.get_by_role("alert").filter(has_text="Nobody may create this.")).to_be_visible()
        expect(title).to_have_value("forbidden")

    def test_keep_typed_text_when_they_are_updated(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/ticket")
        modal = top_modal(page)
        modal.get_by_label("Note").fill("kept")
        modal.get_by_label("Nickname").focus()
        page.keyboard.type("Bo")
        demo.hook(onAction="nickname")
        page.keyboard.type("bby", delay=60)

        expect(modal.get_by_label("Nickname of 5 letters")).to_have_value("Bobby")
        expect(modal.get_by_label("Nickname")).to_be_focused()
        expect(modal.get_by_label("Note")).to_have_value("kept")

    def test_stack_three_deep_and_close_one_by_one(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        home = open_home(page, pumble)
        home.get_by_role("button", name="New ticket").click()
        modals = page.get_by_test_id("modal")
        expect(modals).to_have_count(1)
        modals.last.get_by_label("Title").fill("typed before")
        modals.last.get_by_role("button", name="Deeper").click()
        expect(modals).to_have_count(2)
        modals.last.get_by_role("button", name="Deeper").click()
        expect(modals).to_have_count(3)
        expect(modals.last).to_contain_text("This is window number 3.")
        for modal in modals.all():
            expect(modal).to_be_visible()
        shoot(page, "page-stack")

        for _ in range(12):
            page.keyboard.press("Tab")
            assert page.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('.modal-2')"
            )
        modals.last.get_by_role("button", name="Deeper").click()
        expect(modals.last.get_by_role("alert").filter(has_text="No more than three")).to_be_visible()

        page.keyboard.press("Escape")
        expect(modals).to_have_count(2)
        modals.last.get_by_role("button", name="Back").click()
        expect(modals).to_have_count(1)
        expect(modals.last.get_by_role("button", name="Deeper")).to_be_focused()
        expect(modals.last.get_by_label("Title")).to_have_value("typed before")
        modals.last.get_by_role("button", name="Cancel").click()
        expect(modals).to_have_count(0)
        expect(home.get_by_role("button", name="New ticket")).to_be_focused()
        closed = [hook["view"]["callbackId"] for hook in demo.hooks if hook.get("viewActionType") == "CLOSE"]
        assert closed == ["level-3", "level-2", "ticket"]
