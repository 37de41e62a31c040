"""The official clients against the portal: each lists and calls every tool, in each era that it speaks."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from keys.models import ApiKey
from portal.mcp.tools import TOOLS
from tests import node
from tests.contract.wire import Api, success
from tests.mcp import clients
from tests.mcp.clients import Calls, Run
from tests.mcp.wire import LEGACY, MODERN, Mcp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(2 * node.MAX_INSTALL_SECONDS)]

CLIENTS: dict[str, tuple[str, Callable[..., Run]]] = {
    "Python 2, modern": (MODERN, partial(clients.python_2, mode="auto")),
    "Python 2, legacy": (LEGACY, partial(clients.python_2, mode="legacy")),
    "Python 1": (LEGACY, clients.python_1),
    "TypeScript client, modern": (MODERN, partial(clients.typescript, package="client", mode="auto")),
    "TypeScript client, legacy": (LEGACY, partial(clients.typescript, package="client", mode="legacy")),
    "TypeScript sdk": (LEGACY, partial(clients.typescript, package="sdk", mode="legacy")),
}


def every_tool(api: Api, number: int) -> Calls:
    """Return a call of each tool that works. What it changes is there for this client alone."""
    sent = success(api.post("sendMessage", {"channel": "general", "text": f"for client {number}"}))
    file = api.send_file(sent["channelId"])
    later = {"channelId": sent["channelId"], "text": "later", "sendAt": 4_000_000_000_000}
    scheduled = success(api.post("createScheduledMessage", later))["id"]
    room = success(api.post("createChannel", {"name": f"room {number}", "type": "PUBLIC"}))["id"]
    message: dict[str, Any] = {"channel": "#general", "message_id": sent["id"]}
    return [
        ("pumble_whoami", {}),
        ("pumble_list_channels", {"query": "gen"}),
        ("pumble_get_channel", {"channel": "general"}),
        ("pumble_find_people", {"query": "ben"}),
        ("pumble_read_channel", {"channel": "general", "limit": 2}),
        ("pumble_send_message", {"channel": "general", "text": "a reply", "reply_to": sent["id"]}),
        ("pumble_read_thread", message),
        ("pumble_search_messages", {"query": "release"}),
        ("pumble_fetch_file", {"channel": "general", "message_id": file["messageId"]}),
        ("pumble_send_direct_message", {"people": ["Ben Okafor"], "text": "hello"}),
        (
            "pumble_schedule_message",
            {"channel": "general", "text": "x", "send_at": "2036-01-01T09:00:00+01:00"},
        ),
        ("pumble_list_scheduled_messages", {}),
        ("pumble_cancel_scheduled_message", {"scheduled_message_id": scheduled}),
        ("pumble_edit_message", message | {"text": "edited"}),
        ("pumble_react", message | {"emoji": ":+1:"}),
        ("pumble_delete_message", message),
        ("pumble_create_channel", {"name": f"made by client {number}"}),
        ("pumble_add_to_channel", {"channel": room, "people": ["ben@acme.test"]}),
        ("pumble_remove_from_channel", {"channel": room, "person": "ben@acme.test"}),
        ("pumble_set_status", {"emoji": ":palm_tree:", "text": "away"}),
    ]


class TestTheOfficialClients:
    def test_list_and_call_every_tool(self, portal: str, key: str, api: Api) -> None:
        if reason := clients.why_missing():
            pytest.skip(reason)
        names = [tool.name for tool in TOOLS]
        calls = {client: every_tool(api, number) for number, client in enumerate(CLIENTS)}

        with ThreadPoolExecutor(max_workers=3) as threads:
            runs = {
                client: threads.submit(run, portal, key, calls[client])
                for client, (_version, run) in CLIENTS.items()
            }

        for client, (version, _run) in CLIENTS.items():
            run = runs[client].result()
            assert (client, run.version, run.tools) == (client, version, names)
            assert {name for name, _arguments in calls[client]} == set(names)
            failed = [
                (name, text)
                for (name, _), (text, failed) in zip(calls[client], run.results, strict=True)
                if failed
            ]
            assert (client, failed) == (client, [])
            said = dict(
                zip((name for name, _ in calls[client]), (text for text, _ in run.results), strict=True)
            )
            assert "You act as Ana Kovač" in said["pumble_whoami"]
            assert re.fullmatch(
                r"Sent to #general .* as Ana Kovač: message [0-9a-f]{24}\.", said["pumble_send_message"]
            )

    def test_of_python_1_survive_a_limit(self, portal: str, agent: Mcp) -> None:
        """This client ends its connection on an answer of status 429."""
        if reason := clients.why_missing():
            pytest.skip(reason)
        ApiKey.objects.update(calls_per_minute=5)
        plaintext = agent.headers["Authorization"].removeprefix("Bearer ")

        run = clients.python_1(portal, plaintext, [("pumble_whoami", {})] * 4)

        assert [failed for _text, failed in run.results][::3] == [False, True]
        assert re.match(r"rate_limited: Limit reached: 5 a minute.* try again in \d+ s", run.results[-1][0])
