"""Editing, deleting and reacting on the wire: status, content type, key sets, types, and the effect read back."""

import pytest

from tests.contract import objects
from tests.contract.calls import fetch, send
from tests.contract.conftest import Acme
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE_ID = "f" * 24


class TestEditMessage:
    def test_changes_the_text_at_once(self, api: Api, ben: Person) -> None:
        sent = send(api)

        data = {"channelId": sent["channelId"], "messageId": sent["id"], "text": "corrected"}
        assert success(api.post("editMessage", data)) == {}

        result = fetch(api, sent)
        assert (result["text"], result["edited"]) == ("corrected", True)
        assert ben.screen(sent["channelId"])["messages"][-1]["text"] == "corrected"

    @pytest.mark.parametrize("as_bot", [True, False])
    def test_of_somebody_else_is_refused(self, api: Api, ben_api: Api, as_bot: bool) -> None:
        sent = send(ben_api, asBot=as_bot)

        data = {"channelId": sent["channelId"], "messageId": sent["id"], "text": "corrected"}
        assert_legacy(api.post("editMessage", data), "forbidden_by_pumble")

        assert fetch(api, sent)["text"] == "hello"

    def test_of_nothing_is_not_found(self, api: Api, acme: Acme) -> None:
        data = {"channelId": acme.channels["general"], "messageId": STRANGE_ID, "text": "x"}

        assert_structured(api.post("editMessage", data), "not_found", 404100, "Not found")


class TestDeleteMessage:
    def test_takes_it_away(self, api: Api) -> None:
        sent = send(api)

        assert success(api.delete("deleteMessage", channel="general", messageId=sent["id"])) == {}

        again = api.delete("deleteMessage", channel="general", messageId=sent["id"])
        assert_structured(again, "not_found", 404100, "Not found")
        listed = success(api.get("listMessages", channel="general"))["messages"]
        assert sent["id"] not in [message["id"] for message in listed]

    def test_of_a_root_leaves_an_empty_place_with_its_thread(self, api: Api) -> None:
        root = send(api)
        reply = success(
            api.post("sendReply", {"channel": "general", "messageId": root["id"], "text": "reply"})
        )

        assert success(api.delete("deleteMessage", channelId=root["channelId"], messageId=root["id"])) == {}

        page = success(api.get("listMessages", channel="general"))
        assert objects.MESSAGE_PAGE(page)
        (place,) = [message for message in page["messages"] if message["id"] == root["id"]]
        assert (place["deleted"], place["text"]) == (True, "")
        assert place["threadRootInfo"]["repliesCount"] == 1
        replies = success(api.get("fetchThreadReplies", channel="general", rootMessageId=root["id"]))
        assert [one["id"] for one in replies] == [reply["id"]]

    def test_takes_its_parameters_from_a_body_too(self, api: Api) -> None:
        sent = send(api)
        body = f'{{"messageId": "{sent["id"]}", "channel": "general"}}'.encode()

        assert success(api.send("DELETE", "deleteMessage", raw=body)) == {}

    def test_of_somebody_else_is_refused_to_a_plain_member(self, carla_api: Api, ben_api: Api) -> None:
        sent = send(ben_api)

        answer = carla_api.delete("deleteMessage", channel="general", messageId=sent["id"])

        assert_legacy(answer, "forbidden_by_pumble")
        assert fetch(ben_api, sent)["text"] == "hello"


class TestReactions:
    @pytest.mark.parametrize("with_channel", [True, False])
    def test_come_and_go_by_person_and_code(
        self, api: Api, ben_api: Api, acme: Acme, with_channel: bool
    ) -> None:
        sent = send(api)
        where = {"channelId": sent["channelId"]} if with_channel else {}
        data = {"messageId": sent["id"], "reaction": ":+1:", **where}

        for client in (api, ben_api, api):
            assert success(client.post("addReaction", data)) == {"status": "ok"}
        assert success(api.post("addReaction", data | {"reaction": ":tada:", "skinTone": 3})) == {
            "status": "ok"
        }
        assert fetch(api, sent)["reactions"] == [
            {"user": acme.people["ana"], "code": ":+1:"},
            {"user": acme.people["ben"], "code": ":+1:"},
            {"user": acme.people["ana"], "code": ":tada:"},
        ]

        for _ in range(2):
            assert success(api.delete("removeReaction", **data)) == {"status": "ok"}
        left = [(one["user"], one["code"]) for one in fetch(api, sent)["reactions"]]
        assert left == [(acme.people["ben"], ":+1:"), (acme.people["ana"], ":tada:")]

    def test_may_come_as_emoji_and_go_with_a_plus_that_nobody_encoded(self, api: Api) -> None:
        sent = send(api)
        success(api.post("addReaction", {"messageId": sent["id"], "emoji": ":+1:"}))

        success(api.send("DELETE", f"removeReaction?messageId={sent['id']}&reaction=:+1:"))

        assert fetch(api, sent)["reactions"] == []

    @pytest.mark.parametrize("reaction", ["+1", "👍", ":+1", ":a b:", "::", ":" + "x" * 99 + ":"])
    def test_are_codes_between_colons(self, api: Api, reaction: str) -> None:
        sent = send(api)

        answer = api.post("addReaction", {"messageId": sent["id"], "reaction": reaction})

        assert_structured(answer, "validation", 400000)

    def test_belong_to_a_message_of_the_channel_that_is_named(self, api: Api, acme: Acme) -> None:
        sent = send(api)
        data = {"messageId": sent["id"], "reaction": ":+1:", "channelId": acme.channels["random"]}

        for answer in (api.post("addReaction", data), api.delete("removeReaction", **data)):
            assert_structured(answer, "not_found", 404100, "Not found")
        assert fetch(api, sent)["reactions"] == []
