"""The REST API: permissions, answers, paging."""

import re
from typing import Any

import pytest

from tests.sandbox.pumble import Pumble

MESSAGE = {
    "id", "workspaceId", "channelId", "author", "authorAppId", "text", "timestamp", "timestampMilli", "subtype",
    "reactions", "linkPreviews", "isFollowing", "threadRootInfo", "threadReplyInfo", "files", "deleted", "edited",
    "localId", "attachments", "sharedMessage", "savedTimestampMilli", "blocks", "meta", "quote", "systemMessage",
}  # fmt: skip


def messages_of(pumble: Pumble, name: str) -> str:
    return f"/v1/channels/{pumble.channel(name)}/messages"


def filled(pumble: Pumble, count: int) -> tuple[str, str, list[str]]:
    """Create a channel with numbered messages. Return the URL of its messages, a token and the ids, oldest first."""
    pumble.act("switches", rateLimits=False)
    token = pumble.token("ana")
    channel = pumble.call("POST", "/v1/channels", token, {"name": "Pages Of It", "type": "PUBLIC"})["channel"]
    path = f"/v1/channels/{channel['id']}/messages"
    return path, token, [pumble.call("POST", path, token, {"text": f"m{n}"})["id"] for n in range(count)]


class TestAccess:
    def test_of_an_unknown_address_or_method_is_answered_in_json(self, pumble: Pumble) -> None:
        token = pumble.token("ana")

        assert pumble.rest("GET", "/v1/nothing", token).json()["code"] == 404100
        assert pumble.rest("PATCH", "/v1/channels", token).json()["code"] == 405000

    @pytest.mark.parametrize(
        "raw",
        [
            b"{",
            b"[]",
            b'"x"',
            b"\xff\xfe",
            b'{"text": "\\ud800"}',
            b'{"text": "x", "x": 1e400}',
            b"[" * 100_000,
        ],
    )
    def test_with_a_broken_body_is_a_validation_error(self, pumble: Pumble, raw: bytes) -> None:
        headers = {"token": pumble.token("ana"), "x-app-token": pumble.credentials["appKey"]}

        response = pumble.http.post(
            pumble.url + messages_of(pumble, "general"), headers=headers, data=raw, timeout=20
        )

        assert (response.status_code, response.json()["code"]) == (400, 400000)


class TestChannels:
    def test_are_those_that_the_caller_sees(self, pumble: Pumble) -> None:
        def names(key: str, path: str = "/v1/channels") -> set[str]:
            return {item["channel"]["name"] for item in pumble.call("GET", path, pumble.token(key))}

        assert {"general", "random", "ops", "board"} <= names("ana")
        public = {"general", "random", "support", "diseño", "relaunch"}
        assert names("carla", "/v1/channels?types=PUBLIC,PRIVATE") == public
        assert names("bot", "/v1/channels?types=PUBLIC%2CPRIVATE") == public | {"ops"}
        assert names("guy", "/v1/channels?types=PUBLIC,PRIVATE") == {"general"}

    def test_have_all_their_fields(self, pumble: Pumble) -> None:
        info = pumble.call("GET", f"/v1/channels/{pumble.channel('ops')}", pumble.token("ana"))

        assert set(info) == {"channel", "users", "pinnedMessages", "homeView"}
        assert info["channel"]["channelType"] == "PRIVATE"
        assert info["channel"]["postingPermissions"]["postingPermissionsGroup"] == "EVERYONE"
        assert pumble.person("bot") in info["users"]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_that_are_invisible_look_unknown(self, pumble: Pumble, method: str) -> None:
        token, board = pumble.token("carla"), pumble.channel("board")
        path, body = ("/messages", {"text": "x"}) if method == "POST" else ("", None)

        hidden = pumble.rest(method, f"/v1/channels/{board}{path}", token, body)
        unknown = pumble.rest(method, f"/v1/channels/{'0' * 24}{path}", token, body)
        foreign = pumble.rest(
            method, f"/v1/channels/{pumble.channel('general', 'Globex')}{path}", token, body
        )

        assert [item.status_code for item in (hidden, unknown, foreign)] == [404] * 3
        assert hidden.json() == unknown.json() == foreign.json()


