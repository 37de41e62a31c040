"""The whole story in a real browser: from `/api-keys generate` to a message sent with the key, and its deletion."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Stack, shoot

pytestmark = pytest.mark.browser


def open_chat(page: Page, stack: Stack, person: str | None = None) -> None:
    page.goto(stack.pumble)
    expect(page.get_by_test_id("message").first).to_be_visible()
    if person:
        option = page.get_by_test_id("person").locator("option", has_text=person)
        page.get_by_test_id("person").select_option(value=option.get_attribute("value"))
        expect(page.get_by_test_id("message").first).to_be_visible()


def type_line(page: Page, line: str) -> None:
    page.get_by_test_id("composer").fill(line)
    page.get_by_test_id("send").click()


def last_ephemeral(page: Page, having: str) -> str:
    ephemeral = page.get_by_test_id("ephemeral").filter(has_text=having).last
    expect(ephemeral).to_be_visible()
    return ephemeral.inner_text()


def read_key(page: Page) -> str:
    found = re.search(r"pmb_\w{51}", last_ephemeral(page, "Your new key"))
    assert found is not None
    return found[0]


def curl(stack: Stack, header: str, key: str, body: str) -> str:
    """What a developer types."""
    command = ["curl", "-s", "-H", f"{header}: {key}", "-d", body, f"{stack.portal}/sendMessage"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class TestStory:
    def test_from_a_command_in_chat_to_a_message_by_curl_and_the_end_of_the_key(
        self, stack: Stack, new_page: NewPage
    ) -> None:
        ana = new_page()
        open_chat(ana, stack)
        shoot(ana, "story-1-chat")

        ana.get_by_test_id("composer").press_sequentially("/api")
        expect(ana.get_by_test_id("completions")).to_contain_text("/api-keys")
        shoot(ana, "story-2-completion")
        type_line(ana, "/api-keys generate deploy bot")
        key = read_key(ana)
        expect(ana.get_by_test_id("ephemeral").last).to_contain_text("Only visible to you")
        shoot(ana, "story-3-key")

        ben = new_page()
        open_chat(ben, stack, "Ben")
        assert key not in ben.content()

        for header, text, author in [
            ("ApiKey", "hello", "Ana"),
            ("Api-Key", "hello again", "Ana"),
        ]:
            answer = curl(stack, header, key, f'{{"channel":"general","text":"{text}"}}')
            assert re.fullmatch(r'\{"id":"[0-9a-f]{24}","channelId":"[0-9a-f]{24}"\}', answer), answer
            shown = ana.get_by_test_id("message").filter(has_text=text).last
            expect(shown).to_be_visible()
            assert author in ana.get_by_role("log").first.inner_text()
        curl(stack, "ApiKey", key, '{"channel":"general","text":"beep from the bot","asBot":true}')
        expect(ana.get_by_test_id("message").filter(has_text="beep from the bot").last).to_be_visible()
        screen = self.screen(stack, "ana@acme.test")
        authors = {message["text"]: message["authorName"] for message in screen["messages"]}
        assert authors["hello"].startswith("Ana")
        assert authors["beep from the bot"] == "API"
        expect(ben.get_by_test_id("message").filter(has_text="hello again").last).to_be_visible()
        expect(ana.get_by_test_id("ephemeral").last).to_contain_text(key)
        shoot(ana, "story-4-messages")

        type_line(ana, "/api-keys list")
        assert "deploy bot" in last_ephemeral(ana, "Your API keys")
        shoot(ana, "story-5-list")

        ana.reload()
        expect(ana.get_by_test_id("message").first).to_be_visible()
        assert key not in ana.content()

        type_line(ana, "/api-keys delete deploy bot")
        last_ephemeral(ana, "Deleted")
        refused = curl(stack, "ApiKey", key, '{"channel":"general","text":"too late"}')
        assert '"reason":"key_revoked"' in refused
        shoot(ana, "story-6-deleted")

        pages = [ana.content(), ben.content(), requests.get(stack.portal, timeout=5).text]
        assert not [page for page in pages if key[17:] in page]
        assert left_behind(stack.data_dir, key) == []

    def screen(self, stack: Stack, email: str) -> dict[str, list[dict[str, str]]]:
        workspaces = requests.get(f"{stack.pumble}/act/workspaces", timeout=5).json()
        (acme,) = [workspace for workspace in workspaces if workspace["name"] == "Acme"]
        person = next(user["id"] for user in acme["users"] if user["email"] == email)
        general = next(channel["id"] for channel in acme["channels"] if channel["name"] == "general")
        query = {"userId": person, "channelId": general}
        shown: dict[str, list[dict[str, str]]] = requests.get(
            f"{stack.pumble}/act/screen", params=query, timeout=5
        ).json()
        return shown


class TestInstallation:
    def test_leads_a_new_workspace_to_its_first_key(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page(theme="dark")
        page.goto(stack.pumble)
        page.get_by_test_id("workspace").select_option(label="Globex")
        page.get_by_test_id("add-apps").click()
        page.get_by_test_id("install-api-keys").click()
        expect(page.get_by_test_id("consent-allow")).to_be_visible()
        shoot(page, "install-1-consent-dark")
        page.get_by_test_id("consent-allow").click()
        page.wait_for_url(f"{stack.portal}/")
        expect(page.get_by_role("heading", name="Your API keys")).to_be_visible()
        shoot(page, "install-2-keys-dark")

        open_chat(page, stack, "Gita")
        type_line(page, "/api-keys generate first")
        answer = requests.get(f"{stack.portal}/myInfo", headers={"ApiKey": read_key(page)}, timeout=5).json()
        assert answer["email"] == "gita@globex.test"
        shoot(page, "install-3-key-dark")

    def test_explains_the_next_step_when_denied(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        page.goto(f"{stack.portal}/pumble/signin")
        page.get_by_test_id("consent-deny").click()

        expect(page.get_by_role("heading", name="You did not allow the API app")).to_be_visible()
        shoot(page, "install-4-denied")


class TestSignIn:
    def test_opens_the_own_keys_and_signs_out_again(self, stack: Stack, new_page: NewPage) -> None:
        page = new_page()
        page.goto(stack.portal)
        shoot(page, "portal-1-start")
        page.get_by_role("link", name="Sign in with Pumble").click()
        page.get_by_test_id("consent-allow").click()
        page.wait_for_url(f"{stack.portal}/")
        expect(page.get_by_role("heading", name="Your API keys")).to_be_visible()
        shoot(page, "portal-2-keys")

        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("link", name="Sign in with Pumble")).to_be_visible()

    @pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 320), ("dark", 320)])
    def test_is_in_spanish_and_fits_a_phone(
        self, stack: Stack, new_page: NewPage, theme: str, width: int
    ) -> None:
        page = new_page(theme=theme, width=width, language="es-ES")
        page.goto(stack.portal)

        expect(page.get_by_role("link", name="Iniciar sesión con Pumble")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shoot(page, f"portal-1-start-es-{theme}-{width}")

    @pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 320), ("dark", 320)])
    def test_the_chat_is_too(self, stack: Stack, new_page: NewPage, theme: str, width: int) -> None:
        page = new_page(theme=theme, width=width, language="es-ES")
        open_chat(page, stack)

        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shoot(page, f"chat-es-{theme}-{width}")


class TestReference:
    def test_authorizes_and_tries_an_operation(self, stack: Stack, new_page: NewPage) -> None:
        chat = new_page()
        open_chat(chat, stack)
        type_line(chat, "/api-keys generate docs")
        key = read_key(chat)
        page = new_page()
        page.goto(f"{stack.portal}/api-docs/")
        page.get_by_role("button", name="Authorize").first.click()
        page.locator(".auth-container input").first.fill(key)
        page.locator(".auth-container").get_by_role("button", name="Apply credentials").first.click()
        page.locator(".btn-done").first.click()
        page.locator("#operations-Users-myInfo").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()

        expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
        expect(page.locator(".live-responses-table")).to_contain_text("ana@acme.test")
        shoot(page, "reference")


def left_behind(folder: Path, key: str) -> list[str]:
    """Files under `folder` (databases, logs, all of it) that hold the key's secret, or its digestible whole."""
    secret = key[17:49].encode()
    holding = []
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
            if secret in raw:
                holding.append(str(path.relative_to(folder)))
    return holding
