"""Search: matches, their order, and paging."""

from typing import Any

import pytest

from tests.sandbox.pumble import Pumble

PATH = "/v1/messages/search"


def search(pumble: Pumble, key: str = "ana", **body: Any) -> Any:
    return pumble.call("POST", PATH, pumble.token(key), body)


def received(pumble: Pumble, *completed: str) -> str:
    """Create a channel with these messages and return its id."""
    token = pumble.token("ana")
    made = pumble.call("POST", "/v1/channels", token, {"name": "words", "type": "PUBLIC"})["channel"]["id"]
    for text in completed:
        pumble.call("POST", f"/v1/channels/{made}/messages", token, {"text": text})
    return str(made)


def inside(channel: str) -> dict[str, Any]:
    return {"in": [channel]}


def texts(page: Any) -> list[str]:
    return [item["text"] for item in page["content"]]


class TestSearch:
    def test_finds_words_in_any_order_and_case(self, pumble: Pumble) -> None:
        channel = received(pumble, "Grüner Apfel", "apfelkuchen", "eine Birne")

        assert texts(search(pumble, text="APFEL grüner", **inside(channel))) == ["Grüner Apfel"]
        assert search(pumble, text="apfel", **inside(channel))["totalElements"] == 2

    def test_sorts_by_relevance_and_then_by_time(self, pumble: Pumble) -> None:
        channel = received(pumble, "apple apple", "one apple", "pineapple")
        requested: dict[str, Any] = {"text": "apple", "in": [channel]}

        assert texts(search(pumble, **requested)) == ["apple apple", "one apple", "pineapple"]
        for strategy in ("MOST_RECENT", "NEWEST"):
            assert texts(search(pumble, **requested, strategy=strategy))[0] == "pineapple"
        assert texts(search(pumble, **requested, strategy="OLDEST"))[-1] == "pineapple"

    def test_highlights_matches(self, pumble: Pumble) -> None:
        channel = received(pumble, "an Apple a day")

        [hit] = search(pumble, text="apple", **inside(channel))["content"]

        elements = hit["highlightedBlocks"][0]["elements"][0]["elements"]
        assert [item["text"] for item in elements if item.get("highlight")] == ["Apple"]
        assert "".join(item["text"] for item in elements) == hit["text"]

    def test_is_paged(self, pumble: Pumble) -> None:
        requested: dict[str, Any] = {"in": [pumble.channel("general")], "strategy": "NEWEST"}

        first, second = search(pumble, **requested), search(pumble, **requested, skip=10, limit=20)

        assert (len(first["content"]), len(second["content"])) == (10, 20)
        assert (first["hasMore"], first["totalElements"]) == (True, second["totalElements"])
        assert not {item["id"] for item in first["content"]} & {item["id"] for item in second["content"]}
        beyond = search(pumble, **requested, skip=first["totalElements"])
        assert (beyond["content"], beyond["hasMore"]) == ([], False)

    def test_excludes_its_bounds_in_time(self, pumble: Pumble) -> None:
        requested: dict[str, Any] = {"in": [pumble.channel("ops")], "strategy": "OLDEST", "limit": 20}
        times = [item["timestampMilli"] for item in search(pumble, **requested)["content"]]

        between = search(pumble, **requested, afterTs=times[0], beforeTs=times[3])

        assert [item["timestampMilli"] for item in between["content"]] == times[1:3]

    def test_can_be_filtered(self, pumble: Pumble) -> None:
        ops: dict[str, Any] = {"in": [pumble.channel("ops")]}
        dan: dict[str, Any] = {"from": [pumble.person("dan")]}

        humans = search(pumble, **ops, fromHumanOnly=True, limit=20)["content"]
        assert {item["authorAppId"] for item in humans} == {None}
        assert all(
            len(item["reactions"]) >= 4 for item in search(pumble, **dan, minReactionCount=4)["content"]
        )
        assert all(item["files"] for item in search(pumble, text="a", minFileCount=1)["content"])
        assert search(pumble, text="a", minAttachmentCount=1)["totalElements"] == 0
        relaunch: dict[str, Any] = {"in": [pumble.channel("relaunch")]}
        assert search(pumble, **relaunch)["totalElements"] > 0
        assert search(pumble, **relaunch, fromMyChannelsOnly=True)["totalElements"] == 0

    def test_shows_only_visible_messages(self, pumble: Pumble) -> None:
        for name in ("board", "ops"):
            requested: dict[str, Any] = {"in": [pumble.channel(name)]}
            assert search(pumble, "carla", **requested)["totalElements"] == 0
            assert search(pumble, **requested)["totalElements"] > 0
        assert (
            search(pumble, "guy", text="queue")["totalElements"]
            < search(pumble, text="queue")["totalElements"]
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"text": " ", "in": []},
            {"beforeTs": 5},
            {"text": "x" * 501},
            {"text": "x", "limit": 0},
            {"text": "x", "limit": 21},
            {"text": "x", "limit": "100"},
            {"text": "x", "limit": 10**18},
            {"text": "x", "skip": -1},
            {"text": "x", "strategy": "BEST"},
            {"text": "x", "beforeTs": 0},
            {"text": "x", "minReactionCount": -1},
            {"in": ["x"] * 2 + [str(number) for number in range(50)]},
        ],
    )
    def test_with_malformed_input_is_refused(self, pumble: Pumble, wrong: dict[str, Any]) -> None:
        refused = pumble.rest("POST", PATH, pumble.token("ana"), wrong)

        assert (refused.status_code, refused.json()["code"]) == (400, 400000)
