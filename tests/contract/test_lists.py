"""Reading and searching messages on the wire: status, content type, key sets, types, and what is found."""

from typing import Any

import pytest

from tests import pumble
from tests.contract import objects
from tests.contract.conftest import Acme
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE_ID = "f" * 24


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    page = success(api.get("listMessages", **query))
    assert objects.MESSAGE_PAGE(page)
    result: list[dict[str, Any]] = page["messages"]
    return result


class TestFetchMessage:
    def test_gives_the_message_that_the_list_has(self, api: Api) -> None:
        for message in listed(api, channel="general", limit=20):
            result = success(api.get("fetchMessage", channel="general", messageId=message["id"].upper()))
            assert objects.MESSAGE(result)
            assert result == message

    def test_of_another_channel_or_nowhere_is_not_found(self, api: Api) -> None:
        elsewhere = listed(api, channel="random", limit=1)[0]["id"]

        for message_id in (elsewhere, STRANGE_ID):
            answer = api.get("fetchMessage", channel="general", messageId=message_id)
            assert_structured(answer, "not_found", 404100, "Not found")

    def test_that_was_deleted_is_not_found(self, api: Api) -> None:
        sent = api.post("sendMessage", {"channel": "general", "text": "x"}).json()
        success(api.delete("deleteMessage", channelId=sent["channelId"], messageId=sent["id"]))

        answer = api.get("fetchMessage", channelId=sent["channelId"], messageId=sent["id"])

        assert_structured(answer, "not_found", 404100, "Not found")


class TestListMessages:
    def test_gives_whole_messages_of_every_kind_oldest_first(self, api: Api, ana: Person, acme: Acme) -> None:
        for name in ("general", "random", "ops", "support", "diseño", "relaunch"):
            messages = listed(api, channel=name, limit=200)
            assert [m["id"] for m in messages] == [
                m["id"] for m in ana.screen(acme.channels[name])["messages"]
            ]
            times = [message["timestampMilli"] for message in messages]
            assert times == sorted(times)

    def test_gives_direct_messages(self, api: Api) -> None:
        for entry in success(api.get("listChannels")):
            if entry["channel"]["channelType"] in {"DIRECT", "SELF"}:
                listed(api, channelId=entry["channel"]["id"])

    def test_has_files_previews_reactions_and_edits_among_them(self, api: Api) -> None:
        messages = listed(api, channel="general", limit=200) + listed(api, channel="ops", limit=200)

        for name in ("files", "linkPreviews", "reactions", "edited", "threadRootInfo"):
            assert any(message[name] for message in messages), name


class TestFetchThreadReplies:
    def test_gives_whole_replies_newest_first_without_the_root(
        self, api: Api, thread: tuple[str, list[str]]
    ) -> None:
        root, replies = thread

        result = success(api.get("fetchThreadReplies", channel="random", rootMessageId=root))

        assert objects.list_of(objects.MESSAGE)(result)
        assert [one["id"] for one in result] == replies[::-1]
        assert all(one["threadReplyInfo"]["rootId"] == root for one in result)
        assert all(one["threadRootInfo"] is None for one in result)

    def test_after_a_reply_gives_the_newer_ones(self, api: Api, thread: tuple[str, list[str]]) -> None:
        root, replies = thread
        query = {"channel": "random", "rootMessageId": root, "cursor": replies[20], "strategy": "AFTER"}

        result = success(api.get("fetchThreadReplies", **query, limit=3))

        assert [one["id"] for one in result] == replies[23:20:-1]

    def test_of_a_message_without_any_is_empty(self, api: Api) -> None:
        alone = api.post("sendMessage", {"channel": "random", "text": "alone"}).json()["id"]

        assert success(api.get("fetchThreadReplies", channel="random", rootMessageId=alone)) == []

    def test_of_nothing_is_not_found(self, api: Api) -> None:
        answer = api.get("fetchThreadReplies", channel="random", rootMessageId=STRANGE_ID)

        assert_structured(answer, "not_found", 404100, "Not found")

    def test_refuses_a_cursor_of_another_thread(self, api: Api, thread: tuple[str, list[str]]) -> None:
        root, replies = thread
        other = api.post("sendMessage", {"channel": "random", "text": "other"}).json()["id"]

        for where, cursor in ((other, replies[0]), (root, other), (root, STRANGE_ID)):
            answer = api.get("fetchThreadReplies", channel="random", rootMessageId=where, cursor=cursor)
            # A thread without an older reply ends, whatever the cursor.
            assert answer.json() == [] or answer.json()["code"] == 400000


