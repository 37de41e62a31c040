"""Search: what is found, in which order, and how much more there is."""

from typing import Any

import pytest

from tests.sandbox.pumble import Pumble

PATH = "/v1/messages/search"


def search(pumble: Pumble, key: str = "ana", **body: Any) -> Any:
    return pumble.call("POST", PATH, pumble.token(key), body)


def told(pumble: Pumble, *said: str) -> str:
    """A fresh channel in which this was said; its id."""
    token = pumble.token("ana")
    made = pumble.call("POST", "/v1/channels", token, {"name": "words", "type": "PUBLIC"})["channel"]["id"]
    for text in said:
        pumble.call("POST", f"/v1/channels/{made}/messages", token, {"text": text})
    return str(made)


def inside(channel: str) -> dict[str, Any]:
    return {"in": [channel]}


def texts(page: Any) -> list[str]:
    return [one["text"] for one in page["content"]]


class TestSearch:
    def test_finds_words_in_any_order_and_case(self, pumble: Pumble) -> None:
        channel = told(pumble, "Grüner Apfel", "apfelkuchen", "eine Birne")

        assert texts(search(pumble, text="APFEL grüner", **inside(channel))) == ["Grüner Apfel"]
        assert search(pumble, text="apfel", **inside(channel))["totalElements"] == 2

    def test_puts_the_most_relevant_first_and_else_goes_by_time(self, pumble: Pumble) -> None:
        channel = told(pumble, "apple apple", "one apple", "pineapple")
        asked: dict[str, Any] = {"text": "apple", "in": [channel]}

        assert texts(search(pumble, **asked)) == ["apple apple", "one apple", "pineapple"]
        for strategy in ("MOST_RECENT", "NEWEST"):
            assert texts(search(pumble, **asked, strategy=strategy))[0] == "pineapple"
        assert texts(search(pumble, **asked, strategy="OLDEST"))[-1] == "pineapple"

    def test_marks_what_was_found(self, pumble: Pumble) -> None:
        channel = told(pumble, "an Apple a day")

        [hit] = search(pumble, text="apple", **inside(channel))["content"]

        elements = hit["highlightedBlocks"][0]["elements"][0]["elements"]
        assert [one["text"] for one in elements if one.get("highlight")] == ["Apple"]
        assert "".join(one["text"] for one in elements) == hit["text"]

    def test_goes_on_where_it_stopped(self, pumble: Pumble) -> None:
        asked: dict[str, Any] = {"in": [pumble.channel("general")], "strategy": "NEWEST"}

        first, second = search(pumble, **asked), search(pumble, **asked, skip=10, limit=20)

        assert (len(first["content"]), len(second["content"])) == (10, 20)
        assert (first["hasMore"], first["totalElements"]) == (True, second["totalElements"])
        assert not {one["id"] for one in first["content"]} & {one["id"] for one in second["content"]}
        beyond = search(pumble, **asked, skip=first["totalElements"])
        assert (beyond["content"], beyond["hasMore"]) == ([], False)

    def test_keeps_its_bounds_in_time_strictly(self, pumble: Pumble) -> None:
        asked: dict[str, Any] = {"in": [pumble.channel("ops")], "strategy": "OLDEST", "limit": 20}
        times = [one["timestampMilli"] for one in search(pumble, **asked)["content"]]

        between = search(pumble, **asked, afterTs=times[0], beforeTs=times[3])

        assert [one["timestampMilli"] for one in between["content"]] == times[1:3]

    def test_can_be_narrowed(self, pumble: Pumble) -> None:
        ops: dict[str, Any] = {"in": [pumble.channel("ops")]}
        dan: dict[str, Any] = {"from": [pumble.person("dan")]}

        humans = search(pumble, **ops, fromHumanOnly=True, limit=20)["content"]
        assert {one["authorAppId"] for one in humans} == {None}
        assert all(len(one["reactions"]) >= 4 for one in search(pumble, **dan, minReactionCount=4)["content"])
        assert all(one["files"] for one in search(pumble, text="a", minFileCount=1)["content"])
        assert search(pumble, text="a", minAttachmentCount=1)["totalElements"] == 0
        relaunch: dict[str, Any] = {"in": [pumble.channel("relaunch")]}
        assert search(pumble, **relaunch)["totalElements"] > 0
        assert search(pumble, **relaunch, fromMyChannelsOnly=True)["totalElements"] == 0

    def test_shows_nobody_what_they_do_not_see(self, pumble: Pumble) -> None:
        for name in ("board", "ops"):
            asked: dict[str, Any] = {"in": [pumble.channel(name)]}
            assert search(pumble, "carla", **asked)["totalElements"] == 0
            assert search(pumble, **asked)["totalElements"] > 0
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
    def test_of_the_wrong_form_is_refused(self, pumble: Pumble, wrong: dict[str, Any]) -> None:
        refused = pumble.rest("POST", PATH, pumble.token("ana"), wrong)

        assert (refused.status_code, refused.json()["code"]) == (400, 400000)
