"""How people connect an agent: the preset, the configurations on the pages of a key, and what they see of its calls."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from keys import scopes
from keys.models import ApiKey, Member, RequestLog
from portal.dashboard import key_creation
from portal.presentation import mcp_clients
from tests.conftest import NOW
from tests.contract.wire import issue
from tests.portal.dashboard import browser_of, make_key, nonce, set_policy, text, used, words

GENERAL, OPS = "1" * 24, "2" * 24


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(alice: Member, at_noon: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(
        key_creation, "list_member_channels", lambda _member: {GENERAL: "general", OPS: "ops"}
    )
    return browser_of(alice)


def create(browser: Client, **fields: Any) -> Any:
    return browser.post(
        "/keys/new", {"nonce": nonce(browser), "name": "agent", "preset": "ai-agent"} | fields
    )


@pytest.mark.django_db
class TestThePreset:
    def test_makes_a_key_that_reads_chosen_channels_for_30_days(self, browser: Client) -> None:
        assert create(browser, channels=[GENERAL]).status_code == 200

        key = ApiKey.objects.get()
        assert key.scopes == list(scopes.READ_ONLY)
        assert key.channels == {GENERAL: "general"}
        assert key.expires_at == NOW + timedelta(days=30)

    def test_needs_channels(self, browser: Client) -> None:
        answer = create(browser)

        assert answer.status_code == 400
        assert "channel" in words(answer)
        assert not ApiKey.objects.exists()

    def test_holds_whatever_hidden_fields_say(self, browser: Client) -> None:
        hidden = {"where": "all", "expiry": "day", "until": "nonsense", "scopes": ["messages:write"]}

        create(browser, channels=[OPS], **hidden)

        key = ApiKey.objects.get()
        assert (key.scopes, key.channels) == (list(scopes.READ_ONLY), {OPS: "ops"})
        assert key.expires_at == NOW + timedelta(days=30)

    def test_is_not_offered_where_the_policy_or_pumble_leaves_no_room(
        self, browser: Client, olivia: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert 'value="ai-agent"' in text(browser.get("/keys/new"))
        monkeypatch.setattr(key_creation, "list_member_channels", lambda _member: None)
        assert 'value="ai-agent"' not in text(browser.get("/keys/new"))
        monkeypatch.undo()
        set_policy(olivia, now=NOW, allowed_scopes=["messages:write"])
        assert 'value="ai-agent"' not in text(browser.get("/keys/new"))
        assert create(browser, channels=[GENERAL]).status_code == 400

    def test_can_be_linked_to(self, browser: Client) -> None:
        page = text(browser.get("/keys/new?preset=ai-agent&name=agent"))

        assert re.search(r'value="ai-agent"[^>]* checked', page)
        assert "not valid" not in page


@pytest.mark.django_db
class TestThePagesOfAKey:
    def test_show_how_to_connect_and_never_the_key(self, browser: Client) -> None:
        answer = create(browser, channels=[GENERAL])
        page = text(answer)
        plaintext = re.search(r"pmb_\w{51}", page)
        assert plaintext
        assert page.count(plaintext[0]) == 1

        for shown in (page, text(browser.get(f"/keys/{ApiKey.objects.get().key_id}/"))):
            assert "Use with AI" in shown
            assert "follow instructions in the messages" in shown
            for client in mcp_clients.list_clients():
                assert f"<summary>{client.name}</summary>" in shown

    def test_do_not_show_it_for_a_key_that_is_over(self, browser: Client, alice: Member) -> None:
        key = make_key(alice)
        ApiKey.objects.update(expires_at=NOW - timedelta(days=1))

        assert "Use with AI" not in text(browser.get(f"/keys/{key.key_id}/"))

    def test_speak_spanish(self, browser: Client, alice: Member) -> None:
        key = make_key(alice)

        page = words(browser.get(f"/keys/{key.key_id}/", headers={"accept-language": "es"}))

        assert "Uso con IA" in page
        assert "Los agentes de IA usan esta clave" in page


class TestTheConfigurations:
    def test_are_what_the_clients_read(self, settings: Settings) -> None:
        settings.PUBLIC_URL = "https://keys.example.com"
        by_name = {client.name: client for client in mcp_clients.list_clients()}
        read = {name: json.loads(by_name[name].source) for name in ("Claude Desktop", "VS Code", "Cursor")}
        codex = tomllib.loads(by_name["Codex"].source)

        assert read["VS Code"]["servers"]["pumble"]["url"] == "https://keys.example.com/mcp"
        assert read["VS Code"]["inputs"][0]["password"] is True
        assert read["Cursor"]["mcpServers"]["pumble"]["headers"] == {
            "Authorization": "Bearer ${env:PUMBLE_API_KEY}"
        }
        assert "https://keys.example.com/mcp" in read["Claude Desktop"]["mcpServers"]["pumble"]["args"]
        assert "--allow-http" not in by_name["Claude Desktop"].source
        assert codex["mcp_servers"]["pumble"]["bearer_token_env_var"] == "PUMBLE_API_KEY"
        assert "--header" in by_name["Claude Code"].source

    @pytest.mark.django_db(transaction=True)
    def test_for_curl_lists_the_tools(self, portal: str, settings: Settings) -> None:
        settings.PUBLIC_URL = portal
        (curl,) = [client for client in mcp_clients.list_clients() if client.name == "curl"]
        environment = os.environ | {"PUMBLE_API_KEY": issue("ana@acme.test")}

        done = subprocess.run(
            ["sh", "-c", f"{curl.source} -sS"], env=environment, capture_output=True, text=True, timeout=20
        )

        assert len(json.loads(done.stdout)["result"]["tools"]) == 20, done.stderr


@pytest.mark.django_db
class TestTheCalls:
    @pytest.fixture
    def key(self, alice: Member, at_noon: None) -> ApiKey:
        """A key that a script called through REST, and an agent through MCP."""
        key = make_key(alice)
        used(key, operation="sendMessage", calls=2)
        RequestLog.objects.update(agent="python-requests/2.34")
        common = {
            "key": key,
            "at": NOW,
            "outcome": "ok",
            "status": 200,
            "duration_ms": 1,
            "request_id": "r-2",
        }
        RequestLog.objects.create(operation="listMessages", surface="MCP", agent="<b>node</b>", **common)
        return key

    def test_show_interface_and_program_on_the_page_of_the_key(self, browser: Client, key: ApiKey) -> None:
        everything = browser.get(f"/keys/{key.key_id}/")
        agents = words(browser.get(f"/keys/{key.key_id}/?surface=MCP")).partition("Recent calls")[2]
        scripts = words(browser.get(f"/keys/{key.key_id}/?surface=API")).partition("Recent calls")[2]

        assert "<b>node" not in text(everything)
        assert "MCP" in words(everything)
        assert "python-requests/2.34" in words(everything)
        assert ("listMessages" in agents, "sendMessage" in agents) == (True, False)
        assert ("listMessages" in scripts, "sendMessage" in scripts) == (False, True)
        assert "sendMessage" in words(browser.get(f"/keys/{key.key_id}/?surface=nonsense"))

    def test_can_be_filtered_in_the_admin(self, olivia: Member, key: ApiKey) -> None:
        browser = browser_of(olivia)

        def listed(query: str) -> set[str]:
            page = text(browser.get(f"/admin/keys/requestlog/?{query}"))
            return {name for name in ("listMessages", "sendMessage") if f"<code>{name}</code>" in page}

        assert listed("") == {"listMessages", "sendMessage"}
        assert listed("surface=MCP") == listed("agent=NODE") == {"listMessages"}
        assert listed("surface=API") == listed("agent=python") == {"sendMessage"}
        assert listed("surface=mcp") == listed("agent=%25") == set()
        on_the_key = words(browser.get(f"/admin/keys/apikey/{key.pk}/change/?surface=MCP")).partition(
            "Recent calls"
        )[2]
        assert ("listMessages" in on_the_key, "sendMessage" in on_the_key) == (True, False)
        row = RequestLog.objects.get(surface="MCP")
        page = words(browser.get(f"/admin/keys/requestlog/{row.pk}/change/"))
        assert "Called through MCP" in page
        assert "<b>node</b>" in page
