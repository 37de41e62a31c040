"""Deleting messages, reactions, custom statuses and calls."""

import time
from typing import Any

import pytest

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

HOUR = 3_600_000
NOT_FOUND = {"message": "Not found", "localizedMessage": "Not found", "code": 404100}


def thread(pumble: Pumble) -> tuple[str, str, list[str]]:
    """The URL of the messages, and a message with two replies."""
    path, token = f"/v1/channels/{pumble.channel('random')}/messages", pumble.token("dan")
    root = pumble.call("POST", path, token, {"text": "root"})["id"]
    replies = [
        pumble.call("POST", f"{path}/{root}", token, {"text": f"reply {n}", "alsoSendToChannel": n == 1})[
            "id"
        ]
        for n in range(2)
    ]
    return path, root, replies


def listed(pumble: Pumble, path: str) -> dict[str, Any]:
    return {item["id"]: item for item in pumble.call("GET", path, pumble.token("dan"))["messages"]}


class TestDeleting:
    def test_a_message_with_replies_keeps_an_empty_row(self, pumble: Pumble) -> None:
        path, root, replies = thread(pumble)
        token = pumble.token("dan")
        pumble.call("POST", f"/v1/messages/{root}/reactions", token, {"code": ":eyes:"})

        pumble.call("DELETE", f"{path}/{root}", token)

        left = listed(pumble, path)[root]
        assert (left["deleted"], left["text"], left["blocks"], left["reactions"]) == (True, "", [], [])
        assert left["threadRootInfo"]["repliesCount"] == 2
        assert [item["id"] for item in pumble.call("GET", f"{path}/{root}/replies", token)] == replies

    def test_makes_a_message_unknown(self, pumble: Pumble) -> None:
        path, root, _ = thread(pumble)
        token = pumble.token("dan")
        pumble.call("DELETE", f"{path}/{root}", token)
        reactions = f"/v1/messages/{root}/reactions"

        for method, address, body in (
            ("GET", f"{path}/{root}", None),
            ("PUT", f"{path}/{root}", {"text": "x"}),
            ("POST", f"{path}/{root}", {"text": "x"}),
            ("DELETE", f"{path}/{root}", None),
            ("POST", reactions, {"code": ":eyes:"}),
            ("DELETE", reactions, {"code": ":eyes:"}),
        ):
            gone = pumble.rest(method, address, token, body)
            assert (gone.status_code, gone.json()) == (404, NOT_FOUND)

    def test_the_last_reply_removes_the_empty_row(self, pumble: Pumble) -> None:
        path, root, replies = thread(pumble)
        for item in (root, *replies):
            assert root in listed(pumble, path)
            pumble.call("DELETE", f"{path}/{item}", pumble.token("dan"))

        assert not {root, *replies} & set(listed(pumble, path))
        assert pumble.rest("GET", f"{path}/{root}/replies", pumble.token("dan")).status_code == 404


class TestReactions:
    def test_are_one_for_each_person_and_code(self, pumble: Pumble, app: TestApp) -> None:
        path, root, _ = thread(pumble)
        for key in ("ana", "dan"):
            for code in (":+1:", ":non-potable_water:"):
                body = {"code": code, "skinTone": 2}
                pumble.call("POST", f"/v1/messages/{root}/reactions", pumble.token(key), body)

        reactions = pumble.call("GET", f"{path}/{root}", pumble.token("dan"))["reactions"]

        assert len(reactions) == 4
        assert {"user": pumble.person("ana"), "code": ":non-potable_water:"} in reactions

    @pytest.mark.parametrize(
        "code", ["+1", ":+1", "::", ":a b:", ":👍:", "👍", ":" + "x" * 199 + ":", ":+1:\n", "", None, 1]
    )
    def test_need_a_code(self, pumble: Pumble, code: object) -> None:
        _, root, _ = thread(pumble)
        for method in ("POST", "DELETE"):
            refused = pumble.rest(
                method, f"/v1/messages/{root}/reactions", pumble.token("dan"), {"code": code}
            )
            assert (refused.status_code, refused.json()["code"]) == (400, 400000)

    def test_need_a_message(self, pumble: Pumble) -> None:
        path = f"/v1/messages/{'0' * 24}/reactions"
        for method in ("POST", "DELETE"):
            assert pumble.rest(method, path, pumble.token("dan"), {"code": ":+1:"}).json() == NOT_FOUND


