"""`listEvents`: what a key hears, and in which order."""

import time
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection
from django.utils import timezone

from keys import key_cache, lifecycle
from keys.audit import OPERATOR
from keys.models import ApiKey
from portal.api.serializers.responses.messages import Message
from pumble_bridge.events import delivery, feed
from pumble_bridge.events.delivery import Selection
from pumble_bridge.models import ChannelType, EventFeed, EventListener, StoredEvent
from tests import pumble
from tests.contract.conftest import Acme
from tests.contract.events import Listener, Scene
from tests.contract.test_rights import key_of
from tests.contract.test_workspace_keys import issue as workspace_key
from tests.contract.wire import Api, assert_legacy, assert_structured, issue, success
from tests.pumble import Person
from tests.pumble_bridge.hooks import hook, message_body, raw, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene(portal: str, acme: Acme) -> Scene:
    return Scene(portal, acme)


@pytest.fixture
def listener(api: Api) -> Listener:
    """With a key of Ana."""
    return Listener(api)


class TestAMessage:
    def test_is_heard_in_the_contracts_shape(self, scene: Scene, listener: Listener) -> None:
        scene.say("hello", bl=[{"type": "rich_text", "elements": []}])

        page = listener.page()

        (event,) = page["events"]
        assert set(event) == {"id", "type", "at", "data"}
        assert (event["type"], page["hasMore"]) == ("message.created", False)
        required = {name for name, field in Message().fields.items() if field.required}
        assert required <= set(event["data"]) <= set(Message().fields)
        assert (event["data"]["text"], event["data"]["author"]) == ("hello", scene.ben)
        assert event["data"]["blocks"] == [{"type": "rich_text", "elements": []}]
        assert listener.texts() == []

    def test_that_a_person_types_is_heard(self, ben: Person, general: str, listener: Listener) -> None:
        sent = ben.type(general, "typed by a person")["messages"][-1]

        (event,) = listener.page(wait=10)["events"]

        assert (event["data"]["text"], event["data"]["id"]) == ("typed by a person", sent["id"])

    def test_of_before_the_first_call_is_not_stored(self, scene: Scene, api: Api) -> None:
        scene.say("before")

        assert not StoredEvent.objects.exists()
        assert Listener(api).texts() == []

    @pytest.mark.both_databases
    def test_is_stored_without_a_readable_text(self, scene: Scene, listener: Listener) -> None:
        scene.say("our secret plan")

        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM pumble_bridge_storedevent")
            values = [bytes(value) if isinstance(value, memoryview) else value for value in cursor.fetchone()]
        assert "secret plan" not in str(values)
        assert listener.texts() == ["our secret plan"]

    def test_that_was_edited_is_another_event(self, scene: Scene, listener: Listener) -> None:
        body = message_body(scene.acme.channels["general"], scene.ben, "corrected", e=True)
        scene.report("UPDATED_MESSAGE", body)

        (event,) = listener.page()["events"]

        assert (event["type"], event["data"]["edited"]) == ("message.updated", True)

    def test_in_a_thread_names_its_root(self, scene: Scene, listener: Listener) -> None:
        scene.say("reply", trId="d" * 24, stc=True, trMt="root")

        (event,) = listener.page()["events"]

        expected = {"rootId": "d" * 24, "replySentToChannel": True, "rootText": "root"}
        assert event["data"]["threadReplyInfo"] == expected

    def test_repeated_by_pumble_is_heard_once(self, scene: Scene, listener: Listener) -> None:
        body = message_body(scene.acme.channels["general"], scene.ben, "once")
        repeated = raw(hook(scene.acme.id, [scene.ana, scene.acme.bot], "NEW_MESSAGE", body))
        for _ in range(3):
            send(scene.portal, repeated)

        assert listener.texts() == ["once"]

    def test_that_only_one_person_sees_is_not_heard(self, scene: Scene, listener: Listener) -> None:
        scene.say("ephemeral", eph=True)

        assert listener.texts() == []

    def test_without_a_text_is_fetched_once(self, scene: Scene, listener: Listener) -> None:
        scene.say("", mId="e" * 24)
        cursor = listener.cursor

        first, again = (success(listener.ask(cursor=cursor))["events"] for _ in range(2))

        assert first == again
        assert len([call for call in pumble.api_calls() if "e" * 24 in call["url"]]) == 1

    @pytest.mark.parametrize(
        "field",
        ["mId", "cId", "aId", "tx", "tsm", "trId", "stc", "bl", "att", "f", "sm", "mm", "st", "lId", "eph"],
    )
    def test_with_any_value_in_a_field_stops_nobody(
        self, scene: Scene, listener: Listener, field: str
    ) -> None:
        for value in [None, 5, -1, [], [1], {}, {"a": [None]}, "x" * 300, True, 1e300]:
            body = message_body(scene.acme.channels["general"], scene.ben, "odd", **{field: value})
            send(scene.portal, raw(hook(scene.acme.id, [scene.ana, scene.acme.bot], "NEW_MESSAGE", body)))
        scene.say("afterwards")

        assert listener.texts()[-1] == "afterwards"


