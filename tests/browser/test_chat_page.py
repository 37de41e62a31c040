"""The chat page of the local Pumble: everything that a person does in Pumble with an app, seen in a real Chromium."""

import json
import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage, shoot
from tests.browser.demo import OFFLINE, DemoApp
from tests.sandbox.pumble import Pumble

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running_demo() -> Iterator[DemoApp]:
    app = DemoApp()
    yield app
    app.stop()


@pytest.fixture(scope="module")
def running_pumble(running_demo: DemoApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pumble]:
    """A local Pumble alone: the page needs no portal."""
    pumble = Pumble(tmp_path_factory.mktemp("pumble"), "http://127.0.0.1:9", SANDBOX_LIMITS="off")
    running_demo.pumble = pumble.url
    yield pumble
    pumble.stop()


@pytest.fixture
def pumble(running_pumble: Pumble, running_demo: DemoApp) -> Pumble:
    """At the seed; the demonstration runs, but nobody knows of it yet."""
    running_pumble.act("reset")
    running_demo.hooks.clear()
    running_demo.is_asleep = False
    return running_pumble


@pytest.fixture
def demo(pumble: Pumble, running_demo: DemoApp) -> DemoApp:
    """The demonstration, registered, and installed by Ana."""
    running_demo.credentials = pumble.act("apps", manifestUrl=f"{running_demo.url}/manifest")
    allowed = pumble.act("install", userId=pumble.person("ana"), appId=running_demo.credentials["id"])
    assert requests.get(allowed["redirectUrl"], timeout=10).ok
    running_demo.hooks.clear()
    return running_demo


def open_chat(page: Page, pumble: Pumble, key: str = "ana", channel: str = "general") -> None:
    page.goto(f"{pumble.url}/?person={pumble.person(key)}&channel={pumble.channel(channel)}")
    expect(page.get_by_test_id("message").first).to_be_visible()


def open_home(page: Page, pumble: Pumble) -> Locator:
    open_chat(page, pumble)
    page.get_by_test_id("channel-Demo").click()
    home = page.get_by_test_id("home")
    expect(home.get_by_text("Welcome to the demonstration")).to_be_visible()
    return home


def type_line(page: Page, line: str) -> None:
    page.get_by_test_id("composer").fill(line)
    page.get_by_test_id("send").click()


