"""Messages of a private channel are served only where the key's owner and the app's bot are both members."""

from typing import Any

import pytest

from tests.contract.conftest import Acme
from tests.contract.wire import METHODS, Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

CHANNEL_UNKNOWN = "Could not find channel with that identifier"


@pytest.fixture
def secret(ana: Person, acme: Acme) -> dict[str, Any]:
    """A message of `board`, where the bot is not."""
    result: dict[str, Any] = ana.screen(acme.channels["board"])["messages"][0]
    return result


def calls(channel_id: str, secret: dict[str, Any], later: int) -> dict[str, dict[str, Any]]:
    """Every operation that touches messages of a channel that it is told."""
    where, it = {"channelId": channel_id}, {"channelId": channel_id, "messageId": secret["id"]}
    return {
        "sendMessage": where | {"text": "x"},
        "sendReply": it | {"text": "x"},
        "fetchMessage": it,
        "fetchFile": it | {"fileId": "0" * 24},
        "fetchThreadReplies": where | {"rootMessageId": secret["id"]},
        "listMessages": where,
        "editMessage": it | {"text": "x"},
        "deleteMessage": it,
        "addReaction": it | {"reaction": ":+1:"},
        "removeReaction": it | {"reaction": ":+1:"},
        "createScheduledMessage": where | {"text": "x", "sendAt": later},
        "fetchScheduledMessages": where,
    }


class TestAPrivateChannelWithoutTheBot:
    def test_is_closed_to_every_operation_on_its_messages(
        self, api: Api, ana: Person, secret: dict[str, Any], later: int
    ) -> None:
        before = ana.screen(secret["channelId"])["messages"]

        for operation, data in calls(secret["channelId"], secret, later).items():
            answer = api.call(operation, data)
            assert_legacy(answer, "bot_not_in_channel")
            assert secret["text"] not in answer.text
            if METHODS[operation] == "POST":
                assert_legacy(api.call(operation, data | {"asBot": True}), "bot_not_in_channel")

        assert ana.screen(secret["channelId"])["messages"] == before

    def test_is_closed_by_name_as_well(self, api: Api, secret: dict[str, Any]) -> None:
        it = {"channel": "board", "messageId": secret["id"]}

        for operation, data in {
            "sendMessage": {"channel": "#Board", "text": "x"},
            "sendReply": it | {"text": "x"},
            "fetchMessage": it,
            "fetchThreadReplies": {"channel": "board", "rootMessageId": secret["id"]},
            "listMessages": {"channel": secret["channelId"]},
            "deleteMessage": it,
        }.items():
            assert_legacy(api.call(operation, data), "bot_not_in_channel")

    def test_is_not_searched(self, api: Api, ben_api: Api, secret: dict[str, Any]) -> None:
        result = success(api.post("searchMessages", {"text": secret["text"][:40]}))
        assert result == {"content": [], "totalElements": 0, "hasMore": False}
        by_ana = success(api.post("searchMessages", {"from": ["ana@acme.test"], "limit": 20}))
        assert secret["channelId"] not in {hit["channelId"] for hit in by_ana["content"]}

        for where in ("board", secret["channelId"]):
            body = {"text": "numbers", "in": [where]}
            assert_legacy(api.post("searchMessages", body), "bot_not_in_channel")
            assert_legacy(api.post("searchMessages", body | {"in": ["general", where]}), "bot_not_in_channel")

    def test_is_not_searched_where_there_are_more_channels_than_pumble_searches_at_once(
        self, api: Api, secret: dict[str, Any]
    ) -> None:
        for number in range(45):
            success(api.post("createChannel", {"name": f"many-{number}", "type": "PUBLIC"}))
        assert len(success(api.get("listChannels"))) > 55

        result = success(api.post("searchMessages", {"text": secret["text"][:40]}))
        assert (result["content"], result["totalElements"]) == ([], 0)
        hits = success(api.post("searchMessages", {"text": "release", "limit": 20}))["content"]
        assert hits
        assert secret["channelId"] not in {hit["channelId"] for hit in hits}

    def test_keeps_what_is_scheduled_for_it(
        self, api: Api, acme: Acme, secret: dict[str, Any], later: int
    ) -> None:
        board, bot = {"channelId": secret["channelId"]}, {"userIds": [acme.bot]}
        success(api.post("addUsersToChannel", board | bot))
        data = board | {"text": "secret plan", "sendAt": later}
        one = {"scheduledMessageId": success(api.post("createScheduledMessage", data))["id"]}
        assert success(api.get("fetchScheduledMessage", **one))["text"] == "secret plan"
        success(api.post("removeUserFromChannel", board | {"userId": acme.bot}))

        page = api.get("fetchScheduledMessages")
        assert "secret plan" not in page.text
        assert board["channelId"] not in {m["channelId"] for m in success(page)["scheduledMessages"]}
        for answer in (
            api.get("fetchScheduledMessage", **one),
            api.post("editScheduledMessage", one | data),
            api.post("editScheduledMessage", one | data | {"channelId": acme.channels["general"]}),
            api.delete("deleteScheduledMessage", **one),
        ):
            assert_legacy(answer, "bot_not_in_channel")
            assert "secret plan" not in answer.text

    def test_takes_nothing_that_was_scheduled_for_elsewhere(
        self, api: Api, acme: Acme, secret: dict[str, Any], later: int
    ) -> None:
        data = {"channelId": acme.channels["general"], "text": "x", "sendAt": later}
        one = {"scheduledMessageId": success(api.post("createScheduledMessage", data))["id"]}

        moved = api.post("editScheduledMessage", one | data | {"channelId": secret["channelId"].upper()})

        assert_legacy(moved, "bot_not_in_channel")
        assert success(api.get("fetchScheduledMessage", **one))["channelId"] == data["channelId"]

    def test_hides_what_is_pinned_there(self, api: Api, secret: dict[str, Any]) -> None:
        (entry,) = [
            one for one in success(api.get("listChannels")) if one["channel"]["id"] == secret["channelId"]
        ]

        assert entry["pinnedMessages"] == []

    def test_discloses_nothing_through_a_reaction_without_a_channel(
        self, api: Api, secret: dict[str, Any]
    ) -> None:
        """Pumble alone decides there: it reacts by message id and tells nobody which channel a message is in."""
        data = {"messageId": secret["id"], "reaction": ":+1:"}

        assert success(api.post("addReaction", data)) == {"status": "ok"}
        assert success(api.delete("removeReaction", **data)) == {"status": "ok"}


