"""Ephemeral messages: only for some people, only for a while, and never stored."""

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

SECRET = "pmb_whispered0only0once"


class TestEphemeral:
    def test_is_gone_after_a_reload(self, pumble: Pumble) -> None:
        channel, people = pumble.channel("general"), [pumble.person("ana"), pumble.person("ben")]
        body = {"text": "a", "ephemeral": {"sendToUsers": people}}
        pumble.call("POST", f"/v1/channels/{channel}/messages", pumble.token("bot"), body)

        pumble.act("forget", userId=people[0])

        assert pumble.screen("ana", channel)["ephemeral"] == []
        assert len(pumble.screen("ben", channel)["ephemeral"]) == 1

    def test_in_a_thread_knows_its_root(self, pumble: Pumble) -> None:
        channel = pumble.channel("general")
        root = pumble.screen("ana", channel)["messages"][0]["id"]
        body = {"text": "a", "ephemeral": {"sendToUsers": [pumble.person("ana")]}}

        pumble.call("POST", f"/v1/channels/{channel}/messages/{root}", pumble.token("bot"), body)

        [seen] = pumble.screen("ana", channel)["ephemeral"]
        assert seen["threadReplyInfo"]["rootId"] == root

    def test_is_in_no_file_no_log_no_traffic_and_no_event(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")
        body = {"text": SECRET, "ephemeral": {"sendToUsers": [pumble.person("ana")]}}
        pumble.call("POST", f"/v1/channels/{channel}/messages", pumble.token("bot"), body)
        pumble.send_message("ana", channel, "a message that is written down")
        app.events("NEW_MESSAGE")

        files = {path.name: path.read_bytes() for path in pumble.data_dir.iterdir()}
        assert any(b"a message that is written down" in content for content in files.values())
        assert [name for name, content in files.items() if SECRET.encode() in content] == []
        assert "written down" not in pumble.log()
        assert SECRET not in str(pumble.get("traffic"))
        assert [hook for hook in app.hooks if SECRET.encode() in hook.raw] == []
