"""Scheduled messages: pending for their author, posted on time, and recurring."""

import datetime
import time
from typing import Any

import pytest

from sandbox import recurrence
from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

PATH = "/v1/messages/scheduled"
HOUR = 3_600_000
SCHEDULED = {
    "id", "workspaceId", "author", "channelId", "text", "sendAt", "sentAt", "files", "blocks", "attachments",
    "recurrence", "threadRootId", "rootText", "alsoSendToChannel", "quotedMessage",
}  # fmt: skip


def soon() -> int:
    return int(time.time() * 1000) + HOUR


def body(pumble: Pumble, channel: str = "random", **more: Any) -> dict[str, Any]:
    return {"channelId": pumble.channel(channel), "text": "later", "sendAt": soon(), "files": []} | more


def schedule(pumble: Pumble, key: str = "dan", **more: Any) -> Any:
    return pumble.call("POST", PATH, pumble.token(key), body(pumble, **more))


def listed(pumble: Pumble, key: str = "dan", query: str = "") -> list[Any]:
    page = pumble.call("GET", f"{PATH}?{query}", pumble.token(key))
    assert set(page) == {"scheduledMessages", "hasMore"}
    return list(page["scheduledMessages"])


def texts(pumble: Pumble, channel: str = "random") -> list[str]:
    return [item["text"] for item in pumble.screen("dan", pumble.channel(channel))["messages"]]


class TestScheduling:
    def test_returns_the_whole_message(self, pumble: Pumble) -> None:
        made = schedule(pumble, text="standup?")

        assert set(made) == SCHEDULED
        assert made["sendAt"] == made["sentAt"]
        assert (made["author"], made["text"]) == (pumble.person("dan"), "standup?")
        assert made["blocks"][0]["type"] == "rich_text"
        assert (made["threadRootId"], made["rootText"], made["quotedMessage"]) == (None, None, None)
        assert pumble.call("GET", f"{PATH}/{made['id']}", pumble.token("dan")) == made

    @pytest.mark.parametrize(
        "wrong",
        [
            {"sendAt": None},
            {"sendAt": 1},
            {"sendAt": 4 * 10**12 + 1},
            {"sendAt": -1},
            {"sendAt": "soon"},
            {"sendAt": True},
            {"text": None},
            {"text": "x" * 100_001},
            {"channelId": None},
            {"channelId": 7},
            {"blocks": "x"},
            {"recurrence": "DAILY"},
            {"recurrence": {}},
            {"recurrence": {"recurrenceType": "HOURLY"}},
            {"recurrence": {"recurrenceType": "DAILY", "endAfterOccurrences": 10_000}},
            {"recurrence": {"recurrenceType": "DAILY", "endDate": 4 * 10**12 + 1}},
            {"quotedMessage": 3},
        ],
    )
    def test_with_malformed_input_is_refused(self, pumble: Pumble, wrong: dict[str, Any]) -> None:
        refused = pumble.rest("POST", PATH, pumble.token("dan"), body(pumble) | wrong)

        assert (refused.status_code, refused.json()["code"]) == (400, 400000)
        if None in wrong.values():
            assert refused.json()["message"] == "[must not be null]"

    def test_in_an_invisible_channel_is_refused(self, pumble: Pumble) -> None:
        refused = pumble.rest("POST", PATH, pumble.token("dan"), body(pumble, "board"))

        assert (refused.status_code, refused.json()["code"]) == (404, 404100)

    def test_more_than_sixty_times_a_minute_is_refused(self, pumble: Pumble) -> None:
        token, item = pumble.token("dan"), body(pumble)
        for _ in range(60):
            pumble.call("POST", PATH, token, item)

        assert pumble.rest("POST", PATH, token, item).status_code == 429


