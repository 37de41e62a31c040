"""What `/mcp` answers to each message, header and key. Nothing here asks Pumble."""

import io
import itertools
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import jsonschema
import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from keys import authentication, key_format, lifecycle, limits, usage
from keys.audit import OPERATOR
from keys.models import ApiKey, AuditEvent, Member, RequestLog, Workspace
from keys.scopes import ALL, PRESETS
from portal.mcp.tools import TOOLS
from pumble_bridge import http, resilience, tokens
from pumble_bridge.exceptions import PumbleUnreachable
from pumble_bridge.models import Authorization, Installation
from tests.mcp.wire import LEGACY, MODERN, modern

pytestmark = pytest.mark.django_db

CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
VERSION = "io.modelcontextprotocol/protocolVersion"
WHOAMI = {"name": "pumble_whoami", "arguments": {}}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def pumble(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls to Pumble, none of which gets an answer."""
    asked: list[str] = []

    def call(method: str, path: str, **_more: Any) -> Any:
        asked.append(f"{method} {path}")
        raise AssertionError("Pumble was asked")

    monkeypatch.setattr(http, "send", call)
    return asked


@pytest.fixture
def owner(alice: Member, acme: Workspace) -> Member:
    """Alice, whom the app may act for."""
    Workspace.objects.update(installed_at=timezone.now())
    Member.objects.update(authorized_at=timezone.now())
    bot = tokens.encrypt("bot", workspace_id=acme.pumble_id, user_id="e" * 24, kind="bot")
    Installation.objects.create(workspace=acme, bot_user_id="e" * 24, encrypted_bot_token=bot)
    access = tokens.encrypt(
        "a", workspace_id=acme.pumble_id, user_id=alice.pumble_user_id or "", kind="access"
    )
    Authorization.objects.create(member=alice, encrypted_access_token=access)
    alice.refresh_from_db()
    return alice


def new_key(owner: Member, *scopes: str, **rights: Any) -> key_format.Plaintext:
    key, plaintext = lifecycle.issue(
        owner=owner, name=None, by=OPERATOR, now=timezone.now(), scopes=scopes or ALL, **rights
    )
    lifecycle.confirm(key=key, by=OPERATOR, now=timezone.now())
    return plaintext


class Agent:
    def __init__(self, client: Client, key: str) -> None:
        self.client, self.key = client, key

    def post(self, body: Any, **headers: str | None) -> HttpResponse:
        """Send `body`, bytes as they are. A header that is None is left out; `_` in names stands for `-`."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}"} | JSON
        sent |= {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        for name, value in headers.items():
            if value is None:
                sent.pop(name.replace("_", "-"), None)
        media_type = sent.pop("Content-Type", "")
        answer: Any = self.client.generic("POST", "/mcp", raw, content_type=media_type, headers=sent)
        return cast(HttpResponse, answer)

    def ask(self, method: str, message_id: Any = 1, **params: Any) -> Any:
        answer = self.post({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    def ask_modern(self, method: str, tool: str | None = None, /, **params: Any) -> HttpResponse:
        return self.post(
            modern(method, **params), MCP_Protocol_Version=MODERN, Mcp_Method=method, Mcp_Name=tool
        )

    def tools(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.ask("tools/list")["result"]["tools"]
        return listed


@pytest.fixture
def agent(client: Client, owner: Member, pumble: list[str]) -> Agent:
    return Agent(client, new_key(owner).text)


def error(answer: HttpResponse) -> tuple[int, int]:
    """Return the HTTP status and the code of the error."""
    return answer.status_code, json.loads(answer.content)["error"]["code"]


class TestTheLegacyEra:
    @pytest.mark.parametrize(
        ("wanted", "agreed"),
        [
            *((version, version) for version in ("2025-11-25", "2025-06-18", "2025-03-26")),
            *((version, LEGACY) for version in ("2099-01-01", MODERN, "nonsense", "")),
        ],
    )
    def test_begins_with_a_legacy_version_whatever_is_asked_for(
        self, agent: Agent, wanted: str, agreed: str
    ) -> None:
        result = agent.ask("initialize", protocolVersion=wanted, capabilities={}, clientInfo={})["result"]

        assert result["protocolVersion"] == agreed
        assert result["capabilities"] == {"tools": {}}
        assert len(result["instructions"]) <= 1000

    @pytest.mark.parametrize("message_id", [0, 7, "", "server-discover-probe-1", 2**53])
    def test_echoes_the_id_as_it_is(self, agent: Agent, message_id: Any) -> None:
        assert agent.ask("ping", message_id) == {"jsonrpc": "2.0", "id": message_id, "result": {}}

    @pytest.mark.parametrize("params", [WHOAMI, {"name": "pumble_whoami"}, WHOAMI | {"arguments": None}])
    def test_calls_a_tool_with_or_without_arguments(self, client: Client, owner: Member, params: Any) -> None:
        agent = Agent(client, new_key(owner, "messages:read").text)

        result = agent.ask("tools/call", **params)["result"]

        assert result["isError"] is False
        assert "Scopes: messages:read." in result["content"][0]["text"]

    @pytest.mark.parametrize(
        "method", ["resources/list", "prompts/list", "logging/setLevel", "subscriptions/listen"]
    )
    def test_says_in_band_that_a_method_is_unknown(self, agent: Agent, method: str) -> None:
        assert agent.ask(method)["error"]["code"] == -32601

    @pytest.mark.parametrize(
        "params",
        [
            {"name": "nonsense", "arguments": {}},
            {"arguments": {}},
            WHOAMI | {"arguments": []},
            WHOAMI | {"arguments": "x"},
        ],
    )
    def test_says_in_band_that_a_call_makes_no_sense(self, agent: Agent, params: Any) -> None:
        assert agent.ask("tools/call", **params)["error"]["code"] == -32602

    def test_has_one_page_of_tools(self, agent: Agent) -> None:
        assert "nextCursor" not in agent.ask("tools/list")["result"]
        assert agent.ask("tools/list", cursor="x")["error"]["code"] == -32602

    def test_does_not_look_at_headers_of_the_modern_era(self, agent: Agent) -> None:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}

        answer = agent.post(ping, MCP_Protocol_Version="2025-06-18", Mcp_Method="initialize", Mcp_Name="x")

        assert json.loads(answer.content)["result"] == {}

    def test_has_no_sessions(self, agent: Agent) -> None:
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}

        answer = agent.post(message, Mcp_Session_Id="x", Last_Event_ID="y")

        assert answer.status_code == 200
        assert not {"mcp-session-id", "set-cookie", "last-event-id"} & {
            name.lower() for name in answer.headers
        }
        assert answer["Cache-Control"] == "no-store"
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


class TestTheModernEra:
    def test_names_every_version(self, agent: Agent) -> None:
        result = json.loads(agent.ask_modern("server/discover").content)["result"]

        assert result["supportedVersions"] == [MODERN, "2025-11-25", "2025-06-18", "2025-03-26"]
        assert result["capabilities"] == {"tools": {}}
        assert result["resultType"] == "complete"
        assert {"ttlMs", "cacheScope", "instructions"} <= result.keys()

    def test_lists_privately_and_calls(self, agent: Agent, client: Client, owner: Member) -> None:
        listed = json.loads(agent.ask_modern("tools/list").content)["result"]
        assert (listed["ttlMs"], listed["cacheScope"], listed["resultType"]) == (
            300_000,
            "private",
            "complete",
        )

        agent.key = new_key(owner, "messages:read").text
        called = json.loads(agent.ask_modern("tools/call", "pumble_whoami", **WHOAMI).content)["result"]
        assert (called["isError"], called["resultType"]) == (False, "complete")
        assert called["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "pumble-api-keys"

    @pytest.mark.parametrize("method", ["initialize", "ping", "resources/list", "subscriptions/listen"])
    def test_has_no_method_of_the_legacy_era(self, agent: Agent, method: str) -> None:
        assert error(agent.ask_modern(method)) == (404, -32601)

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({"Mcp_Method": None}, -32020),
            ({"Mcp_Method": "tools/list"}, -32020),
            ({"Mcp_Method": "tools/call,tools/call"}, -32020),
            ({"Mcp_Method": "TOOLS/CALL"}, -32020),
            ({"Mcp_Name": None}, -32020),
            ({"Mcp_Name": "pumble_react"}, -32020),
            ({"Mcp_Name": "pumble_whoami, pumble_whoami"}, -32020),
            ({"Mcp_Name": "=?base64?cHVtYmxlX3JlYWN0?="}, -32020),
            ({"Mcp_Name": "=?base64?%%%?="}, -32020),
            ({"MCP_Protocol_Version": f"{MODERN}, {MODERN}"}, -32022),
            ({"MCP_Protocol_Version": "1900-01-01"}, -32022),
        ],
    )
    def test_refuses_headers_that_do_not_fit_the_body(self, agent: Agent, headers: Any, code: int) -> None:
        fitting = {"MCP_Protocol_Version": MODERN, "Mcp_Method": "tools/call", "Mcp_Name": "pumble_whoami"}

        answer = agent.post(modern("tools/call", **WHOAMI), **(fitting | headers))

        assert error(answer) == (400, code)
        if code == -32022:
            assert json.loads(answer.content)["error"]["data"]["supported"][0] == MODERN

    def test_reads_a_name_in_base64(self, agent: Agent, owner: Member) -> None:
        agent.key = new_key(owner, "messages:read").text

        assert agent.ask_modern("tools/call", "=?base64?cHVtYmxlX3dob2FtaQ==?=", **WHOAMI).status_code == 200

    @pytest.mark.parametrize("lacking", [VERSION, CAPABILITIES])
    def test_needs_what_the_body_must_say(self, agent: Agent, lacking: str) -> None:
        message = modern("tools/list")
        message["params"]["_meta"] = {n: v for n, v in message["params"]["_meta"].items() if n != lacking}

        assert error(agent.post(message, MCP_Protocol_Version=MODERN, Mcp_Method="tools/list")) == (
            400,
            -32602,
        )


class TestAMessage:
    @pytest.mark.parametrize("method", ["notifications/initialized", "notifications/cancelled", "nonsense"])
    def test_without_an_id_is_accepted_and_not_recorded(self, agent: Agent, method: str) -> None:
        answer = agent.post({"jsonrpc": "2.0", "method": method})

        assert (answer.status_code, answer.content) == (202, b"")
        usage.recorder.flush()
        assert not RequestLog.objects.exists()

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b" ", -32700),
            (b"{", -32700),
            (b"[" * 100_000, -32700),
            (b'{"a":' * 40 + b"1" + b"}" * 40, -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\u0000"}}', -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', -32700),
            (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
            (b"[]", -32600),
            (b"1", -32600),
            (b'"ping"', -32600),
            (b"null", -32600),
            (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
            (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32600),
            (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
            (b'{"id":1,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_that_is_none_is_refused(self, agent: Agent, body: bytes, code: int) -> None:
        assert error(agent.post(body)) == (400, code)

    def test_of_two_mebibytes_is_too_large(self, agent: Agent) -> None:
        assert error(agent.post(b'{"jsonrpc":"2.0","x":"' + b"x" * 2**21 + b'"}')) == (413, 413)

    @pytest.mark.parametrize(
        "media_type", ["text/plain", "", "application/x-www-form-urlencoded", "application/jsonx"]
    )
    def test_of_another_type_is_refused(self, agent: Agent, media_type: str) -> None:
        assert error(agent.post(b"{}", Content_Type=media_type)) == (415, 415)

    @pytest.mark.parametrize(
        "accept", ["", "text/html", "text/event-stream", "application/json, text/event-stream"]
    )
    def test_is_answered_with_json_whatever_is_accepted(self, agent: Agent, accept: str) -> None:
        answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Accept=accept)

        assert answer["Content-Type"].startswith("application/json")

    @pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
    @pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "HEAD", "PUT"])
    def test_comes_by_post_only(self, client: Client, agent: Agent, method: str, path: str) -> None:
        for headers in ({}, {"Authorization": f"Bearer {agent.key}", "Accept": "text/html"}):
            answer = client.generic(method, path, headers=headers)

            assert (answer.status_code, answer["Allow"]) == (405, "POST")

    def test_may_have_a_slash_at_the_end_of_its_address(self, client: Client, agent: Agent) -> None:
        ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})

        answer = client.post("/mcp/", ping, content_type="application/json", headers={"ApiKey": agent.key})

        assert answer.json()["result"] == {}

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            (None, 200),
            ("http://portal.test:8000", 200),
            ("http://portal.test", 403),
            ("https://portal.test:8000", 403),
            ("http://evil.test", 403),
            ("null", 403),
            ("", 403),
            ("http://portal.test:8000.evil.test", 403),
        ],
    )
    def test_of_a_web_page_counts_from_the_portal_alone(
        self, agent: Agent, settings: Settings, origin: str | None, status: int
    ) -> None:
        settings.PUBLIC_URL = "http://portal.test:8000"
        settings.ALLOWED_HOSTS = ["portal.test", "testserver"]

        assert agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Origin=origin).status_code == status

    def test_takes_no_csrf_token_and_no_cookie(self, agent: Agent) -> None:
        agent.client = Client(enforce_csrf_checks=True)
        agent.client.cookies["sessionid"] = "x"

        assert agent.ask("ping")["result"] == {}

    def test_does_not_care_for_the_headers_of_repetition(self, agent: Agent) -> None:
        for _ in range(2):
            answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Idempotency_Key="x")
            assert answer.status_code == 200


