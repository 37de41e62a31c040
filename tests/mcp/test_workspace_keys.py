"""An agent with a workspace key acts as the app's bot, with the limits of such a key."""

import pytest

from tests.contract.test_workspace_keys import issue
from tests.mcp.wire import Mcp

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bot_agent(portal: str) -> Mcp:
    return Mcp(portal, issue())


def test_is_the_bot(bot_agent: Mcp) -> None:
    told = bot_agent.call("pumble_whoami")

    assert "You act as API (" in told
    assert "Channels: all public channels." in told


@pytest.mark.parametrize("as_bot", [{}, {"as_bot": False}, {"as_bot": True}])
def test_sends_as_the_bot(bot_agent: Mcp, as_bot: dict[str, bool]) -> None:
    sent = bot_agent.call("pumble_send_message", channel="general", text="built", **as_bot)

    assert "as the app's bot" in sent
    assert "as the app's bot" in bot_agent.call(
        "pumble_send_direct_message", people=["Ben Okafor"], text="x", **as_bot
    )


def test_sets_no_status(bot_agent: Mcp) -> None:
    refusal = bot_agent.fail("pumble_set_status", emoji=":palm_tree:")

    assert refusal.startswith("not_for_workspace_keys")


def test_sees_no_private_channel_that_is_not_on_its_list(bot_agent: Mcp) -> None:
    assert "#ops" not in bot_agent.call("pumble_list_channels")
    assert "not_found" in bot_agent.fail("pumble_read_channel", channel="ops")