class TestPending:
    def test_is_listed_to_its_author_in_order_of_creation(self, pumble: Pumble) -> None:
        late, early = schedule(pumble, sendAt=soon() + HOUR), schedule(pumble)
        elsewhere = schedule(pumble, channel="general")
        schedule(pumble, "carla")

        assert [item["id"] for item in listed(pumble)] == [late["id"], early["id"], elsewhere["id"]]
        assert listed(pumble, query=f"channelId={elsewhere['channelId']}") == [elsewhere]
        assert pumble.rest("GET", f"{PATH}/{late['id']}", pumble.token("carla")).status_code == 404

    def test_is_paged_by_the_last_id(self, pumble: Pumble) -> None:
        ids = [schedule(pumble)["id"] for _ in range(3)]
        token = pumble.token("dan")

        first = pumble.call("GET", f"{PATH}?limit=2", token)
        rest = pumble.call("GET", f"{PATH}?limit=2&cursor={ids[1]}", token)

        assert [item["id"] for item in first["scheduledMessages"]] == ids[:2]
        assert [item["id"] for item in rest["scheduledMessages"]] == ids[2:]
        assert (first["hasMore"], rest["hasMore"]) == (True, False)
        for query in ("limit=0", "limit=x", "cursor=x"):
            assert pumble.rest("GET", f"{PATH}?{query}", token).json()["code"] == 400000

    def test_is_replaced_as_a_whole_and_can_move(self, pumble: Pumble) -> None:
        made = schedule(pumble, recurrence={"recurrenceType": "DAILY"})
        token, path = pumble.token("dan"), f"{PATH}/{made['id']}"
        whole = body(pumble, "general", text="moved")

        edited = pumble.call("PUT", path, token, whole)

        assert edited["channelId"] == pumble.channel("general")
        assert (edited["text"], edited["recurrence"], edited["id"]) == ("moved", None, made["id"])
        assert listed(pumble) == [edited]
        for name in ("channelId", "text", "sendAt"):
            refused = pumble.rest("PUT", path, token, {**whole, name: None})
            assert refused.json() == {
                "message": "[must not be null]",
                "localizedMessage": "[must not be null]",
                "code": 400000,
            }
        assert pumble.rest("PUT", path, pumble.token("carla"), whole).status_code == 404

    def test_deleted_is_unknown(self, pumble: Pumble) -> None:
        path, token = f"{PATH}/{schedule(pumble)['id']}", pumble.token("dan")

        assert pumble.rest("DELETE", path, pumble.token("carla")).status_code == 404
        assert pumble.rest("DELETE", path, token).content == b""

        for method, sent in (("DELETE", None), ("GET", None), ("PUT", body(pumble))):
            gone = pumble.rest(method, path, token, sent)
            assert gone.status_code == 404
            assert gone.json() == {"message": "Not found", "localizedMessage": "Not found", "code": 404100}


class TestDelivery:
    def test_comes_at_its_time_and_not_before(self, pumble: Pumble, app: TestApp) -> None:
        made = schedule(pumble, text="it is time")

        pumble.act("clock", forward=HOUR - 60_000)
        assert "it is time" not in texts(pumble)
        pumble.act("clock", forward=120_000)

        assert texts(pumble)[-1] == "it is time"
        assert listed(pumble) == []
        assert pumble.rest("GET", f"{PATH}/{made['id']}", pumble.token("dan")).status_code == 404
        assert any('"tx":"it is time"' in hook.body["body"] for hook in app.events("NEW_MESSAGE"))

    def test_comes_by_itself(self, pumble: Pumble, app: TestApp) -> None:
        """No request is sent meanwhile. The event shows that the message was posted."""
        schedule(pumble, text="alone", sendAt=int(time.time() * 1000) + 200)

        assert any('"tx":"alone"' in hook.body["body"] for hook in app.events("NEW_MESSAGE"))

    def test_goes_into_its_thread(self, pumble: Pumble) -> None:
        channel = pumble.channel("random")
        root = next(item for item in pumble.screen("dan", channel)["messages"] if item["threadRootInfo"])
        made = schedule(pumble, text="in it", threadRootId=root["id"], alsoSendToChannel=True)
        assert (made["threadRootId"], made["rootText"], made["alsoSendToChannel"]) == (
            root["id"],
            root["text"],
            True,
        )

        pumble.act("clock", forward=2 * HOUR)

        posted = pumble.screen("dan", channel)["messages"][-1]
        assert posted["text"] == "in it"
        assert posted["threadReplyInfo"]["rootId"] == root["id"]

    def test_of_the_bot_names_the_app(self, pumble: Pumble) -> None:
        schedule(pumble, "bot", channel="ops", text="nightly")

        pumble.act("clock", forward=2 * HOUR)

        posted = pumble.screen("ana", pumble.channel("ops"))["messages"][-1]
        assert (posted["text"], posted["authorAppId"]) == ("nightly", pumble.credentials["id"])

    def test_recurs_until_its_end(self, pumble: Pumble) -> None:
        made = schedule(
            pumble, text="daily", recurrence={"recurrenceType": "DAILY", "endAfterOccurrences": 2}
        )

        pumble.act("clock", forward=2 * HOUR)
        [again] = listed(pumble)
        pumble.act("clock", forward=25 * HOUR)

        assert again["id"] != made["id"]
        assert again["recurrence"] == made["recurrence"]
        assert abs(again["sendAt"] - made["sendAt"] - 24 * HOUR) <= HOUR
        assert texts(pumble).count("daily") == 2
        assert listed(pumble) == []

    def test_is_dropped_if_its_author_may_no_longer_write(self, pumble: Pumble) -> None:
        schedule(pumble, "ben", channel="board", text="too late")
        board, ben = pumble.channel("board"), pumble.person("ben")
        pumble.call("DELETE", f"/v1/channels/{board}/users/{ben}", pumble.token("ana"))

        pumble.act("clock", forward=2 * HOUR)

        assert "too late" not in [item["text"] for item in pumble.screen("ana", board)["messages"]]
        assert listed(pumble, "ben", f"channelId={board}") == []

    def test_refuses_to_advance_the_clock_too_far(self, pumble: Pumble) -> None:
        for forward in (-1, "x", None, True, 4 * 10**12):
            assert pumble.post("clock", forward=forward).status_code == 400