class TestOtherEvents:
    def test_are_reactions_and_channels(self, scene: Scene, listener: Listener) -> None:
        general, ben = scene.acme.channels["general"], scene.ben
        reaction = {"cId": general, "mId": "d" * 24, "mat": scene.ana, "uId": ben, "rc": ":+1:"}
        scene.report("REACTION_ADDED", reaction)
        scene.report("CHANNEL_CREATED", {"cId": general, "cN": "ops2", "cU": [ben], "cT": "PUBLIC"})
        scene.report("CHANNEL_ARCHIVED", {"cId": general, "m": [ben], "v": True, "uId": ben})

        events = listener.page()["events"]

        channel = {"id": general, "workspaceId": scene.acme.id}
        message = {"workspaceId": scene.acme.id, "channelId": general, "messageId": "d" * 24}
        created = channel | {"name": "ops2", "channelType": "PUBLIC", "isArchived": False}
        assert [(event["type"], event["data"]) for event in events] == [
            ("reaction.added", message | {"user": ben, "code": ":+1:"}),
            ("channel.created", {"channel": created, "users": [ben]}),
            ("channel.archived", {"channel": channel | {"isArchived": True}, "users": [ben]}),
        ]

    def test_arrive_as_people_act(self, ben: Person, ben_api: Api, general: str, listener: Listener) -> None:
        message = success(ben_api.post("sendMessage", {"channelId": general, "text": "react to me"}))
        reaction = {"channelId": general, "messageId": message["id"], "reaction": ":tada:"}
        success(ben_api.post("addReaction", reaction))
        created = success(ben_api.post("createChannel", {"name": "launch", "type": "PUBLIC"}))
        pumble.act("archive", userId=ben.id, channelId=created["id"])
        heard: list[dict[str, Any]] = []
        until = time.monotonic() + 10
        while len(heard) < 4 and time.monotonic() < until:
            heard += listener.page(wait=5)["events"]

        assert [event["type"] for event in heard] == [
            "message.created",
            "reaction.added",
            "channel.created",
            "channel.archived",
        ]
        assert heard[1]["data"]["code"] == ":tada:"
        assert [event["data"]["channel"]["id"] for event in heard[2:]] == [created["id"]] * 2


