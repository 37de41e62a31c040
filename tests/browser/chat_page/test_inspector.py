"""The inspector of the chat page: traffic and faults."""

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.chat_page.steps import open_chat, type_line
from tests.browser.conftest import NewPage, shoot
from tests.browser.demo import DemoApp
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


class TestInspector:
    def test_lists_hooks_and_calls_with_their_bodies_and_no_secret(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("inspector-toggle").click()
        type_line(page, "/everything")
        type_line(page, "a secret: pmb_abcdefghijkl_0123456789abcdef0123456789abcdef")
        wires = page.get_by_test_id("wire")
        command = wires.filter(has_text="SLASH_COMMAND")
        call = wires.filter(has_text="/messages").filter(has_text="POST")
        expect(command).to_contain_text("accepted")
        expect(call).to_contain_text("bot token")
        expect(wires.filter(has_text="/oauth2/access")).to_contain_text("200")
        shoot(page, "page-traffic")

        command.locator("summary").click()
        expect(command).to_contain_text('"slashCommand": "/everything"')
        event = wires.filter(has_text="NEW_MESSAGE").last
        event.locator("summary").click()
        expect(event).to_contain_text("pmb_abcdefghijkl_***")
        exchange = wires.filter(has_text="/oauth2/access")
        exchange.locator("summary").click()
        expect(exchange).to_contain_text('"accessToken": "***"')
        shoot(page, "page-traffic-open")
        shown = page.get_by_test_id("inspector").inner_text()
        for secret in (
            *(demo.credentials[key] for key in ("appKey", "clientSecret", "signingSecret")),
            demo.tokens["accessToken"],
            demo.tokens["botToken"],
        ):
            assert secret not in shown

    def test_filters_and_clears(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("inspector-toggle").click()
        type_line(page, "/everything")
        type_line(page, "/refuse")
        wires = page.get_by_test_id("wire").locator("visible=true")
        expect(wires.filter(has_text="refused by the app")).to_have_count(1)

        page.get_by_test_id("wire-kind").select_option("failed")
        expect(wires).to_have_count(1)
        page.get_by_test_id("wire-kind").select_option("all")
        page.get_by_test_id("wire-filter").fill("/oauth2")
        expect(wires).to_have_count(1)
        page.get_by_test_id("wire-filter").fill("")
        page.get_by_test_id("wire-clear").click()
        expect(page.get_by_test_id("inspector")).to_contain_text("No traffic yet.")
        type_line(page, "/refuse")
        expect(wires).to_have_count(1)


class TestFaults:
    def test_are_added_used_up_and_cleared(self, pumble: Pumble, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("inspector-toggle").click()
        page.get_by_test_id("tab-faults").click()
        panel = page.get_by_test_id("inspector")
        panel.get_by_label("Method").select_option("GET")
        panel.get_by_label("Path").fill("/oauth2/me")
        page.get_by_test_id("fault-kind").select_option("rate_limit")
        panel.get_by_label("Retry after").fill("9")
        panel.get_by_label("Times").fill("2")
        page.get_by_test_id("fault-add").click()
        fault = page.get_by_test_id("fault")
        expect(fault).to_contain_text("GET /oauth2/me")
        expect(fault).to_contain_text("2 times left")
        shoot(page, "page-faults")

        answer = requests.get(f"{pumble.url}/oauth2/me", timeout=10)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
        expect(fault).to_contain_text("1 time left")
        page.get_by_test_id("fault-clear").click()
        expect(fault).to_have_count(0)
        assert requests.get(f"{pumble.url}/oauth2/me", timeout=10).status_code == 401

    def test_with_malformed_values_show_an_error(self, pumble: Pumble, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("inspector-toggle").click()
        page.get_by_test_id("tab-faults").click()
        panel = page.get_by_test_id("inspector")
        panel.locator("form").evaluate("form => { form.noValidate = true; }")
        panel.get_by_label("Path").fill("nowhere")
        page.get_by_test_id("fault-add").click()

        expect(panel.get_by_role("alert")).to_contain_text("match must be")
