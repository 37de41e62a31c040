"""The "People" and "Add apps" dialogs of the chat page."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page.steps import open_chat
from tests.browser.conftest import NewPage, shoot
from tests.browser.demo import DemoApp
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


class TestPeople:
    def test_can_be_switched_deactivated_and_activated(self, pumble: Pumble, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("people").click()
        dialog = page.get_by_test_id("people-dialog")
        carla = dialog.get_by_test_id("member").filter(has_text="carla@acme.test")
        expect(dialog.get_by_test_id("member").filter(has_text="ana@acme.test")).to_contain_text("owner")
        expect(carla.get_by_label("Role of Carla")).to_have_value("USER")
        carla.get_by_label("Role of Carla").select_option("administrator")
        expect(page.get_by_test_id("person").locator("option", has_text="Carla")).to_contain_text(
            "administrator"
        )

        carla.get_by_role("button", name="Deactivate").click()
        expect(page.get_by_test_id("confirm")).to_contain_text("Deactivate Carla")
        page.get_by_test_id("confirm").get_by_role("button", name="Deactivate").click()
        expect(carla).to_contain_text("deactivated")
        expect(page.get_by_test_id("person").locator("option", has_text="Carla")).to_have_count(0)
        shoot(page, "page-people")

        carla.get_by_role("button", name="Activate").click()
        expect(carla).not_to_contain_text("deactivated")
        carla.get_by_role("button", name="Switch to").click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_test_id("person")).to_have_value(pumble.person("carla"))


class TestApps:
    def test_are_registered_by_url_and_show_their_credentials_once(
        self, pumble: Pumble, running_demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("add-apps").click()
        page.get_by_test_id("manifest-url").fill("http://127.0.0.1:9/manifest")
        page.get_by_test_id("register").click()
        expect(page.get_by_test_id("apps-dialog")).to_contain_text("the manifest cannot be fetched")

        page.get_by_test_id("manifest-url").fill(f"{running_demo.url}/manifest")
        page.get_by_test_id("register").click()
        expect(page.get_by_test_id("credential-signingSecret")).to_contain_text("xpss-")
        expect(page.get_by_test_id("app-demo")).to_contain_text("Not installed in Acme.")
        shoot(page, "page-credentials")

        page.keyboard.press("Escape")
        page.get_by_test_id("add-apps").click()
        expect(page.get_by_test_id("app-demo")).to_be_visible()
        assert "xpss-" not in page.content()

    def test_are_installed_reinstalled_and_uninstalled(
        self, pumble: Pumble, running_demo: DemoApp, new_page: NewPage
    ) -> None:
        running_demo.credentials = pumble.act("apps", manifestUrl=f"{running_demo.url}/manifest")
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("add-apps").click()
        page.get_by_test_id("install-demo").click()
        expect(page.get_by_role("main")).to_contain_text("Send messages")
        expect(page.get_by_role("main")).to_contain_text("Demo will be installed for everyone in Acme")
        shoot(page, "page-consent")
        page.get_by_test_id("consent-allow").click()
        page.wait_for_url(f"{running_demo.url}/redirect**")
        first = dict(running_demo.tokens)

        open_chat(page, pumble)
        page.get_by_test_id("add-apps").click()
        app = page.get_by_test_id("app-demo")
        expect(app).to_contain_text("authorized by you")
        page.get_by_test_id("more-demo").click()
        shoot(page, "page-app-menu")
        page.get_by_test_id("reinstall").click()
        expect(page.get_by_label("Reinstall: the bot gets a new token")).to_be_checked()
        shoot(page, "page-consent-reinstall")
        page.get_by_test_id("consent-allow").click()
        page.wait_for_url(f"{running_demo.url}/redirect**")
        assert running_demo.tokens["botToken"] != first["botToken"]

        open_chat(page, pumble)
        page.get_by_test_id("add-apps").click()
        page.get_by_test_id("more-demo").click()
        page.get_by_test_id("unauthorize").click()
        page.get_by_test_id("confirm").get_by_role("button", name="Withdraw my authorization").click()
        expect(page.get_by_test_id("authorize-demo")).to_be_visible()
        page.get_by_test_id("more-demo").click()
        page.get_by_test_id("uninstall").click()
        page.get_by_test_id("confirm").get_by_role("button", name="Uninstall").click()
        expect(page.get_by_test_id("install-demo")).to_be_visible()
        running_demo.hook(eventType="APP_UNINSTALLED")

    def test_are_uninstalled_only_by_administrators(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble, "carla")
        page.get_by_test_id("add-apps").click()

        expect(page.get_by_test_id("authorize-demo")).to_be_visible()
        expect(page.get_by_test_id("more-demo")).to_have_count(0)