class TestSearchMessages:
    def search(self, api: Api, **body: Any) -> dict[str, Any]:
        page: dict[str, Any] = success(api.post("searchMessages", body))
        assert objects.SEARCH_PAGE(page)
        assert page["hasMore"] == (page["totalElements"] > len(page["content"]))
        return page

    def test_gives_whole_hits_with_what_was_found_marked(self, api: Api) -> None:
        page = self.search(api, text="release")

        assert page["totalElements"] >= len(page["content"]) > 0
        for hit in page["content"]:
            assert "release" in hit["text"].lower()
            marked = [
                leaf["text"].lower()
                for block in hit["highlightedBlocks"]
                for section in block["elements"]
                for leaf in section["elements"]
                if leaf.get("highlight")
            ]
            assert set(marked) == {"release"}

    def test_gives_nothing_in_the_contracts_words(self, api: Api) -> None:
        assert self.search(api, text="xyzzy") == {"content": [], "totalElements": 0, "hasMore": False}

    def test_counts_all_and_gives_ten_unless_said(self, api: Api) -> None:
        page = self.search(api, **{"in": ["general"]})

        assert (len(page["content"]), page["hasMore"]) == (10, True)
        assert len(self.search(api, **{"in": ["general"], "limit": 1000})["content"]) == 20

    @pytest.mark.parametrize("who", ["ben", "ben@acme.test", "Ben Okafor", "@ben okafor"])
    def test_finds_by_author(self, api: Api, acme: Acme, who: str) -> None:
        page = self.search(api, **{"from": [acme.people.get(who, who)]})

        assert {hit["author"] for hit in page["content"]} == {acme.people["ben"]}

    @pytest.mark.parametrize("who", ["Ana Kovac\u030c", "@ANA\u00a0KOVAC\u030c", "ana kovač"])
    def test_finds_by_author_in_any_unicode_form(self, api: Api, acme: Acme, who: str) -> None:
        page = self.search(api, **{"from": [who]})

        assert {hit["author"] for hit in page["content"]} == {acme.people["ana"]}

    def test_finds_by_author_whose_name_pumble_has_in_decomposed_form(self, api: Api, ana: Person) -> None:
        pumble.act("invite", userId=ana.id, name="Zoe\u0308 L\u00fd", email="zoe@acme.test")
        zoe = pumble.person("zoe@acme.test")
        zoe.type(pumble.channel(zoe.workspace_id, "general"), "a message of hers")

        page = self.search(api, **{"from": ["zo\u00eb ly\u0301"]})

        assert {hit["author"] for hit in page["content"]} == {zoe.id}

    @pytest.mark.parametrize("where", ["random", "#Random", "{id}"])
    def test_finds_in_a_channel(self, api: Api, acme: Acme, where: str) -> None:
        page = self.search(api, **{"in": where.format(id=acme.channels["random"]), "text": "duck"})

        assert {hit["channelId"] for hit in page["content"]} == {acme.channels["random"]}

    def test_finds_direct_messages_of_ones_own_alone(self, api: Api, carla_api: Api) -> None:
        assert self.search(api, text="take the release today")["totalElements"] == 1
        assert self.search(carla_api, text="take the release today")["totalElements"] == 0

    @pytest.mark.parametrize(
        ("strategy", "reverse"), [("NEWEST", True), ("MOST_RECENT", True), ("OLDEST", False)]
    )
    def test_orders_by_time_where_asked(self, api: Api, strategy: str, reverse: bool) -> None:
        hits = self.search(api, **{"in": ["general"], "strategy": strategy})["content"]

        ids = [hit["id"] for hit in hits]
        times = [hit["timestampMilli"] for hit in hits]
        assert times == sorted(times, reverse=reverse)
        assert len(set(ids)) == 10

    def test_leaves_the_moments_themselves_out(self, api: Api) -> None:
        hits = self.search(api, **{"in": ["random"], "strategy": "OLDEST"})["content"]
        first, last = hits[0]["timestampMilli"], hits[-1]["timestampMilli"]

        between = self.search(
            api, **{"in": ["random"], "strategy": "OLDEST", "afterTs": first, "beforeTs": str(last)}
        )

        expected = [hit["id"] for hit in hits if first < hit["timestampMilli"] < last]
        assert [hit["id"] for hit in between["content"]] == expected

    @pytest.mark.parametrize(
        "body",
        [{}, {"text": ""}, {"text": "  "}, {"from": ["nobody"]}, {"in": ["nowhere"]}, {"in": [STRANGE_ID]}],
    )
    def test_wants_criteria_that_mean_something(self, api: Api, body: dict[str, Any]) -> None:
        assert_legacy(api.post("searchMessages", body), "validation", text="Invalid request parameters")
