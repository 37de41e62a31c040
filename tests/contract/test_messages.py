"""Sending on the wire: status, content type, key sets, types, and the effect read back."""

import pytest

from tests import pumble
from tests.contract import objects
from tests.contract.calls import fetch, send
from tests.contract.conftest import Acme
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE_ID = "f" * 24


class TestSendMessage:
    def test_answers_with_a_reference_to_what_can_be_read_at_once(self, api: Api, acme: Acme) -> None:
        sent = send(api, "Grüße, 世界 👋 <b>&amp;")

        assert objects.MESSAGE_REF(sent)
        result = fetch(api, sent)
        assert (result["text"], result["author"]) == ("Grüße, 世界 👋 <b>&amp;", acme.people["ana"])
        assert (result["channelId"], result["authorAppId"]) == (acme.channels["general"], None)
        assert objects.list_of(objects.BLOCK)(result["blocks"])

    def test_as_the_bot_has_its_author_and_its_app(self, api: Api, acme: Acme) -> None:
        result = fetch(api, send(api, "beep", asBot=True))

        assert result["author"] == acme.bot
        assert result["authorAppId"] is not None

    def test_reaches_a_direct_channel_by_id(self, api: Api, ben: Person) -> None:
        direct = success(api.post("dmUser", {"userId": ben.id, "text": "first"}))

        again = success(api.post("sendMessage", {"channelId": direct["channelId"], "text": "second"}))

        assert [m["text"] for m in ben.screen(again["channelId"])["messages"]][-2:] == ["first", "second"]

    def test_takes_the_longest_text_to_the_letter(self, api: Api) -> None:
        text = " " + "é" * 99_998 + "\n"

        assert fetch(api, send(api, text))["text"] == text


class TestSendReply:
    def test_answers_with_a_reference_and_counts_in_the_thread(
        self, api: Api, ben_api: Api, acme: Acme
    ) -> None:
        root = send(api)

        reply = success(
            ben_api.post("sendReply", {"channel": "general", "messageId": root["id"], "text": "reply"})
        )

        assert objects.MESSAGE_REF(reply)
        assert fetch(api, reply)["threadReplyInfo"] == {
            "rootId": root["id"],
            "replySentToChannel": False,
            "rootText": "hello",
        }
        info = fetch(api, root)["threadRootInfo"]
        assert (info["repliesCount"], info["replyCount"], info["repliers"]) == (1, 1, [acme.people["ben"]])
        assert fetch(api, root)["threadReplyInfo"] is None

    @pytest.mark.parametrize("shown", [True, False])
    def test_shows_in_the_channel_where_that_is_asked_for(self, api: Api, shown: bool) -> None:
        root = send(api)
        data = {"channelId": root["channelId"], "messageId": root["id"], "text": "reply"}

        reply = success(api.post("sendReply", data | {"alsoSendToChannel": shown, "asBot": True}))

        listed = success(api.get("listMessages", channelId=root["channelId"], limit=5))["messages"]
        assert (reply["id"] in [message["id"] for message in listed]) == shown

    def test_to_a_deleted_root_is_refused(self, api: Api) -> None:
        root = send(api)
        success(api.delete("deleteMessage", channelId=root["channelId"], messageId=root["id"]))

        answer = api.post("sendReply", {"channel": "general", "messageId": root["id"], "text": "late"})

        assert_structured(answer, "not_found", 404100, "Not found")


