"""Scheduled messages on the wire: status, content type, key sets, types, and the effect read back."""

from typing import Any

import pytest

from tests import pumble
from tests.contract import objects
from tests.contract.conftest import HOUR_MS, Acme
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

WEEKLY = {"recurrenceType": "WEEKLY"}


def schedule(api: Api, channel_id: str, send_at: int, text: str = "later", **more: Any) -> str:
    data = {"channelId": channel_id, "text": text, "sendAt": send_at, **more}
    made = success(api.post("createScheduledMessage", data))
    assert objects.MESSAGE_REF(made)
    assert made["channelId"] == channel_id
    return str(made["id"])


def fetch(api: Api, scheduled_id: str) -> dict[str, Any]:
    result: dict[str, Any] = success(api.get("fetchScheduledMessage", scheduledMessageId=scheduled_id))
    assert objects.SCHEDULED_MESSAGE(result)
    return result


class TestCreateScheduledMessage:
    def test_keeps_it_until_its_time_and_then_sends_it(
        self, api: Api, ana: Person, general: str, later: int
    ) -> None:
        scheduled_id = schedule(api, general, later)

        assert all(message["text"] != "later" for message in ana.screen(general)["messages"])
        result = fetch(api, scheduled_id)
        assert (result["text"], result["sendAt"], result["author"]) == ("later", later, ana.id)
        pumble.act("clock", forward=2 * HOUR_MS)
        last = success(api.get("listMessages", channel="general", limit=1))["messages"][0]
        assert (last["text"], last["author"]) == ("later", ana.id)
        gone = api.get("fetchScheduledMessage", scheduledMessageId=scheduled_id)
        assert_structured(gone, "not_found", 404100, "Not found")

    def test_takes_the_time_as_text_and_the_year_2030(self, api: Api, general: str) -> None:
        assert fetch(api, schedule(api, general, "1893571200000"))["sendAt"] == 1893571200000  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("data", "kept"),
        [
            (WEEKLY, WEEKLY),
            (WEEKLY | {"endAfterOccurrences": 3}, WEEKLY | {"endAfterOccurrences": 3}),
            (WEEKLY | {"endAfterOccurrences": "3"}, WEEKLY | {"endAfterOccurrences": 3}),
            (WEEKLY | {"endDate": 1893571200000}, WEEKLY | {"endDate": 1893571200000}),
            (WEEKLY | {"endAfterOccurrences": None, "endDate": None}, WEEKLY),
            (None, None),
        ],
    )
    def test_recurs_as_told_with_no_null_in_it(
        self, api: Api, general: str, later: int, data: Any, kept: Any
    ) -> None:
        assert fetch(api, schedule(api, general, later, recurrence=data))["recurrence"] == kept

    def test_goes_into_a_thread(self, api: Api, general: str, later: int) -> None:
        root = api.post("sendMessage", {"channelId": general, "text": "root"}).json()["id"]

        result = fetch(api, schedule(api, general, later, threadRootId=root, alsoSendToChannel=True))

        assert (result["threadRootId"], result["rootText"], result["alsoSendToChannel"]) == (
            root,
            "root",
            True,
        )

    @pytest.mark.parametrize("send_at", [1, "1"])
    def test_refuses_a_time_that_is_over(self, api: Api, general: str, send_at: Any) -> None:
        data = {"channelId": general, "text": "x", "sendAt": send_at}

        assert_structured(api.post("createScheduledMessage", data), "validation", 400000)

    def test_takes_no_channel_by_name(self, api: Api, later: int) -> None:
        by_name = {"text": "x", "sendAt": later, "channel": "general"}
        assert_structured(
            api.post("createScheduledMessage", by_name), "validation", 400000, "[must not be null]"
        )

        answer = api.post("createScheduledMessage", by_name | {"channelId": "general"})
        assert_legacy(answer, "not_found", text="Could not find channel with that identifier")


class TestFetchScheduledMessages:
    def test_gives_ones_own_in_the_order_they_were_made(
        self, api: Api, ben_api: Api, general: str, later: int
    ) -> None:
        mine = [schedule(api, general, later - n * 1000) for n in range(3)]
        schedule(ben_api, general, later)

        page = success(api.get("fetchScheduledMessages"))

        assert objects.SCHEDULED_PAGE(page)
        listed = page["scheduledMessages"]
        assert [one["id"] for one in listed][-3:] == mine
        assert {one["author"] for one in listed} == {listed[0]["author"]}
        assert page["hasMore"] is False

    def test_is_walked_by_the_last_id(self, api: Api, general: str, later: int) -> None:
        mine = [schedule(api, general, later) for _ in range(5)]
        result, query = [], {"limit": 2, "channelId": general}
        while True:
            page = success(api.get("fetchScheduledMessages", **query))
            result += [one["id"] for one in page["scheduledMessages"]]
            if not page["hasMore"]:
                break
            query |= {"cursor": result[-1]}

        assert result[-5:] == mine
        assert len(result) == len(set(result))

    def test_is_filtered_by_channel(self, api: Api, acme: Acme, later: int) -> None:
        scheduled_id = schedule(api, acme.channels["random"], later)

        page = success(api.get("fetchScheduledMessages", channelId=acme.channels["random"].upper()))

        assert [one["id"] for one in page["scheduledMessages"]] == [scheduled_id]


class TestEditScheduledMessage:
    def test_answers_with_the_whole_message_as_it_is_now(self, api: Api, general: str, later: int) -> None:
        scheduled_id = schedule(api, general, later, recurrence=WEEKLY)
        data = {
            "scheduledMessageId": scheduled_id,
            "channelId": general,
            "text": "new",
            "sendAt": later + 1000,
        }

        changed = success(api.post("editScheduledMessage", data))

        assert objects.SCHEDULED_MESSAGE(changed)
        assert (changed["text"], changed["sendAt"], changed["recurrence"]) == ("new", later + 1000, None)
        assert fetch(api, scheduled_id) == changed

    def test_moves_it_to_another_channel(self, api: Api, acme: Acme, later: int) -> None:
        scheduled_id = schedule(api, acme.channels["general"], later)
        data = {"scheduledMessageId": scheduled_id, "text": "later", "sendAt": later}

        changed = success(api.post("editScheduledMessage", data | {"channelId": acme.channels["random"]}))

        assert changed["channelId"] == fetch(api, scheduled_id)["channelId"] == acme.channels["random"]

    def test_of_somebody_else_is_not_found(self, api: Api, ben_api: Api, general: str, later: int) -> None:
        scheduled_id = schedule(ben_api, general, later)
        data = {"scheduledMessageId": scheduled_id, "channelId": general, "text": "x", "sendAt": later}

        for answer in (
            api.post("editScheduledMessage", data),
            api.get("fetchScheduledMessage", scheduledMessageId=scheduled_id),
            api.delete("deleteScheduledMessage", scheduledMessageId=scheduled_id),
        ):
            assert_structured(answer, "not_found", 404100, "Not found")
        assert fetch(ben_api, scheduled_id)["text"] == "later"


class TestDeleteScheduledMessage:
    def test_takes_it_away_before_its_time(self, api: Api, ana: Person, general: str, later: int) -> None:
        scheduled_id = schedule(api, general, later)

        assert success(api.delete("deleteScheduledMessage", scheduledMessageId=scheduled_id)) == {}

        pumble.act("clock", forward=2 * HOUR_MS)
        assert all(message["text"] != "later" for message in ana.screen(general)["messages"])
        page = success(api.get("fetchScheduledMessages"))
        assert scheduled_id not in [one["id"] for one in page["scheduledMessages"]]
