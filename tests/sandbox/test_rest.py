"""The REST API as an app meets it: who may, what comes back, how it is paged."""

import re
from typing import Any

import pytest

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

ERROR = {"message", "localizedMessage", "code"}
MESSAGE = {
    "id", "workspaceId", "channelId", "author", "authorAppId", "text", "timestamp", "timestampMilli", "subtype",
    "reactions", "linkPreviews", "isFollowing", "threadRootInfo", "threadReplyInfo", "files", "deleted", "edited",
    "localId", "attachments", "sharedMessage", "savedTimestampMilli", "blocks", "meta", "quote", "systemMessage",
}  # fmt: skip


def messages_of(pumble: Pumble, name: str) -> str:
    return f"/v1/channels/{pumble.channel(name)}/messages"


def filled(pumble: Pumble, count: int) -> tuple[str, str, list[str]]:
    """A new channel with numbered messages: its messages address, a token, the ids oldest first."""
    pumble.act("switches", rateLimits=False)
    token = pumble.token("ana")
    channel = pumble.call("POST", "/v1/channels", token, {"name": "Pages Of It", "type": "PUBLIC"})["channel"]
    path = f"/v1/channels/{channel['id']}/messages"
    return path, token, [pumble.call("POST", path, token, {"text": f"m{n}"})["id"] for n in range(count)]


class TestAccess:
    @pytest.mark.parametrize(
        "headers", [{"token": ""}, {"token": "nobody"}, {"x-app-token": ""}, {"x-app-token": "wrong"}]
    )
    def test_is_refused_without_a_sound_pair_of_tokens(self, pumble: Pumble, headers: dict[str, str]) -> None:
        response = pumble.rest("GET", "/v1/channels", pumble.token("ana"), headers=headers)

        assert response.status_code == 401
        assert set(response.json()) == ERROR

    def test_is_refused_with_another_apps_key(self, pumble: Pumble, app: TestApp) -> None:
        other = pumble.act("apps", manifest={**app.manifest(), "name": "Other"})

        response = pumble.rest(
            "GET", "/oauth2/me", pumble.token("ana"), headers={"x-app-token": other["appKey"]}
        )

        assert response.status_code == 401

    def test_is_refused_without_the_scope(self, pumble: Pumble) -> None:
        token = pumble.grant("carla", scopes=["user:read"])["accessToken"]

        response = pumble.rest("GET", "/v1/channels", token)

        assert (response.status_code, response.json()["code"]) == (403, 403000)
        assert pumble.call("GET", "/oauth2/me", token)["workspaceUserId"] == pumble.person("carla")

    def test_of_an_unknown_address_or_method_is_answered_in_json(self, pumble: Pumble) -> None:
        token = pumble.token("ana")

        assert pumble.rest("GET", "/v1/nothing", token).json()["code"] == 404100
        assert pumble.rest("PATCH", "/v1/channels", token).json()["code"] == 405000

    @pytest.mark.parametrize(
        "raw", [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 100_000]
    )
    def test_with_a_broken_body_is_a_validation_error(self, pumble: Pumble, raw: bytes) -> None:
        headers = {"token": pumble.token("ana"), "x-app-token": pumble.credentials["appKey"]}

        response = pumble.http.post(
            pumble.url + messages_of(pumble, "general"), headers=headers, data=raw, timeout=20
        )

        assert (response.status_code, response.json()["code"]) == (400, 400000)