class TestDmUser:
    @pytest.mark.parametrize("by", ["userId", "email", "EMAIL"])
    def test_writes_in_the_direct_channel_of_the_two(
        self, api: Api, ana: Person, ben: Person, by: str
    ) -> None:
        data = {"userId": {"userId": ben.id}, "email": {"email": ben.email}}.get(
            by, {"email": ben.email.upper()}
        )

        sent = success(api.post("dmUser", {**data, "text": "psst"}))

        assert objects.MESSAGE_REF(sent)
        info = success(api.get("getChannel", channelId=sent["channelId"]))
        assert (info["channel"]["channelType"], set(info["users"])) == ("DIRECT", {ana.id, ben.id})
        assert ben.screen(sent["channelId"])["messages"][-1]["text"] == "psst"

    def test_opens_a_channel_that_was_not_there(self, api: Api, acme: Acme) -> None:
        before = {entry["channel"]["id"] for entry in success(api.get("listChannels"))}

        sent = success(api.post("dmUser", {"userId": acme.people["guy"], "text": "hello Guy"}))

        assert sent["channelId"] not in before
        assert fetch(api, sent)["text"] == "hello Guy"

    def test_as_the_bot_is_between_the_bot_and_the_person(self, api: Api, ben: Person, acme: Acme) -> None:
        sent = success(api.post("dmUser", {"userId": ben.id, "text": "beep", "asBot": True}))

        (shown,) = ben.screen(sent["channelId"])["messages"]
        assert (shown["author"], shown["text"]) == (acme.bot, "beep")

    def test_to_oneself_is_refused(self, api: Api, acme: Acme) -> None:
        answer = api.post("dmUser", {"userId": acme.people["ana"], "text": "note to self"})

        assert answer.status_code == 403
        assert_structured(answer, "validation", 400000)

    @pytest.mark.parametrize("data", [{"email": "nobody@acme.test"}, {"userId": STRANGE_ID}])
    def test_to_nobody_is_refused(self, api: Api, data: dict[str, str]) -> None:
        answer = api.post("dmUser", {**data, "text": "x"})

        assert_structured(answer, "validation", 400000, "Provided participants are not valid")

    def test_to_somebody_deactivated_is_refused(self, api: Api, acme: Acme) -> None:
        answer = api.post("dmUser", {"userId": acme.people["elena"], "text": "x"})

        assert_structured(answer, "validation", 400000, "Provided participants are not valid")


class TestDmGroup:
    @pytest.mark.parametrize("by", ["userIds", "emails"])
    def test_writes_in_the_channel_of_exactly_these_people(self, api: Api, acme: Acme, by: str) -> None:
        names = ["ben", "guy"]
        whom = (
            [acme.people[name] for name in names]
            if by == "userIds"
            else [f"{name}@acme.test" for name in names]
        )

        sent = success(api.post("dmGroup", {by: whom, "text": "all of you"}))

        assert objects.MESSAGE_REF(sent)
        info = success(api.get("getChannel", channelId=sent["channelId"]))
        assert set(info["users"]) == {acme.people[name] for name in ("ana", *names)}
        assert fetch(api, sent)["text"] == "all of you"

    def test_ignores_ones_own_id_and_order(self, api: Api, acme: Acme) -> None:
        ids = [acme.people[name] for name in ("carla", "ana", "dan")]

        first = success(api.post("dmGroup", {"userIds": ids, "text": "1"}))
        second = success(api.post("dmGroup", {"userIds": [ids[2], ids[0]], "text": "2"}))

        assert first["channelId"] == second["channelId"]

    @pytest.mark.parametrize("extra", ["elena", STRANGE_ID])
    def test_refuses_everybody_for_one_that_is_not_valid(self, api: Api, acme: Acme, extra: str) -> None:
        whom = [acme.people["ben"], acme.people.get(extra, extra)]

        answer = api.post("dmGroup", {"userIds": whom, "text": "x"})

        assert_structured(answer, "validation", 400000, "Provided participants are not valid")


def test_a_write_is_sent_to_pumble_once_even_where_it_fails(api: Api) -> None:
    pumble.faults({"match": "POST /v1/channels/*/messages", "do": "drop", "times": 1})

    assert_legacy(api.post("sendMessage", {"channel": "general", "text": "x"}), "pumble_unavailable", 502)

    sent = [call for call in pumble.api_calls() if call["method"] == "POST" and "/messages" in call["url"]]
    assert len(sent) == 1