class TestMessages:
    def test_of_a_person_are_returned_whole(self, pumble: Pumble) -> None:
        sent = pumble.call(
            "POST", messages_of(pumble, "general"), pumble.token("carla"), {"text": "hello", "files": []}
        )

        assert set(sent) == MESSAGE
        assert sent["author"] == pumble.person("carla")
        assert sent["authorAppId"] is None
        assert sent["timestampMilli"] % 1000 == 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sent["timestamp"])
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "hello"}]}
        assert sent["blocks"] == [{"type": "rich_text", "elements": [section]}]
        assert pumble.screen("dan", sent["channelId"])["messages"][-1]["text"] == "hello"

    def test_of_the_bot_name_the_app_and_can_go_anywhere(self, pumble: Pumble) -> None:
        path, bot = messages_of(pumble, "board"), pumble.token("bot")

        sent = pumble.call("POST", path, bot, {"text": "from the bot"})
        pumble.act("switches", botPostsAnywhere=False)

        assert (sent["author"], sent["authorAppId"]) == (pumble.person("bot"), pumble.credentials["id"])
        assert pumble.rest("GET", path, bot).status_code == 404
        assert pumble.rest("POST", path, bot, {"text": "again"}).status_code == 403

    def test_keep_their_blocks(self, pumble: Pumble) -> None:
        blocks = [{"type": "divider"}, {"type": "unheard_of", "elements": []}]

        sent = pumble.call(
            "POST", messages_of(pumble, "general"), pumble.token("ana"), {"text": "x", "blocks": blocks}
        )

        assert sent["blocks"] == blocks

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"text": None},
            {"text": 5},
            {"text": "x" * 100_001},
            {"text": "x", "blocks": "y"},
            {"text": "x", "blocks": [1]},
            {"text": "x", "attachments": {}},
            {"text": "x", "files": ["unknown"]},
            {"text": "x", "ephemeral": {"sendToUsers": []}},
            {"text": "x", "ephemeral": "all"},
            {"text": "x", "ephemeral": {"sendToUsers": ["0" * 24]}},
        ],
    )
    def test_with_malformed_input_are_refused(self, pumble: Pumble, body: dict[str, Any]) -> None:
        response = pumble.rest("POST", messages_of(pumble, "general"), pumble.token("ana"), body)

        assert (response.status_code, response.json()["code"]) == (400, 400000)

    def test_are_edited_by_their_author_and_deleted_by_owners_too(self, pumble: Pumble) -> None:
        path, carla, ana, dan = (
            messages_of(pumble, "general"),
            *(pumble.token(key) for key in ("carla", "ana", "dan")),
        )
        sent = f"{path}/{pumble.call('POST', path, carla, {'text': 'a'})['id']}"

        assert pumble.rest("PUT", sent, dan, {"text": "b"}).status_code == 403
        assert pumble.rest("DELETE", sent, dan).status_code == 403
        edited = pumble.call("PUT", sent, carla, {"text": "b"})
        deleted = pumble.rest("DELETE", sent, ana)

        assert (edited["text"], edited["edited"]) == ("b", True)
        assert (deleted.status_code, deleted.content) == (200, b"")
        assert pumble.rest("GET", sent, carla).status_code == 404


class TestPaging:
    @pytest.mark.parametrize(
        "query", ["cursor=" + "0" * 24, "limit=0", "limit=abc", "limit=-1", "strategy=UP"]
    )
    def test_with_malformed_input_is_a_validation_error(self, pumble: Pumble, query: str) -> None:
        response = pumble.rest("GET", f"{messages_of(pumble, 'general')}?{query}", pumble.token("ana"))

        assert (response.status_code, response.json()["code"]) == (400, 400000)

    def test_returns_at_most_two_hundred(self, pumble: Pumble) -> None:
        path, token, ids = filled(pumble, 201)

        page = pumble.call("GET", f"{path}?limit=999", token)

        assert [item["id"] for item in page["messages"]] == ids[:0:-1]
        assert page["hasMoreBefore"]

    def test_of_a_thread_goes_forward_from_the_last_reply(self, pumble: Pumble) -> None:
        path, token, ids = filled(pumble, 1)
        replies = [pumble.call("POST", f"{path}/{ids[0]}", token, {"text": f"r{n}"})["id"] for n in range(5)]

        first = pumble.call("GET", f"{path}/{ids[0]}/replies?limit=3", token)
        rest = pumble.call("GET", f"{path}/{ids[0]}/replies?limit=3&cursor={first[-1]['id']}", token)

        assert [item["id"] for item in [*first, *rest]] == replies


class TestPeople:
    def test_are_listed_with_their_bots(self, pumble: Pumble) -> None:
        token = pumble.token("carla")
        people = pumble.call("GET", "/v1/workspaceUsers", token)

        assert {item["name"] for item in people if item["isAddonBot"]} == {"API"}
        assert pumble.call("GET", f"/v1/workspaceUsers/{pumble.person('ana')}", token)["role"] == "OWNER"
        assert pumble.rest("GET", f"/v1/workspaceUsers/{pumble.person('gita')}", token).status_code == 404
        assert pumble.call("GET", "/v1/workspace", token)["name"] == "Acme"