class TestSomebodyElsesPrivateChannel:
    @pytest.mark.parametrize("name", ["board", "ops"])
    def test_is_not_there_for_any_operation_with_the_bot_or_without(
        self, carla_api: Api, ana: Person, acme: Acme, later: int, name: str
    ) -> None:
        message = ana.screen(acme.channels[name])["messages"][0]

        for operation, data in calls(acme.channels[name], message, later).items():
            answer = carla_api.call(operation, data)
            assert_legacy(answer, "not_found", text=CHANNEL_UNKNOWN)
            if METHODS[operation] == "POST":
                assert_legacy(carla_api.call(operation, data | {"asBot": True}), "not_found")
        assert_legacy(carla_api.get("getChannel", channel=name), "not_found", text=CHANNEL_UNKNOWN)
        reaction = {"messageId": message["id"], "reaction": ":+1:"}
        for answer in (
            carla_api.post("addReaction", reaction),
            carla_api.delete("removeReaction", **reaction),
        ):
            assert_structured(answer, "not_found", 404100, "Not found")
        assert "not_found" not in carla_api.post("searchMessages", {"text": "deployment"}).text
        assert_legacy(carla_api.post("searchMessages", {"text": "x", "in": [name]}), "validation")

    def test_gives_nothing_to_a_search(self, carla_api: Api, ana: Person, acme: Acme) -> None:
        for name in ("board", "ops"):
            message = ana.screen(acme.channels[name])["messages"][0]
            assert message["id"] not in carla_api.post("searchMessages", {"text": message["text"][:40]}).text

    def test_keeps_what_one_scheduled_before_one_left(
        self, carla_api: Api, api: Api, acme: Acme, later: int
    ) -> None:
        ops, carla = {"channelId": acme.channels["ops"]}, acme.people["carla"]
        success(api.post("addUsersToChannel", ops | {"userIds": [carla]}))
        data = ops | {"text": "secret plan", "sendAt": later}
        one = {"scheduledMessageId": success(carla_api.post("createScheduledMessage", data))["id"]}
        success(api.post("removeUserFromChannel", ops | {"userId": carla}))

        assert success(carla_api.get("fetchScheduledMessages"))["scheduledMessages"] == []
        for answer in (
            carla_api.get("fetchScheduledMessage", **one),
            carla_api.post("editScheduledMessage", one | data),
            carla_api.delete("deleteScheduledMessage", **one),
        ):
            assert_legacy(answer, "not_found", text=CHANNEL_UNKNOWN)