class TestChannels:
    def test_are_those_one_sees(self, pumble: Pumble) -> None:
        def names(key: str, path: str = "/v1/channels") -> set[str]:
            return {one["channel"]["name"] for one in pumble.call("GET", path, pumble.token(key))}

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
    def test_that_one_does_not_see_are_as_unknown_ones(self, pumble: Pumble, method: str) -> None:
        token, board = pumble.token("carla"), pumble.channel("board")
        path, body = ("/messages", {"text": "x"}) if method == "POST" else ("", None)

        hidden = pumble.rest(method, f"/v1/channels/{board}{path}", token, body)
        unknown = pumble.rest(method, f"/v1/channels/{'0' * 24}{path}", token, body)
        foreign = pumble.rest(
            method, f"/v1/channels/{pumble.channel('general', 'Globex')}{path}", token, body
        )

        assert [one.status_code for one in (hidden, unknown, foreign)] == [404] * 3
        assert hidden.json() == unknown.json() == foreign.json()

    def test_made_anew_get_a_normal_name_once(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        made = pumble.call("POST", "/v1/channels", token, {"name": "Release Notes", "type": "PRIVATE"})
        again = pumble.rest("POST", "/v1/channels", token, {"name": "release-notes", "type": "PUBLIC"})

        assert made["channel"]["name"] == "release-notes"
        assert made["users"] == [pumble.person("ana")]
        assert again.json()["message"] == "This channel name is already taken"
        for bad in (
            {"name": "a!b", "type": "PUBLIC"},
            {"name": "x" * 81, "type": "PUBLIC"},
            {"name": "x", "type": "OPEN"},
        ):
            assert pumble.rest("POST", "/v1/channels", token, bad).json()["code"] == 400000

    def test_of_two_people_are_made_once(self, pumble: Pumble) -> None:
        token, ben, dan = pumble.token("ben"), pumble.person("ben"), pumble.person("dan")
        path = f"/v1/channels/direct?participantIds={ben}%2C{dan}"

        missing = pumble.rest("GET", path, token)
        made = pumble.call("POST", "/v1/channels/direct", token, {"participantIds": [dan]})
        again = pumble.call("POST", "/v1/channels/direct", token, {"participantIds": [dan]})

        assert (missing.status_code, missing.json()["code"]) == (404, 404100)
        assert (
            made["channel"]["id"]
            == again["channel"]["id"]
            == pumble.call("GET", path, token)["channel"]["id"]
        )
        assert (made["channel"]["channelType"], made["channel"]["name"]) == ("DIRECT", "")
        for bad in ([ben], ["0" * 24], [pumble.person("gita")], [], "x"):
            response = pumble.rest("POST", "/v1/channels/direct", token, {"participantIds": bad})
            assert response.json()["code"] == 400000


class TestMessages:
    def test_posted_by_a_person_come_back_whole(self, pumble: Pumble) -> None:
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

    def test_of_the_bot_say_whose_bot_it_is_and_go_anywhere(self, pumble: Pumble) -> None:
        path, bot = messages_of(pumble, "board"), pumble.token("bot")

        sent = pumble.call("POST", path, bot, {"text": "from the bot"})
        pumble.act("switches", botPostsAnywhere=False)

        assert (sent["author"], sent["authorAppId"]) == (pumble.person("bot"), pumble.credentials["id"])
        assert pumble.rest("GET", path, bot).status_code == 404
        assert pumble.rest("POST", path, bot, {"text": "again"}).status_code == 403

    def test_keep_the_blocks_they_were_given(self, pumble: Pumble) -> None:
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
    def test_of_the_wrong_form_are_refused(self, pumble: Pumble, body: dict[str, Any]) -> None:
        response = pumble.rest("POST", messages_of(pumble, "general"), pumble.token("ana"), body)

        assert (response.status_code, response.json()["code"]) == (400, 400000)

    def test_in_a_thread_know_their_root_and_are_counted_there(self, pumble: Pumble) -> None:
        path, token = messages_of(pumble, "general"), pumble.token("ana")
        root = pumble.call("POST", path, token, {"text": "root"})

        hidden = pumble.call("POST", f"{path}/{root['id']}", token, {"text": "one"})
        shown = pumble.call("POST", f"{path}/{root['id']}", token, {"text": "two", "alsoSendToChannel": True})

        assert hidden["threadReplyInfo"] == {
            "rootId": root["id"],
            "replySentToChannel": False,
            "rootText": "root",
        }
        info = pumble.call("GET", f"{path}/{root['id']}", token)["threadRootInfo"]
        assert (info["repliesCount"], info["repliers"]) == (2, [pumble.person("ana")])
        replies = pumble.call("GET", f"{path}/{root['id']}/replies", token)
        assert [one["id"] for one in replies] == [hidden["id"], shown["id"]]
        listed = [one["id"] for one in pumble.call("GET", path, token)["messages"]]
        assert shown["id"] in listed
        assert hidden["id"] not in listed

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

    def test_take_reactions_once_and_lose_them_quietly(self, pumble: Pumble) -> None:
        path, token = messages_of(pumble, "general"), pumble.token("dan")
        sent = pumble.call("POST", path, token, {"text": "a"})["id"]
        for method in ("POST", "POST", "DELETE", "DELETE", "POST"):
            pumble.call(method, f"/v1/messages/{sent}/reactions", token, {"code": ":+1:"})

        assert pumble.call("GET", f"{path}/{sent}", token)["reactions"] == [
            {"user": pumble.person("dan"), "code": ":+1:"}
        ]
        assert pumble.rest("POST", f"/v1/messages/{sent}/reactions", token, {"code": "+1"}).status_code == 400

    def test_are_told_to_subscribed_apps(self, pumble: Pumble, app: TestApp) -> None:
        pumble.say("carla", pumble.channel("general"), "listen")

        [hook] = [one for one in app.events("NEW_MESSAGE") if '"tx":"listen"' in one.body["body"]]
        assert hook.sound
        assert '"trId":""' in hook.body["body"]
        assert set(hook.body["workspaceUserIds"]) == {pumble.person(key) for key in ("ana", "ben", "bot")}


class TestPaging:
    def test_walks_back_through_all_messages_newest_first(self, pumble: Pumble) -> None:
        path, token, ids = filled(pumble, 7)

        first = pumble.call("GET", f"{path}?limit=3", token)
        second = pumble.call("GET", f"{path}?limit=3&cursor={first['messages'][-1]['id']}", token)
        last = pumble.call(
            "GET", f"{path}?limit=3&strategy=BEFORE&cursor={second['messages'][-1]['id']}", token
        )

        walked = [one["id"] for page in (first, second, last) for one in page["messages"]]
        assert walked == ids[::-1]
        assert (first["hasMoreBefore"], first["hasMoreAfter"]) == (True, False)
        assert (second["hasMoreBefore"], second["hasMoreAfter"]) == (True, None)
        assert (last["hasMoreBefore"], last["hasMoreAfter"]) == (False, None)

    def test_after_and_around_a_message(self, pumble: Pumble) -> None:
        path, token, ids = filled(pumble, 7)

        after = pumble.call("GET", f"{path}?limit=2&strategy=AFTER&cursor={ids[2]}", token)
        around = pumble.call("GET", f"{path}?limit=3&strategy=AROUND&cursor={ids[3]}", token)

        assert [one["id"] for one in after["messages"]] == [ids[4], ids[3]]
        assert (after["hasMoreBefore"], after["hasMoreAfter"]) == (None, True)
        assert [one["id"] for one in around["messages"]] == [ids[4], ids[3], ids[2]]
        assert (around["hasMoreBefore"], around["hasMoreAfter"]) == (True, True)

    @pytest.mark.parametrize(
        "query", ["cursor=" + "0" * 24, "limit=0", "limit=abc", "limit=-1", "strategy=UP"]
    )
    def test_with_a_senseless_question_is_a_validation_error(self, pumble: Pumble, query: str) -> None:
        response = pumble.rest("GET", f"{messages_of(pumble, 'general')}?{query}", pumble.token("ana"))

        assert (response.status_code, response.json()["code"]) == (400, 400000)

    def test_of_a_thread_goes_forward_from_the_last_reply(self, pumble: Pumble) -> None:
        path, token, ids = filled(pumble, 1)
        replies = [pumble.call("POST", f"{path}/{ids[0]}", token, {"text": f"r{n}"})["id"] for n in range(5)]

        first = pumble.call("GET", f"{path}/{ids[0]}/replies?limit=3", token)
        rest = pumble.call("GET", f"{path}/{ids[0]}/replies?limit=3&cursor={first[-1]['id']}", token)

        assert [one["id"] for one in [*first, *rest]] == replies


class TestSearch:
    def test_finds_what_the_caller_sees(self, pumble: Pumble) -> None:
        def search(key: str, **body: Any) -> Any:
            return pumble.call("POST", "/v1/messages/search", pumble.token(key), body)

        board = search("ana", text="QUARTERLY numbers")
        assert board["totalElements"] == 1
        assert "highlightedBlocks" in board["content"][0]
        assert search("carla", text="quarterly numbers") == {
            "content": [],
            "totalElements": 0,
            "hasMore": False,
        }

        general = pumble.channel("general")
        page = search("ana", **{"in": [general], "limit": 2, "strategy": "OLDEST"})
        times = [one["timestampMilli"] for one in page["content"]]
        assert page["hasMore"]
        assert times == sorted(times)
        later = search("ana", **{"in": [general], "afterTs": times[0], "strategy": "OLDEST", "limit": 99})
        assert times[0] not in [one["timestampMilli"] for one in later["content"]]
        assert {one["author"] for one in search("ana", **{"from": [pumble.person("dan")]})["content"]} == {
            pumble.person("dan")
        }


class TestPeople:
    def test_are_listed_with_their_bots(self, pumble: Pumble) -> None:
        token = pumble.token("carla")
        people = pumble.call("GET", "/v1/workspaceUsers", token)

        assert {one["name"] for one in people if one["isAddonBot"]} == {"API"}
        assert pumble.call("GET", f"/v1/workspaceUsers/{pumble.person('ana')}", token)["role"] == "OWNER"
        assert pumble.rest("GET", f"/v1/workspaceUsers/{pumble.person('gita')}", token).status_code == 404
        assert pumble.call("GET", "/v1/workspace", token)["name"] == "Acme"

    def test_and_bots_learn_who_they_are(self, pumble: Pumble) -> None:
        for key in ("ana", "bot"):
            me = pumble.call("GET", "/oauth2/me", pumble.token(key))
            assert set(me) == {"workspaceId", "workspaceName", "workspaceUserId", "workspaceUserName"}
            assert me["workspaceUserId"] == pumble.person(key)


class TestLimits:
    def test_stop_the_eighty_first_message_of_a_minute(self, pumble: Pumble) -> None:
        path, token = messages_of(pumble, "general"), pumble.token("ana")
        for _ in range(80):
            pumble.call("POST", path, token, {"text": "x"})

        refused = pumble.rest("POST", path, token, {"text": "x"})

        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert set(refused.json()) == ERROR
        globex = pumble.grant("gita", "install")["accessToken"]
        other = f"/v1/channels/{pumble.channel('general', 'Globex')}/messages"
        pumble.call("POST", other, globex, {"text": "another workspace"})
