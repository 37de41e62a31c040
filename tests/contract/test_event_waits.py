"""`listEvents` with `wait`, and when listening begins and ends."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keys import lifecycle, policies
from keys.audit import OPERATOR
from keys.models import ApiKey, AuditEvent, Member, Workspace
from pumble_bridge import installations
from pumble_bridge.events import feed, waiting
from pumble_bridge.models import EventFeed, EventListener, StoredEvent
from tests.contract.conftest import Acme
from tests.contract.events import Background, Listener, Scene, until_waiting
from tests.contract.wire import Api, assert_legacy, issue, success
from tests.pumble_bridge.hooks import raw, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

Change = Callable[[ApiKey, datetime], object]


@pytest.fixture
def scene(portal: str, acme: Acme) -> Scene:
    return Scene(portal, acme)


@pytest.fixture
def listener(api: Api) -> Listener:
    """With a key of Ana."""
    return Listener(api)


def revoke(key: ApiKey, now: datetime) -> None:
    lifecycle.revoke(key=key, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=now)


def narrow(key: ApiKey, now: datetime) -> None:
    rights = replace(key.rights, scopes=["messages:write"])
    lifecycle.narrow(key=key, rights=rights, by=OPERATOR, now=now)


def disable(key: ApiKey, now: datetime) -> None:
    lifecycle.disable(key=key, by=OPERATOR, now=now)


def forbid(key: ApiKey, now: datetime) -> None:
    values = policies.PolicyValues(events_allowed=False)
    policies.change_policy(workspace=Workspace.objects.get(name="Acme"), values=values, by=OPERATOR, now=now)


class TestAWait:
    def test_ends_with_the_next_event(self, scene: Scene, listener: Listener) -> None:
        call = Background(lambda: listener.ask(wait=20))
        until_waiting()

        scene.say("now")

        assert success(call.answer())["events"][0]["data"]["text"] == "now"
        assert call.seconds < 5

    def test_goes_on_after_an_event_that_the_key_may_not_hear(self, scene: Scene, listener: Listener) -> None:
        call = Background(lambda: listener.ask(wait=20))
        until_waiting()

        scene.say("not for Ana", named=[scene.ben, scene.acme.bot])
        scene.say("for Ana")

        assert [event["data"]["text"] for event in success(call.answer())["events"]] == ["for Ana"]

    def test_ends_in_time_without_an_event(self, listener: Listener) -> None:
        began = time.monotonic()

        assert listener.page(wait=1)["events"] == []
        assert 0.9 < time.monotonic() - began < 3

    def test_holds_no_connection_to_the_database(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connected: list[bool] = []
        pause = waiting.Wait.pause

        def look_and_pause(wait: waiting.Wait, seconds: float) -> None:
            connected.append(connection.connection is not None)
            pause(wait, seconds)

        monkeypatch.setattr(waiting.Wait, "pause", look_and_pause)
        listener.page(wait=1)

        assert set(connected) == {False}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (disable, "key_disabled"),
            (revoke, "key_revoked"),
            (narrow, "scope_missing"),
            (forbid, "scope_missing"),
        ],
    )
    def test_is_answered_with_the_reason_if_the_key_changes(
        self, listener: Listener, change: Change, reason: str
    ) -> None:
        call = Background(lambda: listener.ask(wait=20))
        until_waiting()

        change(ApiKey.objects.select_related("owner__workspace").get(), timezone.now())

        assert_legacy(call.answer(), reason)
        assert call.seconds < 5

    def test_ends_if_the_same_key_waits_again(self, scene: Scene, listener: Listener) -> None:
        first = Background(lambda: listener.ask(wait=20))
        until_waiting()
        second = Background(lambda: listener.ask(wait=20))

        answer = first.answer()
        scene.say("for the second")

        assert success(answer)["events"] == []
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
        assert success(second.answer())["events"][0]["data"]["text"] == "for the second"

    def test_ends_when_the_process_stops(self, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
        call = Background(lambda: listener.ask(wait=20))
        until_waiting()

        monkeypatch.setattr(waiting, "is_stopping", True)

        assert success(call.answer())["events"] == []
        assert call.seconds < 5

    def test_is_for_a_quarter_of_the_threads_and_others_come_back(self, scene: Scene, api: Api) -> None:
        quarter = settings.MAX_WAITING_CALLS
        listeners = [Listener(Api(scene.portal, issue("ana@acme.test"))) for _ in range(quarter + 2)]
        waits = [Background(lambda one=one: one.ask(wait=20)) for one in listeners[:quarter]]  # type: ignore[misc]
        until_waiting(quarter)

        turned_away = [one.ask(wait=20) for one in listeners[quarter:]]
        scene.say("for all")

        assert [success(answer)["events"] for answer in turned_away] == [[], []]
        assert all(1 <= int(answer.headers["Retry-After"]) <= 5 for answer in turned_away)
        assert all(success(wait.answer())["events"] for wait in waits)
        assert [one.texts() for one in listeners[quarter:]] == [["for all"]] * 2


class TestListening:
    def test_is_recorded_when_it_begins(self, listener: Listener) -> None:
        listener.page()

        (event,) = AuditEvent.objects.filter(type="key.listening_started")
        assert (event.surface, event.key) == ("API", ApiKey.objects.get())

    def test_ends_with_the_key(self, scene: Scene, ben_api: Api, listener: Listener) -> None:
        Listener(ben_api)
        scene.say("Ana's")
        scene.say("both", named=[scene.ana, scene.ben, scene.acme.bot])

        revoke(ApiKey.objects.get(owner__pumble_user_id=scene.ana), timezone.now())

        (kept,) = StoredEvent.objects.all()
        assert scene.ben in kept.user_ids
        assert EventListener.objects.get().key.owner.pumble_user_id == scene.ben

    def test_of_many_keys_with_the_same_rights_ends_without_reading_all_events(
        self, scene: Scene, listener: Listener
    ) -> None:
        Listener(Api(scene.portal, issue("ana@acme.test")))
        scene.say("both")
        first, second = ApiKey.objects.order_by("pk")

        with CaptureQueriesContext(connection) as queries:
            revoke(first, timezone.now())

        assert not [query for query in queries if "user_ids" in query["sql"]]
        assert StoredEvent.objects.count() == 1
        revoke(second, timezone.now())
        assert not StoredEvent.objects.exists()

    def test_ends_a_day_after_the_last_call(self, scene: Scene, listener: Listener) -> None:
        scene.say("kept")
        EventListener.objects.update(called_at=timezone.now() - EventListener.TIMEOUT)

        scene.say("not stored")
        assert StoredEvent.objects.count() == 1
        feed.prune(timezone.now())

        assert not StoredEvent.objects.exists()
        assert not EventListener.objects.exists()

    def test_ends_when_the_app_is_uninstalled(self, scene: Scene, listener: Listener) -> None:
        scene.say("kept")

        uninstalled = {
            "messageType": "APP_EVENT",
            "eventType": "APP_UNINSTALLED",
            "workspaceId": scene.acme.id,
            "workspaceUserIds": [],
            "body": json.dumps({"id": "a" * 24}),
        }
        send(scene.portal, raw(uninstalled))

        assert not StoredEvent.objects.exists()
        assert not EventListener.objects.exists()

    def test_is_ended_by_the_policy(self, scene: Scene, listener: Listener) -> None:
        scene.say("kept")

        forbid(ApiKey.objects.get(), timezone.now())

        text = "The policy of this workspace does not let keys listen to events"
        assert_legacy(listener.ask(), "scope_missing", text=text)
        assert not StoredEvent.objects.exists()
        scene.say("not stored")
        assert not StoredEvent.objects.exists()

    def test_of_others_forgets_a_person_who_is_erased(self, scene: Scene, listener: Listener) -> None:
        general: dict[str, Any] = {"channel": "general"}
        scene.say("by Ben", **general)
        scene.say("a question for Ben", author=scene.acme.people["carla"], bl=[{"user": scene.ben}])
        scene.say("by Carla", author=scene.acme.people["carla"])
        ben = Member.objects.get(pumble_user_id=scene.ben)

        for _changed in installations.erase_member(ben, by=OPERATOR, now=timezone.now()):
            pass

        assert listener.texts() == ["by Carla"]


def test_ten_thousand_events_are_stored_and_read_in_bounded_time(scene: Scene, listener: Listener) -> None:
    """The rows are made in one go; the last hundred events arrive as hooks."""
    scene.say("the pattern")
    (pattern,) = StoredEvent.objects.all()
    others = [scene.ben, scene.acme.bot]
    rows = [
        StoredEvent(
            workspace_id=pattern.workspace_id,
            number=number,
            type=pattern.type,
            channel_id=pattern.channel_id,
            user_ids=others,
            author_id=pattern.author_id,
            content=pattern.content,
            stored_at=pattern.stored_at,
        )
        for number in range(2, feed.MAX_EVENTS - 110)
    ]
    StoredEvent.objects.bulk_create(rows, batch_size=500)
    EventFeed.objects.update(last_number=feed.MAX_EVENTS - 111)
    began = time.monotonic()

    for number in range(20):
        scene.say(f"{number}")
    hooked = time.monotonic()
    texts = listener.texts()

    assert texts == ["the pattern", *map(str, range(20))]
    assert hooked - began < 4
    assert time.monotonic() - hooked < 2
