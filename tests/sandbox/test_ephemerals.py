"""Ephemeral messages: for some eyes, for a while, and never written down."""

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

SECRET = "pmb_whispered0only0once"


class TestEphemeral:
    def test_is_seen_by_those_named_only(self, pumble: Pumble) -> None:
        channel, bot = pumble.channel("general"), pumble.token("bot")
        body = {"text": SECRET, "ephemeral": {"sendToUsers": [pumble.person("ana"), pumble.person("ben")]}}

        sent = pumble.call("POST", f"/v1/channels/{channel}/messages", bot, body)

        assert [one["text"] for one in pumble.screen("ana", channel)["ephemeral"]] == [SECRET]
        assert [one["id"] for one in pumble.screen("ben", channel)["ephemeral"]] == [sent["id"]]
        assert pumble.screen("carla", channel)["ephemeral"] == []
        assert pumble.screen("ana", pumble.channel("random"))["ephemeral"] == []
        page = pumble.call("GET", f"/v1/channels/{channel}/messages?limit=200", pumble.token("ana"))
        assert sent["id"] not in [one["id"] for one in page["messages"]]

    def test_can_be_edited_and_deleted_by_its_app(self, pumble: Pumble) -> None:
        ana, bot = pumble.person("ana"), pumble.token("bot")
        path = f"/v1/channels/{pumble.channel('general')}/messages"
        sent = pumble.call("POST", path, bot, {"text": "a", "ephemeral": {"sendToUsers": [ana]}})["id"]

        edit = {"text": "b", "ephemeral": {"sendToUsers": [ana]}}
        assert pumble.rest("PUT", f"{path}/{sent}", pumble.token("ben"), edit).status_code == 404
        assert pumble.call("PUT", f"{path}/{sent}", bot, edit)["text"] == "b"
        assert pumble.screen("ana", pumble.channel("general"))["ephemeral"][0]["text"] == "b"
        pumble.call("DELETE", f"{path}/{sent}/ephemeral", bot, {"deleteForUsers": [ana]})
        assert pumble.screen("ana", pumble.channel("general"))["ephemeral"] == []

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
        pumble.say("ana", channel, "a message that is written down")
        app.events("NEW_MESSAGE")

        files = {path.name: path.read_bytes() for path in pumble.data_dir.iterdir()}
        assert any(b"a message that is written down" in content for content in files.values())
        assert [name for name, content in files.items() if SECRET.encode() in content] == []
        assert "written down" not in pumble.log()
        assert SECRET not in str(pumble.look("traffic"))
        assert [hook for hook in app.hooks if SECRET.encode() in hook.raw] == []