class TestAKey:
    STATES: dict[str, tuple[Callable[[], Any], str]] = {
        "revoked": (
            lambda: ApiKey.objects.update(revoked_at=timezone.now(), revoked_reason="BY_HOLDER"),
            "key_revoked",
        ),
        "expired": (
            lambda: ApiKey.objects.update(expires_at=timezone.now() - timedelta(days=1)),
            "key_expired",
        ),
        "disabled": (lambda: ApiKey.objects.update(disabled_at=timezone.now()), "key_disabled"),
        "replaced": (
            lambda: ApiKey.objects.update(retires_at=timezone.now() - timedelta(days=1)),
            "key_rotated",
        ),
    }

    @pytest.mark.parametrize("api_status", ["compatible", "semantic"])
    @pytest.mark.parametrize("state", STATES)
    def test_that_is_over_is_refused_and_says_why(
        self, agent: Agent, settings: Settings, state: str, api_status: str
    ) -> None:
        settings.API_STATUS = api_status
        change, reason = self.STATES[state]
        change()

        answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

        assert error(answer) == (401, 401)
        assert answer["WWW-Authenticate"] == 'Bearer realm="pumble-api-keys"'
        body = json.loads(answer.content)
        assert (body["jsonrpc"], body["id"]) == ("2.0", None)
        assert body["error"]["data"] == {"reason": reason, "requestId": answer["X-Request-Id"]}
        assert body["error"]["message"].startswith("API key ")
        usage.recorder.flush()
        assert RequestLog.objects.get().outcome == reason

    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            ({"Authorization": None}, "key_missing"),
            ({"Authorization": "Bearer x"}, "key_missing"),
            ({"Authorization": "Bearer pmb_x"}, "key_malformed"),
            ({"ApiKey": "x"}, "key_malformed"),
            ({"Authorization": f"Bearer {key_format.generate().text}"}, "key_unknown"),
        ],
    )
    def test_that_is_none_is_refused(self, agent: Agent, sent: Any, reason: str) -> None:
        answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, **sent)

        assert error(answer) == (401, 401)
        assert json.loads(answer.content)["error"]["data"]["reason"] == reason
        assert "resource_metadata" not in answer["WWW-Authenticate"]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda: ApiKey.objects.update(allowed_addresses=["203.0.113.0/24"]), "ip_not_allowed"),
            (lambda: Member.objects.update(is_active=False), "owner_not_authorized"),
            (lambda: Member.objects.update(authorized_at=None), "owner_not_authorized"),
            (lambda: Workspace.objects.update(installed_at=None), "owner_not_authorized"),
        ],
    )
    def test_that_may_not_be_used_now_or_here_is_forbidden(
        self, agent: Agent, change: Callable[[], Any], reason: str
    ) -> None:
        change()

        answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

        assert error(answer) == (403, 403)
        assert json.loads(answer.content)["error"]["data"]["reason"] == reason

    def test_that_was_never_used_is_confirmed_by_use(self, agent: Agent) -> None:
        ApiKey.objects.update(confirmed_at=None)

        assert agent.ask("ping")["result"] == {}

        assert ApiKey.objects.get().confirmed_at is not None
        assert AuditEvent.objects.latest("number").surface == "MCP"

    def test_over_its_limit_hears_so_in_band(self, agent: Agent) -> None:
        ApiKey.objects.update(calls_per_minute=1)
        assert agent.ask("ping")["result"] == {}

        refused = agent.ask("tools/list")["error"]
        called = agent.ask("tools/call", **WHOAMI)["result"]
        notified = agent.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

        assert (refused["code"], refused["data"]["reason"]) == (429, "rate_limited")
        assert 1 <= refused["data"]["retryAfter"] <= 60
        assert called["isError"] is True
        assert called["content"][0]["text"].startswith(
            "rate_limited: Limit reached: 1 a minute, this API key; try again in"
        )
        assert notified.status_code == 202

    def test_is_told_how_its_limit_stands(self, agent: Agent) -> None:
        answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})

        assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("1000", "999")

    def test_is_guessed_too_often(self, agent: Agent) -> None:
        agent.key = "pmb_x"
        answers = [agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}) for _ in range(241)]

        assert error(answers[0]) == (401, 401)
        assert error(answers[-1]) == (429, 429)
        assert int(answers[-1]["Retry-After"]) >= 1

    def test_waits_for_a_database_that_is_away(self, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_args: Any, **_more: Any) -> Any:
            raise OperationalError("away")

        monkeypatch.setattr(authentication, "authenticate", fail)

        answer = agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})

        assert error(answer) == (503, 503)
        assert answer["Retry-After"] == "2"

    def test_meets_a_fault_of_ours_without_a_trace(
        self, agent: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portal.mcp.views.server", lambda _request: 1 / 0)

        answer = agent.post({"jsonrpc": "2.0", "id": 5, "method": "ping"})

        assert error(answer) == (200, -32603)
        assert b"ZeroDivision" not in answer.content
        assert json.loads(answer.content)["id"] == 5


class TestTheListOfTools:
    def test_is_small_and_always_the_same(self, agent: Agent, pumble: list[str]) -> None:
        first = agent.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).content

        assert len(first) <= 14_000
        assert agent.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).content == first
        assert len(agent.tools()) == 20
        assert pumble == []

    @pytest.mark.parametrize(
        ("preset", "count"), [("read-only", 9), ("post-messages", 7), ("full-access", 20)]
    )
    def test_is_what_the_scopes_allow(self, agent: Agent, owner: Member, preset: str, count: int) -> None:
        agent.key = new_key(owner, *PRESETS[preset]).text

        assert len(agent.tools()) == count

    @pytest.mark.parametrize(
        ("scope", "tools"),
        [
            ("channels:list", {"list_channels"}),
            ("channels:read", {"get_channel"}),
            ("channels:write", {"create_channel", "add_to_channel", "remove_from_channel"}),
            (
                "messages:read",
                {"read_channel", "read_thread", "search_messages", "fetch_file", "list_scheduled_messages"},
            ),
            ("messages:write", {"send_message", "send_direct_message", "schedule_message"}),
            ("messages:edit", {"edit_message"}),
            ("messages:delete", {"delete_message", "cancel_scheduled_message"}),
            ("reaction:write", {"react"}),
            ("users:list", {"find_people"}),
            ("user:read", set()),
            ("status:write", {"set_status"}),
        ],
    )
    def test_of_one_scope(self, agent: Agent, owner: Member, scope: str, tools: set[str]) -> None:
        agent.key = new_key(owner, scope).text

        assert {tool["name"] for tool in agent.tools()} == {f"pumble_{name}" for name in {"whoami"} | tools}

    def test_of_a_key_bound_to_channels_creates_none(self, agent: Agent, owner: Member) -> None:
        agent.key = new_key(owner, channels={"c" * 24: "general"}).text

        names = {tool["name"] for tool in agent.tools()}
        assert "pumble_create_channel" not in names
        assert len(names) == 19

    def test_hides_a_tool_as_if_it_did_not_exist(self, agent: Agent, owner: Member) -> None:
        agent.key = new_key(owner, "messages:read").text

        hidden, unknown = (
            agent.ask("tools/call", name=name, arguments={"channel": "x", "text": "x"})["error"]
            for name in ("pumble_send_message", "pumble_sing_message")
        )
        assert hidden["code"] == unknown["code"] == -32602
        assert hidden["message"].replace("send", "sing") == unknown["message"]

    def test_describes_each_with_a_flat_schema_and_all_hints(self, agent: Agent) -> None:
        for tool in agent.tools():
            schema = tool["inputSchema"]
            jsonschema.Draft202012Validator.check_schema(schema)
            assert (schema["type"], schema["additionalProperties"]) == ("object", False), tool
            assert not {"anyOf", "oneOf", "allOf", "$ref", "$defs", "x-mcp-header"} & set(
                str(schema).split("'")
            ), tool
            assert {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} == set(
                tool["annotations"]
            )
            assert len(tool["description"]) <= 400
            assert len(tool["name"]) <= 40
            assert "outputSchema" not in tool

    def test_calls_nothing_read_only_that_writes(self) -> None:
        for tool in TOOLS:
            assert tool.read_only is not any(operation.writes() for operation in tool.operations), tool.name


