"""The contract's acceptance rows (its section 14), from the first request to the last."""

from typing import Any

import pytest
import requests

from tests import pumble
from tests.contract import objects
from tests.contract.conftest import Acme
from tests.contract.wire import METHODS, Api, assert_legacy, assert_structured, success

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_lives_from_send_to_delete(api: Api, acme: Acme) -> None:
    where = {"channelId": acme.channels["general"]}
    sent = success(api.post("sendMessage", {"channel": "general", "text": "first"}))
    it = where | {"messageId": sent["id"]}

    def fetch() -> dict[str, Any]:
        result: dict[str, Any] = success(api.get("fetchMessage", **it))
        assert objects.MESSAGE(result)
        return result

    assert (fetch()["text"], fetch()["edited"]) == ("first", False)
    assert success(api.post("editMessage", it | {"text": "second"})) == {}
    assert (fetch()["text"], fetch()["edited"]) == ("second", True)
    reaction = {"messageId": sent["id"], "reaction": ":+1:"}
    assert success(api.post("addReaction", reaction)) == {"status": "ok"}
    assert fetch()["reactions"] == [{"user": acme.people["ana"], "code": ":+1:"}]
    assert success(api.delete("removeReaction", **reaction)) == {"status": "ok"}
    assert fetch()["reactions"] == []
    reply = success(api.post("sendReply", it | {"text": "reply"}))
    thread = success(api.get("fetchThreadReplies", channel="general", rootMessageId=sent["id"]))
    assert [one["id"] for one in thread] == [reply["id"]]
    for message_id in (reply["id"], sent["id"]):
        assert success(api.delete("deleteMessage", **where, messageId=message_id)) == {}
    assert_structured(api.get("fetchMessage", **it), "not_found", 404100, "Not found")


class TestWalking25MessagesInPagesOf10:
    @pytest.fixture
    def sent(self, api: Api) -> list[str]:
        """The channel's id, and after it the ids of its 25 messages."""
        channel_id = success(api.post("createChannel", {"name": "walked", "type": "PUBLIC"}))["id"]
        data = {"channelId": channel_id, "text": "m"}
        return [channel_id, *(success(api.post("sendMessage", data))["id"] for _ in range(25))]

    def walk(self, api: Api, channel_id: str, edge: int, **query: Any) -> list[list[str]]:
        """Pages until the flag of the side that is walked to says that nothing is left there."""
        pages: list[list[str]] = []
        flag = "hasMoreAfter" if query.get("strategy") == "AFTER" else "hasMoreBefore"
        more = True
        while more:
            assert len(pages) < 30, "the walk does not end"
            page = success(api.get("listMessages", channelId=channel_id, limit=10, **query))
            assert objects.MESSAGE_PAGE(page)
            pages.append([message["id"] for message in page["messages"]])
            query["cursor"] = pages[-1][edge]
            more = page[flag]
        return pages

    def test_by_the_oldest_item_takes_three_requests(self, api: Api, sent: list[str]) -> None:
        pages = self.walk(api, sent[0], 0)

        assert pages == [sent[16:26], sent[6:16], sent[1:6]]

    def test_by_the_last_item_as_the_published_walkers_do_loses_none(self, api: Api, sent: list[str]) -> None:
        pages = self.walk(api, sent[0], -1)

        assert {message_id for page in pages for message_id in page} == set(sent[1:])

    def test_forwards_loses_none(self, api: Api, sent: list[str]) -> None:
        pages = self.walk(api, sent[0], -1, strategy="AFTER", cursor=sent[1])

        assert pages == [sent[2:12], sent[12:22], sent[22:26]]


def test_a_thread_of_25_comes_in_pages_of_10_and_11_and_6_and_none(
    api: Api, thread: tuple[str, list[str]]
) -> None:
    root, replies = thread
    pages: list[list[str]] = []
    query: dict[str, Any] = {"channel": "random", "rootMessageId": root, "limit": 10}
    while not pages or pages[-1]:
        assert len(pages) < 5, "the thread does not end"
        result = success(api.get("fetchThreadReplies", **query))
        pages.append([reply["id"] for reply in result])
        query["cursor"] = pages[-1][-1] if pages[-1] else None

    assert [len(page) for page in pages] == [10, 11, 6, 0]
    assert [page[0] for page in pages[1:3]] == [page[-1] for page in pages[:2]]
    assert list(dict.fromkeys(reply for page in pages for reply in page)) == replies[::-1]