class TestCustomStatus:
    PATH = "/v1/workspaceUsers/customStatus"

    def put(self, pumble: Pumble, **body: Any) -> Any:
        return pumble.call("PUT", self.PATH, pumble.token("ana"), body)["customStatus"]

    def test_is_set_and_published(self, pumble: Pumble, app: TestApp) -> None:
        until = int(time.time() * 1000) + HOUR

        shown = self.put(pumble, code=":palm_tree:", status="Away", expiresAt=until)

        assert shown == {
            "code": ":palm_tree:",
            "status": "Away",
            "expiration": "custom",
            "expiresAt": until,
            "showUntil": True,
        }
        path = f"/v1/workspaceUsers/{pumble.person('ana')}"
        assert pumble.call("GET", path, pumble.token("dan"))["customStatus"] == shown
        assert any('"co":":palm_tree:"' in hook.body["body"] for hook in app.events("WORKSPACE_USER_UPDATED"))

    def test_ends_at_its_time(self, pumble: Pumble) -> None:
        now = int(time.time() * 1000)

        assert self.put(pumble, code=":zzz:")["expiresAt"] == 0
        assert self.put(pumble, code=":zzz:", expiration="never", expiresAt=0)["expiration"] == "never"
        assert abs(self.put(pumble, code=":zzz:", expiration="hour1")["expiresAt"] - now - HOUR) < 10_000
        for word in ("today", "thisWeek", "min30", "hour4"):
            assert self.put(pumble, code=":zzz:", expiration=word)["expiresAt"] > now

    @pytest.mark.parametrize("until", [4093062627467, 253402300799999, 2**63 - 1])
    def test_may_end_at_any_time(self, pumble: Pumble, until: int) -> None:
        assert self.put(pumble, code=":zzz:", expiresAt=until)["expiresAt"] == until
        path = f"/v1/workspaceUsers/{pumble.person('ana')}"
        assert pumble.call("GET", path, pumble.token("dan"))["customStatus"]["expiresAt"] == until

    def test_is_cleared_by_an_empty_one(self, pumble: Pumble) -> None:
        self.put(pumble, code=":zzz:")

        assert self.put(pumble, code="", status="", expiresAt=1) is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"code": ""},
            {"code": "zzz"},
            {"code": ":" + "z" * 101 + ":"},
            {"status": "x" * 101},
            {"expiresAt": 1},
            {"expiresAt": "soon"},
            {"expiresAt": 2**63},
            {"expiration": "later"},
            {"expiration": "custom"},
            {"pausedNotifications": "yes"},
        ],
    )
    def test_with_malformed_input_is_refused(self, pumble: Pumble, wrong: dict[str, Any]) -> None:
        body = {"code": ":zzz:", "status": "x"} | wrong if wrong else {}

        refused = pumble.rest("PUT", self.PATH, pumble.token("ana"), body)

        assert (refused.status_code, refused.json()["code"]) == (400, 400000)


class TestCalls:
    def test_are_permanent(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        made = pumble.call("POST", "/v1/calls/permanent", token)

        assert set(made) == {"id", "code", "workspaceId", "workspaceUserId", "permanentLink"}
        assert pumble.call("POST", "/v1/calls/permanent", token) == made

    def test_complete_an_interaction(self, pumble: Pumble) -> None:
        body = {"sourceType": "VIEW", "sourceId": "0" * 24, "triggerId": "t"}

        done = pumble.rest("POST", "/v1/interactions/complete", pumble.token("bot"), body)

        assert (done.status_code, done.content) == (200, b"")
