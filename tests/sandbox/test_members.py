"""Channels and their members: create, add, remove, find."""

from typing import Any

import pytest

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

NOT_VALID = "Provided participants are not valid"


def users_of(pumble: Pumble, name: str) -> str:
    return f"/v1/channels/{pumble.channel(name)}/users"


def last(pumble: Pumble, name: str) -> Any:
    path = f"/v1/channels/{pumble.channel(name)}/messages?limit=1"
    return pumble.call("GET", path, pumble.token("ana"))["messages"][0]


class TestAdding:
    def test_returns_the_new_members_and_posts_a_system_message(self, pumble: Pumble, app: TestApp) -> None:
        carla, ben = pumble.person("carla"), pumble.person("ben")

        answer = pumble.call(
            "POST", users_of(pumble, "board"), pumble.token("ana"), {"userIds": [ben, carla]}
        )

        assert answer == {"channelId": pumble.channel("board"), "addedUserIds": [carla]}
        received = last(pumble, "board")
        assert (received["subtype"], received["systemMessage"]) == ("USERS_ADDED", True)
        assert (received["author"], carla in received["text"]) == (pumble.person("ana"), True)
        assert pumble.screen("carla", pumble.channel("board"))["messages"][-1]["id"] == received["id"]
        assert any('"st":"USERS_ADDED"' in hook.body["body"] for hook in app.events("NEW_MESSAGE"))
        path = f"/v1/channels/{pumble.channel('board')}/messages/{received['id']}"
        assert pumble.rest("DELETE", path, pumble.token("ana")).status_code == 200

    def test_members_again_changes_nothing(self, pumble: Pumble) -> None:
        before, body = last(pumble, "board"), {"userIds": [pumble.person("ben")]}

        answer = pumble.call("POST", users_of(pumble, "board"), pumble.token("ana"), body)

        assert answer["addedUserIds"] == []
        assert last(pumble, "board") == before

    def test_oneself_is_joining(self, pumble: Pumble) -> None:
        made = pumble.call("POST", "/v1/channels", pumble.token("ana"), {"name": "open", "type": "PUBLIC"})
        dan = pumble.person("dan")

        pumble.call(
            "POST", f"/v1/channels/{made['channel']['id']}/users", pumble.token("dan"), {"userIds": [dan]}
        )

        assert (last(pumble, "open")["subtype"], last(pumble, "open")["author"]) == ("USER_JOINED", dan)

    def test_everybody_excludes_guests_and_bots(self, pumble: Pumble) -> None:
        body = {"userIds": [], "addEachWorkspaceUser": True}

        answer = pumble.call("POST", users_of(pumble, "board"), pumble.token("ana"), body)

        assert set(answer["addedUserIds"]) == {pumble.person("carla"), pumble.person("dan")}

    def test_unknown_or_inactive_people_is_refused(self, pumble: Pumble) -> None:
        for key in (None, "elena", "gita"):
            wanted = [pumble.person(key) if key else "0" * 24, pumble.person("carla")]
            refused = pumble.rest("POST", users_of(pumble, "board"), pumble.token("ana"), {"userIds": wanted})
            assert (refused.status_code, refused.json()["message"]) == (400, NOT_VALID)
        for wrong in (None, [], "x", [1]):
            refused = pumble.rest("POST", users_of(pumble, "board"), pumble.token("ana"), {"userIds": wrong})
            assert refused.json()["code"] == 400000

    def test_to_a_channel_without_changeable_members_is_refused(self, pumble: Pumble) -> None:
        body, token = {"userIds": [pumble.person("dan")]}, pumble.token("ana")
        direct = f"/v1/channels/{pumble.direct('ana', 'ben')}/users"

        assert pumble.rest("POST", direct, token, body).status_code == 403
        assert pumble.rest("POST", users_of(pumble, "relaunch"), token, body).json()["code"] == 400440
        assert pumble.rest("POST", users_of(pumble, "board"), pumble.token("dan"), body).status_code == 404
        assert pumble.rest("POST", users_of(pumble, "general"), pumble.token("guy"), body).status_code == 403