def test_the_same_group_twice_is_one_channel(api: Api, ben_api: Api, acme: Acme) -> None:
    ids = [acme.people[name] for name in ("ben", "carla", "dan")]

    first = success(api.post("dmGroup", {"userIds": ids, "text": "1"}))
    second = success(api.post("dmGroup", {"userIds": ids[::-1], "text": "2"}))
    back = success(ben_api.post("dmGroup", {"userIds": [acme.people["ana"], *ids[1:]], "text": "3"}))

    assert first["channelId"] == second["channelId"] == back["channelId"]
    listed = success(api.get("listMessages", channelId=first["channelId"]))["messages"]
    assert [message["text"] for message in listed] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("operation", "data", "pumble_call"),
    [
        ("listChannels", {}, "GET /v1/channels"),
        ("listMessages", {"channel": "general"}, "GET /v1/channels/*/messages"),
        ("sendMessage", {"channel": "general", "text": "x"}, "POST /v1/channels/*/messages"),
        ("createChannel", {"name": "too-fast", "type": "PUBLIC"}, "POST /v1/channels"),
    ],
)
def test_pumbles_limit_says_when_to_come_back_and_then_lets_in(
    api: Api, operation: str, data: dict[str, Any], pumble_call: str
) -> None:
    pumble.faults({"match": pumble_call, "do": "rate_limit:7", "times": 1})

    refused = api.call(operation, data)

    assert_legacy(refused, "pumble_rate_limited", 429)
    assert refused.headers["Retry-After"] == "7"
    success(api.call(operation, data))


def test_deleting_a_scheduled_message_again_is_answered_as_recorded(
    api: Api, general: str, later: int
) -> None:
    data = {"channelId": general, "text": "x", "sendAt": later}
    scheduled_id = success(api.post("createScheduledMessage", data))["id"]
    assert success(api.delete("deleteScheduledMessage", scheduledMessageId=scheduled_id)) == {}

    again = api.delete("deleteScheduledMessage", scheduledMessageId=scheduled_id)

    assert again.status_code == 403
    recorded = {"message": "Not found", "localizedMessage": "Not found", "code": 404100}
    assert {name: again.json()[name] for name in recorded} == recorded
    assert set(again.json()) - set(recorded) == {"reason", "requestId", "help"}


def test_a_channel_of_type_x_is_answered_as_recorded(api: Api) -> None:
    answer = api.post("createChannel", {"name": "x", "type": "X"})

    assert_structured(answer, "validation", 400000, "[Allowed values are PUBLIC|PRIVATE]")


def test_editing_a_scheduled_message_without_its_time_is_answered_as_recorded(
    api: Api, general: str, later: int
) -> None:
    data = {"channelId": general, "text": "x", "sendAt": later}
    scheduled_id = success(api.post("createScheduledMessage", data))["id"]
    whole = data | {"scheduledMessageId": scheduled_id}

    for name in whole:
        answer = api.post("editScheduledMessage", {key: whole[key] for key in whole if key != name})
        assert_structured(answer, "validation", 400000, "[must not be null]")


@pytest.mark.parametrize("header", ["ApiKey", "apikey", "Api-Key", "API-KEY"])
def test_the_key_counts_in_each_spelling_of_its_header(api: Api, acme: Acme, header: str) -> None:
    answer = requests.get(f"{api.portal}/myInfo", headers={header: api.headers["ApiKey"]}, timeout=5)

    assert success(answer)["id"] == acme.people["ana"]


@pytest.mark.parametrize(("key", "reason"), [("", "key_missing"), ("0" * 32, "key_malformed")])
def test_without_a_key_or_with_a_wrong_one_every_operation_is_closed(
    portal: str, key: str, reason: str
) -> None:
    for operation in METHODS:
        assert_legacy(Api(portal, key).call(operation), reason)


class TestHabitsOfClients:
    def test_unknown_parameters_empty_cursors_and_large_limits_are_taken(self, api: Api) -> None:
        extra = {"cursor": "", "limit": 1000, "expand": "all", "members": ""}

        for operation, more in {
            "listChannels": {},
            "listUsers": {},
            "listMessages": {"channel": "general"},
            "fetchScheduledMessages": {},
        }.items():
            success(api.get(operation, **extra, **more))

    def test_a_content_type_without_a_body_is_taken(self, api: Api) -> None:
        sent = success(api.post("sendMessage", {"channel": "general", "text": "x"}))
        api.headers |= {"Content-Type": "application/json", "Accept": "text/html, */*;q=0.1"}

        success(api.get("myInfo"))
        assert success(api.delete("deleteMessage", channel="general", messageId=sent["id"])) == {}

    def test_a_body_of_a_get_is_none_of_its_business(self, api: Api) -> None:
        assert success(api.send("GET", "getChannel?channel=random", raw=b'{"channel": "general"')) == success(
            api.get("getChannel", channel="random")
        )

    def test_the_query_of_a_post_is_none_of_its_business(self, api: Api) -> None:
        answer = api.send("POST", "sendMessage?channel=general&text=x", raw=b"{}")

        assert_structured(answer, "validation", 400000, "[must not be null]")

    def test_head_is_harmless(self, api: Api) -> None:
        answer = api.send("HEAD", "myInfo")

        assert (answer.status_code, answer.content) == (200, b"")
