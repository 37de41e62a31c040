"""The story of an agent: it gets a key that reads one channel, does its work, tries more, and is stopped."""

import pytest

from keys.models import ApiKey
from tests import pumble
from tests.contract.wire import issue
from tests.mcp.wire import Mcp
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_agent_reads_one_channel_until_its_key_is_disabled(portal: str, ana: Person, general: str) -> None:
    reader = issue_bound(general)
    agent = Mcp(portal, reader)

    me = agent.call("pumble_whoami")
    assert "Scopes: channels:list, channels:read, messages:read, users:list, user:read." in me
    assert f"Channels: only {general}." in me

    assert agent.call("pumble_list_channels").splitlines()[0] == "1 channel"
    assert "4.2 goes out at 14:00" in agent.call("pumble_search_messages", query="release")
    assert "| 4.2 is live." in agent.call("pumble_read_channel", channel="general")

    ops = pumble.channel(ana.workspace_id, "ops")
    for name in ("ops", "#ops", ops, "no such channel"):
        refused = agent.fail("pumble_read_channel", channel=name)
        assert refused.startswith("channel_not_allowed: "), refused
        assert "pumble_whoami shows the channels of this key." in refused
    assert "#ops" not in agent.call("pumble_search_messages", query="deploy", limit=20)

    assert "pumble_send_message" not in {tool["name"] for tool in agent.list_tools()}
    answer = agent.ask(
        "tools/call", name="pumble_send_message", arguments={"channel": "general", "text": "x"}
    )
    assert answer["error"]["code"] == -32602

    ana.type(general, f"/api-keys disable {ApiKey.objects.get().name}")

    stopped = agent.post(
        {"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "pumble_whoami"}}
    )
    assert stopped.status_code == 401
    assert stopped.json()["error"]["message"] == "API key disabled"
    assert stopped.json()["error"]["data"]["reason"] == "key_disabled"


def issue_bound(channel_id: str) -> str:
    """Return a key of Ana that reads this channel alone."""
    plaintext = issue(
        "ana@acme.test", "channels:list", "channels:read", "messages:read", "users:list", "user:read"
    )
    ApiKey.objects.update(channels={channel_id: "general"})
    return plaintext