class TestTheRecord:
    @pytest.mark.django_db(transaction=True)
    def test_names_the_operation_the_surface_and_the_agent(self, agent: Agent, owner: Member) -> None:
        agent.key = new_key(owner, "messages:read").text
        for method, params in (("tools/call", WHOAMI), ("tools/list", {}), ("resources/list", {})):
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            agent.post(message, User_Agent="python-httpx/0.28.1\x1b " + "x" * 200)

        usage.recorder.flush()

        rows = RequestLog.objects.order_by("pk").values_list("operation", "outcome", "surface")
        assert list(rows) == [("keyInfo", "ok", "MCP"), ("mcp", "ok", "MCP"), ("mcp", "validation", "MCP")]
        assert {len(row.agent) for row in RequestLog.objects.all()} == {120}
        assert "\x1b" not in RequestLog.objects.first().agent  # type: ignore[union-attr]

    def test_in_the_log_has_no_arguments(self, agent: Agent, log_lines: io.StringIO) -> None:
        for tool, arguments in (
            (
                "pumble_send_message",
                {"channel": "general", "text": "the secret plan", "nonsense": "the secret plan"},
            ),
            ("pumble_react", {"channel": 7}),
            ("the secret plan", {}),
        ):
            agent.ask("tools/call", name=tool, arguments=arguments)

        logged = log_lines.getvalue()
        assert "surface=mcp" in logged
        assert "operation=sendMessage outcome=validation" in logged
        assert "the secret plan" not in logged
        assert agent.key not in logged