class TestRemoving:
    def test_hides_the_channel_and_posts_a_system_message(self, pumble: Pumble) -> None:
        ben = pumble.person("ben")

        done = pumble.rest("DELETE", f"{users_of(pumble, 'board')}/{ben}", pumble.token("ana"))

        assert (done.status_code, done.content) == (200, b"")
        assert (last(pumble, "board")["subtype"], ben in last(pumble, "board")["text"]) == (
            "USER_REMOVED",
            True,
        )
        gone = pumble.rest("GET", f"/v1/channels/{pumble.channel('board')}", pumble.token("ben"))
        assert gone.status_code == 404
        again = pumble.rest("DELETE", f"{users_of(pumble, 'board')}/{ben}", pumble.token("ana"))
        assert (again.status_code, again.json()["code"]) == (403, 403000)

    def test_oneself_is_leaving(self, pumble: Pumble) -> None:
        dan = pumble.person("dan")

        pumble.call("DELETE", f"{users_of(pumble, 'support')}/{dan}", pumble.token("dan"))

        assert (last(pumble, "support")["subtype"], last(pumble, "support")["author"]) == ("USER_LEFT", dan)

    def test_others_needs_permission(self, pumble: Pumble) -> None:
        path = f"{users_of(pumble, 'support')}/{pumble.person('ben')}"

        assert pumble.rest("DELETE", path, pumble.token("dan")).status_code == 403
        assert pumble.rest("DELETE", path, pumble.token("ben")).status_code == 200


class TestChannelNames:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("Q3 Planning", "q3-planning"),
            ("ÑANDÚ", "ñandú"),
            ("हिन्दी", "हिन्दी"),
            ("a_b-c", "a_b-c"),
            ("日本", "日本"),
        ],
    )
    def test_allow_letters_of_all_scripts(self, pumble: Pumble, name: str, kept: str) -> None:
        made = pumble.call("POST", "/v1/channels", pumble.token("ana"), {"name": name, "type": "PUBLIC"})

        assert made["channel"]["name"] == kept
        assert made["channel"]["creatorId"] == pumble.person("ana")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": " "},
            {"name": ""},
            {"name": None},
            {"name": "a/b"},
            {"name": "party🎉"},
            {"name": "x" * 81},
            {"type": "public"},
            {"type": None},
            {"description": "x" * 251},
            {"name": "GENERAL"},
        ],
    )
    def test_or_types_with_malformed_values_are_refused(self, pumble: Pumble, wrong: dict[str, Any]) -> None:
        body = {"name": "fine", "type": "PUBLIC"} | wrong

        refused = pumble.rest("POST", "/v1/channels", pumble.token("ana"), body)

        assert (refused.status_code, refused.json()["code"]) == (400, 400000)
        if "type" in wrong:
            assert refused.json()["message"] == "[Allowed values are PUBLIC|PRIVATE]"


class TestDirectChannels:
    def test_of_several_are_the_same_in_any_order(self, pumble: Pumble) -> None:
        token, people = pumble.token("ben"), [pumble.person(key) for key in ("carla", "dan", "guy")]

        def opened(wanted: list[str]) -> str:
            body = {"participantIds": wanted}
            return str(pumble.call("POST", "/v1/channels/direct", token, body)["channel"]["id"])

        assert opened(people) == opened(people[::-1]) == opened([*people, pumble.person("ben")])
        assert opened(people) != opened(people[:2])

    def test_can_be_hidden_at_first(self, pumble: Pumble) -> None:
        dan = pumble.person("dan")
        body = {"participantIds": [dan], "hiddenFor": [dan]}

        made = pumble.call("POST", "/v1/channels/direct", pumble.token("ben"), body)["channel"]
        seen = pumble.call("GET", f"/v1/channels/{made['id']}", pumble.token("dan"))["channel"]

        assert (made["isHidden"], seen["isHidden"]) == (False, True)

    def test_with_unknown_people_are_refused_with_a_message(self, pumble: Pumble) -> None:
        token = pumble.token("ben")
        for wanted, message in (
            ([pumble.person("ben")], "You cannot open a direct channel with yourself"),
            (["0" * 24], NOT_VALID),
            ([pumble.person("elena")], NOT_VALID),
            ([f"{number:024x}" for number in range(9)], "[size must be between 1 and 8]"),
        ):
            refused = pumble.rest("POST", "/v1/channels/direct", token, {"participantIds": wanted})
            assert (refused.status_code, refused.json()["message"]) == (400, message)