class TestAKeyHears:
    def test_what_the_hook_names_its_owner_for(self, scene: Scene, ben_api: Api, listener: Listener) -> None:
        ben_listens = Listener(ben_api, includeOwn="true")

        scene.say("for Ana", named=[scene.ana, scene.acme.bot])
        scene.say("for Ben", named=[scene.ben, scene.acme.bot])
        scene.say("for both", named=[scene.ana, scene.ben, scene.acme.bot])

        assert listener.texts() == ["for Ana", "for both"]
        assert ben_listens.texts() == ["for Ben", "for both"]

    def test_only_its_channels(self, scene: Scene) -> None:
        key = key_of("ana@acme.test", channels={scene.acme.channels["random"]: "random"})
        listener = Listener(Api(scene.portal, key))

        scene.say("general", channel="general")
        scene.say("random", channel="random")

        assert listener.texts() == ["random"]
        assert StoredEvent.objects.count() == 1, "nobody listens to the other"

    def test_only_what_its_scopes_allow(self, scene: Scene) -> None:
        listener = Listener(Api(scene.portal, issue("ana@acme.test", "reaction:read")))

        scene.say("a message")

        assert listener.page()["events"] == []
        assert not StoredEvent.objects.exists(), "nobody listens to messages"
        text = "API key lacks the scope messages:read"
        assert_legacy(listener.ask(types="message.created"), "scope_missing", text=text)
        sender = Api(scene.portal, issue("ana@acme.test", "messages:write"))
        assert_legacy(sender.get("listEvents"), "scope_missing")

    def test_nothing_of_a_private_channel_without_the_bot(self, scene: Scene, listener: Listener) -> None:
        scene.say("in board", channel="board", named=[scene.ana])
        scene.say("in general, without the bot", channel="general", named=[scene.ana])
        scene.say("in ops", channel="ops")

        assert listener.texts() == ["in general, without the bot", "in ops"]

    def test_with_a_workspace_key_public_channels_and_those_on_its_list(self, scene: Scene) -> None:
        channels, bot = scene.acme.channels, scene.acme.bot
        general, ops = f"--channel={channels['general']}=general", f"--channel={channels['ops']}=ops"
        free = Listener(Api(scene.portal, workspace_key()))
        listed = Listener(Api(scene.portal, workspace_key("ana@acme.test", general, ops)))

        scene.say("in general", named=[bot])
        scene.say("in random", channel="random", named=[bot])
        scene.say("in ops", channel="ops", named=[bot])
        scene.say("to Ana", named=[scene.ana])
        scene.say("by the bot", author=bot, named=[bot])

        assert free.texts() == ["in general", "in random"]
        assert listed.texts() == ["in general", "in ops"]

    def test_of_the_type_of_a_channel_once(self, scene: Scene, listener: Listener) -> None:
        for number in range(3):
            scene.say(f"{number}", channel="board", named=[scene.ana])
            listener.page()

        board = scene.acme.channels["board"]
        assert len([call for call in pumble.api_calls() if board in call["url"]]) == 1
        assert ChannelType.objects.get(channel_id=board).type == "PRIVATE"

    def test_nothing_of_a_channel_that_was_public_a_minute_ago(
        self, scene: Scene, listener: Listener
    ) -> None:
        free = Listener(Api(scene.portal, workspace_key()))
        for name in ("board", "ops"):
            ChannelType.objects.create(
                workspace_id=EventFeed.objects.get().workspace_id,
                channel_id=scene.acme.channels[name],
                type="PUBLIC",
                asked_at=timezone.now() - timedelta(minutes=1),
            )

        scene.say("in board", channel="board", named=[scene.ana])
        scene.say("in ops", channel="ops", named=[scene.acme.bot])

        assert listener.texts() == []
        assert free.texts() == []

    def test_nothing_of_a_channel_that_pumble_does_not_show(self, scene: Scene, listener: Listener) -> None:
        scene.say("where?", channel="f" * 24, named=[scene.ana])

        assert listener.texts() == []

    def test_everything_after_pumble_did_not_answer(self, scene: Scene, listener: Listener) -> None:
        scene.say("first")
        scene.say("second", named=[scene.ana])
        pumble.faults({"match": "GET /v1/channels/*", "do": "status:500", "times": 9})

        page = listener.page()
        refused = listener.ask()
        requests.delete(f"{pumble.BASE}/act/faults", timeout=5)

        assert ([event["data"]["text"] for event in page["events"]], page["hasMore"]) == (["first"], True)
        assert refused.json()["reason"] == "pumble_unavailable"
        assert listener.texts() == ["second"]

    def test_what_its_owner_and_the_bot_write_on_request_only(self, scene: Scene, listener: Listener) -> None:
        scene.say("by Ana", author=scene.ana)
        scene.say("by the bot", author=scene.acme.bot)
        scene.say("by Ben")

        everything = success(listener.ask(includeOwn="true"))["events"]

        assert listener.texts() == ["by Ben"]
        assert [event["data"]["text"] for event in everything] == ["by Ana", "by the bot", "by Ben"]

    def test_what_it_may_when_the_event_is_delivered(self, scene: Scene, listener: Listener) -> None:
        scene.say("before the key was narrowed")
        key = ApiKey.objects.get()
        rights = replace(key.rights, scopes=["reaction:read"])
        lifecycle.narrow(key=key, rights=rights, by=OPERATOR, now=timezone.now())

        assert listener.page()["events"] == []

    def test_nothing_of_another_workspace(self, scene: Scene, listener: Listener) -> None:
        body = message_body(scene.acme.channels["general"], scene.ben, "elsewhere")
        stranger = hook("9" * 24, [scene.ana, scene.acme.bot], "NEW_MESSAGE", body)
        send(scene.portal, raw(stranger))
        send(scene.portal, raw(stranger | {"workspaceId": scene.acme.id}))

        assert listener.texts() == []


class TestPages:
    def test_keep_the_order_and_say_if_there_is_more(self, scene: Scene, listener: Listener) -> None:
        for number in range(5):
            scene.say(f"{number}")

        pages = [listener.page(limit=2) for _ in range(3)]

        texts = [[event["data"]["text"] for event in page["events"]] for page in pages]
        assert texts == [["0", "1"], ["2", "3"], ["4"]]
        assert [page["hasMore"] for page in pages] == [True, True, False]

    def test_can_be_read_again(self, scene: Scene, listener: Listener) -> None:
        earlier = listener.cursor
        scene.say("again")

        first = listener.page()["events"]

        assert success(listener.ask(cursor=earlier))["events"] == first

    def test_can_be_of_one_channel_and_some_types(self, scene: Scene, listener: Listener) -> None:
        scene.say("general")
        scene.say("random", channel="random")
        in_random = success(listener.ask(channelId=scene.acme.channels["random"]))["events"]

        assert [event["data"]["text"] for event in in_random] == ["random"]
        assert success(listener.ask(types="reaction.added,channel.created"))["events"] == []
        assert len(success(listener.ask(types=["reaction.added", "message.created"]))["events"]) == 2