def top_modal(page: Page) -> Locator:
    return page.get_by_test_id("modal").last


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
    def test_are_registered_by_address_and_show_their_credentials_once(
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

    def test_go_their_whole_way_from_consent_to_the_end(
        self, pumble: Pumble, running_demo: DemoApp, new_page: NewPage
    ) -> None:
        running_demo.credentials = pumble.act("apps", manifestUrl=f"{running_demo.url}/manifest")
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("add-apps").click()
        page.get_by_test_id("install-demo").click()
        expect(page.get_by_role("main")).to_contain_text("Send messages")
        expect(page.get_by_role("main")).to_contain_text("Allowing installs Demo for everyone in Acme")
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
        expect(page.get_by_label("Reinstall: give the bot a new token")).to_be_checked()
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

    def test_are_ended_only_by_those_who_may(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble, "carla")
        page.get_by_test_id("add-apps").click()

        expect(page.get_by_test_id("authorize-demo")).to_be_visible()
        expect(page.get_by_test_id("more-demo")).to_have_count(0)


class TestMessages:
    def test_show_every_block_and_never_markup(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
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
    def test_from_a_hostile_hand_stay_text(self, pumble: Pumble, new_page: NewPage, hostile: str) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, hostile)

        expect(page.get_by_test_id("message").last).to_contain_text(hostile)

    def test_take_reactions_by_the_keyboard_and_give_them_back(
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

    def test_carry_shortcuts_of_apps(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
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

    def test_only_one_person_sees_say_so(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/refuse")

        whisper = page.get_by_test_id("ephemeral").last
        expect(whisper).to_contain_text("Not today.")
        expect(whisper).to_contain_text("Only visible to you")


class TestShortcuts:
    def test_stand_beside_the_message_box(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("shortcuts").click()
        page.get_by_test_id("shortcut-new_ticket").click()

        expect(top_modal(page)).to_contain_text("New ticket")
        hook = demo.hook(messageType="SHORTCUT")
        assert (hook["type"], "threadRootId" in hook) == ("GLOBAL", False)

    def test_know_the_thread_they_were_called_in(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        root = page.get_by_test_id("message").last
        root.get_by_test_id("reply").click()
        page.get_by_test_id("thread-shortcuts").click()
        page.get_by_test_id("shortcut-new_ticket").click()

        expect(top_modal(page)).to_contain_text("New ticket")
        assert demo.hook(messageType="SHORTCUT")["threadRootId"] == root.get_attribute("data-message-id")


class TestHome:
    def test_sends_what_one_clicks_and_chooses(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
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

    def test_asks_before_a_click_that_wants_it(
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

    def test_says_that_the_app_is_offline(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page()
        home = open_home(page, pumble)
        demo.is_asleep = True
        home.get_by_role("button", name="New ticket").click()

        expect(home.get_by_role("alert")).to_have_text(OFFLINE)
        shoot(page, "page-offline")
        page.get_by_test_id("tab-messages").click()
        expect(page.get_by_test_id("ephemeral").last).to_contain_text(OFFLINE)


class TestModals:
    def test_collect_every_kind_of_input(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
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
        assert {key: one.get("value", one.get("values")) for key, one in entered.items()} == {
            "title": "Mend it",
            "note": "two\nlines",
            "priority": "low",
            "city": "novi sad",
            "tags": ["wish"],
            "day": "2026-05-06",
            "span": ["2026-06-01", "2026-06-03"],
        }
        expect(page.get_by_test_id("composer")).to_be_focused()

    def test_say_under_the_input_what_is_wrong_and_keep_what_was_typed(
        self, pumble: Pumble, demo: DemoApp, new_page: NewPage
    ) -> None:
        page = new_page()
        open_chat(page, pumble)
        type_line(page, "/ticket")
        modal = top_modal(page)
        page.get_by_test_id("modal-submit").click()
        title = modal.get_by_label("Title")
        expect(title).to_have_accessible_description("Please fill this in.")
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

    def test_change_under_ones_hands_without_losing_a_letter(
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

    def test_stand_three_deep_and_go_back_one_by_one(
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
        expect(command).to_contain_text("ok")
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
        expect(page.get_by_test_id("inspector")).to_contain_text("Nothing yet.")
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
        panel.get_by_label("How often").fill("2")
        page.get_by_test_id("fault-add").click()
        fault = page.get_by_test_id("fault")
        expect(fault).to_contain_text("GET /oauth2/me")
        expect(fault).to_contain_text("2 more times")
        shoot(page, "page-faults")

        answer = requests.get(f"{pumble.url}/oauth2/me", timeout=10)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
        expect(fault).to_contain_text("1 more time")
        page.get_by_test_id("fault-clear").click()
        expect(fault).to_have_count(0)
        assert requests.get(f"{pumble.url}/oauth2/me", timeout=10).status_code == 401

    def test_that_make_no_sense_say_why(self, pumble: Pumble, new_page: NewPage) -> None:
        page = new_page()
        open_chat(page, pumble)
        page.get_by_test_id("inspector-toggle").click()
        page.get_by_test_id("tab-faults").click()
        panel = page.get_by_test_id("inspector")
        panel.locator("form").evaluate("form => { form.noValidate = true; }")
        panel.get_by_label("Path").fill("nowhere")
        page.get_by_test_id("fault-add").click()

        expect(panel.get_by_role("alert")).to_contain_text("match is")


class TestAccess:
    def test_speaks_spanish_too(self, pumble: Pumble, demo: DemoApp, new_page: NewPage) -> None:
        page = new_page(language="es-ES")
        open_chat(page, pumble)
        page.get_by_role("button", name="Inspector").click()
        page.get_by_role("tab", name="Fallos").click()
        expect(page.get_by_test_id("fault-kind")).to_contain_text("Cortar la conexión")
        page.get_by_role("button", name="Personas").click()
        expect(page.get_by_role("dialog", name="Personas")).to_contain_text("Todas las personas de Acme")

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
        pumble.say("ben", pumble.channel("general"), "good morning")

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