def at(written: str) -> int:
    return int(datetime.datetime.fromisoformat(written).timestamp()) * 1000


class TestRecurrence:
    @pytest.mark.parametrize(
        ("kind", "last", "due"),
        [
            ("DAILY", "2026-03-02T09:00Z", "2026-03-03T09:00Z"),
            ("BUSINESSDAYS", "2026-03-06T09:00Z", "2026-03-09T09:00Z"),
            ("WEEKLY", "2026-03-02T09:00Z", "2026-03-09T09:00Z"),
            ("BIWEEKLY", "2026-03-02T09:00Z", "2026-03-16T09:00Z"),
            ("MONTHLY_NTH_WEEKDAY", "2026-03-10T09:00Z", "2026-04-14T09:00Z"),
            ("MONTHLY_NTH_WEEKDAY", "2026-03-31T09:00Z", "2026-06-30T09:00Z"),
            ("MONTHLY_LAST_WEEKDAY", "2026-03-27T09:00Z", "2026-04-24T09:00Z"),
            ("QUARTERLY_NTH_WEEKDAY", "2026-11-02T09:00Z", "2027-02-01T09:00Z"),
            ("QUARTERLY_LAST_WEEKDAY", "2026-03-27T09:00Z", "2026-06-26T09:00Z"),
            ("ANNUALLY", "2028-02-29T09:00Z", "2029-02-28T09:00Z"),
        ],
    )
    def test_finds_the_next_time(self, kind: str, last: str, due: str) -> None:
        result = recurrence.next_occurrence_ms({"recurrenceType": kind}, at(last), 1, at(last), "UTC")

        assert result == at(due)

    def test_keeps_the_local_time(self) -> None:
        result = recurrence.next_occurrence_ms(
            {"recurrenceType": "DAILY"},
            at("2026-03-28T08:00Z"),
            1,
            at("2026-03-28T08:00Z"),
            "Europe/Belgrade",
        )

        assert result in {
            at("2026-03-29T07:00Z"),
            at("2026-03-29T08:00Z"),
        }  # The latter without a time zone database.

    def test_skips_missed_times_and_stops_at_its_end(self) -> None:
        daily = {"recurrenceType": "DAILY", "endDate": at("2026-03-10T09:00Z"), "endAfterOccurrences": 0}
        last = at("2026-03-02T09:00Z")

        assert recurrence.next_occurrence_ms(daily, last, 1, at("2026-03-05T10:00Z"), "UTC") == at(
            "2026-03-06T09:00Z"
        )
        assert recurrence.next_occurrence_ms(daily, last, 1, at("2026-03-10T10:00Z"), "UTC") is None
        assert recurrence.next_occurrence_ms(daily | {"endAfterOccurrences": 3}, last, 3, last, "UTC") is None