@pytest.mark.both_databases
class TestAWorkspaceWithManyPeople:
    def test_costs_a_call_little_memory(self, scene: Scene, listener: Listener) -> None:
        scene.say("the only one for Ana")
        feed_end, one = EventFeed.objects.get(), StoredEvent.objects.get()
        others = [f"{number:024x}" for number in range(500)]
        rows = [{"number": one.number + number, "user_ids": others} for number in range(1, 301)]
        same = {
            name: getattr(one, name) for name in ("workspace", "type", "channel_id", "content", "stored_at")
        }
        StoredEvent.objects.bulk_create(StoredEvent(**same, **row) for row in rows)
        EventFeed.objects.update(last_number=one.number + 300)
        record = key_cache.load(ApiKey.objects.get().key_id)
        assert record is not None
        selection = Selection(types=["message.created"], channel_id=None, includes_own=True, limit=100)

        tracemalloc.start()
        try:
            nothing = delivery.skip_unheard(record, one.number, selection)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert nothing == feed_end.last_number + 300
        assert peak < 1024 * 1024
        assert listener.texts() == ["the only one for Ana"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"wait": "-1"}, "wait"),
            ({"wait": "1e9"}, "wait"),
            ({"wait": "1000000000"}, "wait"),
            ({"wait": "26"}, "wait"),
            ({"wait": "soon"}, "wait"),
            ({"limit": "0"}, "limit"),
            ({"types": "message.deleted"}, "types"),
            ({"types": "message.created,"}, "types"),
            ({"includeOwn": "perhaps"}, "includeOwn"),
            ({"channel": "general"}, "channelId"),
            ({"type": "message.created"}, "types"),
            ({"cursor": "x"}, "cursor"),
            ({"cursor": "é"}, "cursor"),
            ({"cursor": "gAAAAA" + "A" * 114}, "cursor"),
            ({"cursor": "A" * 501}, "cursor"),
        ],
        ids=str,
    )
    def test_gets_an_answer_that_names_the_field(self, api: Api, query: dict[str, str], field: str) -> None:
        answer = api.get("listEvents", **query)

        assert_structured(answer, "validation", 400000)
        assert list(answer.json()["fields"]) == [field]

    def test_in_the_channel_is_noticed_when_listening_begins(self, api: Api) -> None:
        assert_legacy(api.get("listEvents", channelId="nonsense"), "not_found")
        assert_legacy(api.get("listEvents", channelId="f" * 24), "not_found")
        assert not EventListener.objects.exists()

    def test_may_be_the_cursor_of_another_key(self, scene: Scene, listener: Listener) -> None:
        other = Api(scene.portal, issue("ana@acme.test"))

        answer = other.get("listEvents", cursor=listener.cursor)

        assert_structured(answer, "validation", 400000)
        assert "not from an answer" in answer.json()["fields"]["cursor"][0]

    def test_may_be_a_cursor_of_last_week(self, listener: Listener) -> None:
        EventListener.objects.update(called_at=timezone.now() - timedelta(days=7))

        answer = listener.ask()

        assert "has expired" in answer.json()["fields"]["cursor"][0]
        assert success(listener.api.get("listEvents"))["events"] == []
        assert "has expired" in listener.ask().json()["fields"]["cursor"][0]


class TestEventsThatAreGone:
    def test_are_told_if_they_were_too_old(self, scene: Scene, listener: Listener) -> None:
        scene.say("too old")
        StoredEvent.objects.update(stored_at=timezone.now() - StoredEvent.RETENTION)

        answers = [listener.ask()]
        feed.prune(timezone.now())
        answers.append(listener.ask())

        assert not StoredEvent.objects.exists()
        assert ["has expired" in answer.json()["fields"]["cursor"][0] for answer in answers] == [True] * 2

    def test_are_told_if_there_were_too_many(self, scene: Scene, listener: Listener) -> None:
        scene.say("lost")
        EventFeed.objects.update(last_number=feed.MAX_EVENTS + 98)
        scene.say("the newest")
        scene.say("and one more")

        numbers = StoredEvent.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == [feed.MAX_EVENTS + 99, feed.MAX_EVENTS + 100]
        assert "has expired" in listener.ask().json()["fields"]["cursor"][0]

    def test_are_told_if_they_cannot_be_decrypted(self, scene: Scene, listener: Listener) -> None:
        scene.say("lost")
        StoredEvent.objects.update(content=b"of a dropped encryption key")

        assert "has expired" in listener.ask().json()["fields"]["cursor"][0]

    def test_are_not_taken_for_those_of_another_place(self, scene: Scene, listener: Listener) -> None:
        scene.say("first")
        scene.say("second")
        first, second = StoredEvent.objects.order_by("number")
        StoredEvent.objects.filter(pk=second.pk).update(content=first.content)

        assert "has expired" in listener.ask().json()["fields"]["cursor"][0]