class TestWhereClientsLookForOAuth:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/.well-known/oauth-protected-resource/mcp"),
            ("GET", "/.well-known/oauth-protected-resource"),
            ("GET", "/.well-known/oauth-authorization-server"),
            ("GET", "/.well-known/oauth-authorization-server/mcp"),
            ("GET", "/.well-known/openid-configuration"),
            ("GET", "/.well-known/openid-configuration/mcp"),
            ("GET", "/mcp/.well-known/openid-configuration"),
            ("POST", "/register"),
            ("POST", "/register/"),
        ],
    )
    def test_is_an_answer_that_says_what_to_send(
        self, client: Client, method: str, path: str, log_lines: io.StringIO
    ) -> None:
        plaintext = key_format.generate().text

        answer = Client(enforce_csrf_checks=True).generic(
            method,
            path,
            b"{}",
            content_type="application/json",
            headers={"Authorization": f"Bearer {plaintext}"},
        )

        assert answer.status_code == 404
        assert "Authorization: Bearer pmb_" in answer.json()["error_description"]
        assert plaintext not in log_lines.getvalue()


class TestArguments:
    @pytest.mark.parametrize(
        ("tool", "arguments", "said"),
        [
            ("pumble_whoami", {"x": 1}, "unknown field `x`. Parameters of this tool: none"),
            (
                "pumble_read_channel",
                {},
                "The call lacks the required field `channel`. Parameters of this tool: channel, limit",
            ),
            ("pumble_read_channel", {"channel": 7}, "channel: Expected `str`, got `int`. You sent 7"),
            (
                "pumble_read_channel",
                {"channel": ["x"]},
                "channel: Expected `str`, got `array`. You sent ['x']",
            ),
            ("pumble_read_channel", {"channel": ""}, "channel: Expected `str` of length >= 1"),
            (
                "pumble_read_channel",
                {"channel": "x", "limit": 101},
                "limit: Expected `int` <= 100. You sent 101",
            ),
            ("pumble_read_channel", {"channel": "x", "limit": 0}, "limit: Expected `int` >= 1. You sent 0"),
            (
                "pumble_read_channel",
                {"channel": "x", "before": "a", "after": "b"},
                "send only one of before, after",
            ),
            ("pumble_read_channel", {"channel": "x", "before": "yesterday"}, "before: send an ISO 8601 time"),
            ("pumble_read_channel", {"channel": "x", "after": "2026-01-01T00:00:00"}, "with its offset"),
            ("pumble_read_thread", {"channel": "x", "message_id": "x"}, "message_id: send an id"),
            ("pumble_search_messages", {}, "send at least one of query, channels, people"),
            (
                "pumble_search_messages",
                {"query": "x", "order": "best"},
                "Send one of newest, oldest, relevance",
            ),
            ("pumble_search_messages", {"query": "x", "limit": 21}, "limit: Expected `int` <= 20"),
            (
                "pumble_send_message",
                {"channel": "x", "text": "x" * 10_001},
                "text: Expected `str` of length <= 10000",
            ),
            ("pumble_send_message", {"channel": "x", "text": ""}, "text: Expected `str` of length >= 1"),
            ("pumble_send_message", {"channel": "x", "text": "x", "reply_to": "1"}, "reply_to: send an id"),
            (
                "pumble_send_message",
                {"channel": "x", "text": "x", "as_bot": "perhaps"},
                "as_bot: Expected `bool`",
            ),
            (
                "pumble_send_message",
                {"channel": "x", "text": "x", "also_send_to_channel": True},
                "send reply_to with it",
            ),
            (
                "pumble_send_direct_message",
                {"people": [], "text": "x"},
                "people: Expected `array` of length >= 1",
            ),
            (
                "pumble_send_direct_message",
                {"people": ["a"] * 9, "text": "x"},
                "people: Expected `array` of length <= 8",
            ),
            (
                "pumble_send_direct_message",
                {"people": "ana", "text": "x"},
                "people: Expected `array`, got `str`",
            ),
            (
                "pumble_schedule_message",
                {"channel": "x", "text": "x", "send_at": "2020-01-01T00:00Z"},
                "It is now 20",
            ),
            (
                "pumble_schedule_message",
                {"channel": "x", "text": "x", "send_at": "soon"},
                "send_at: send an ISO 8601",
            ),
            (
                "pumble_schedule_message",
                {"channel": "x", "text": "x", "send_at": "2036-01-01T00:00Z", "repeat": "hourly"},
                "Send one of annually",
            ),
            (
                "pumble_schedule_message",
                {
                    "channel": "x",
                    "text": "x",
                    "send_at": "2036-01-01T00:00Z",
                    "repeat_until": "2037-01-01T00:00Z",
                },
                "send repeat with it",
            ),
            ("pumble_set_status", {"text": "away"}, "emoji: a status needs one"),
            ("pumble_set_status", {"emoji": ":x:", "until": "2020-01-01T00:00Z"}, "until is in the past"),
            (
                "pumble_cancel_scheduled_message",
                {"scheduled_message_id": "f" * 25},
                "scheduled_message_id: send an id",
            ),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_that_are_wrong_cost_no_call_to_pumble_and_teach(
        self, agent: Agent, pumble: list[str], tool: str, arguments: Any, said: str
    ) -> None:
        result = agent.ask("tools/call", name=tool, arguments=arguments)["result"]

        assert result["isError"] is True
        text = result["content"][0]["text"]
        assert text.startswith("validation: ")
        assert said in text
        assert "(request id " in text
        assert len(text) < 600
        assert pumble == []

    HOSTILE: list[Any] = [
        "", " ", "x", "#", "@", "x" * 10_001, "\x7f\u202e\u2028", "\U000e0041", "%", "' OR 1=1 --", "../../etc", "f" * 24,
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-29T10:00", "1" * 400,
        None, True, 0, -1, 2**63, 10**400, 1.5, [], ["x"], [None], [[]], ["x"] * 200, {}, {"x": {}},
    ]  # fmt: skip

    @pytest.mark.django_db(transaction=True)
    def test_of_every_kind_end_in_words(self, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
        """No argument is a fault of ours. Pumble is away, so that the sensible ones end early too."""

        def fail(*_args: Any, **_more: Any) -> Any:
            raise PumbleUnreachable("away")

        monkeypatch.setattr(http, "send", fail)
        one_of_each = {name: tool for tool in TOOLS for name in tool.input_schema["properties"]}
        for (name, tool), value in itertools.product(one_of_each.items(), self.HOSTILE):
            resilience.reset()
            limits.backend.cache_clear()
            sensible = {
                required: ["x"] if tool.input_schema["properties"][required]["type"] == "array" else "f" * 24
                for required in tool.input_schema.get("required", ())
            }
            result = agent.ask("tools/call", name=tool.name, arguments=sensible | {name: value})["result"]

            text = result["content"][0]["text"]
            assert not result["isError"] or re.match(r"(validation|pumble_unavailable): ", text), (
                name,
                value,
                text,
            )
            assert len(text) < 1000

    def test_may_be_null_or_numbers_as_texts(self, agent: Agent, owner: Member) -> None:
        arguments = {"channel": "x", "limit": "101", "before": None}

        text = agent.ask("tools/call", name="pumble_read_channel", arguments=arguments)["result"]["content"][
            0
        ]["text"]

        assert "limit: Expected `int` <= 100" in text
