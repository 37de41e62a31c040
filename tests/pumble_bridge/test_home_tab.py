"""The app's Home tab: its content, and its publication after changes within Pumble's rate limit."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from keys import lifecycle, membership
from keys.audit import OPERATOR, Actor, Surface
from keys.models import ApiKey, LastUse, Member
from keys.signals import audit_event_recorded
from pumble_bridge import installations, oauth
from pumble_bridge.chat import home
from pumble_bridge.chat.home import publisher
from pumble_bridge.models import HomeTab
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.screens import (
    app_channel,
    click_home,
    get_member,
    home_tab,
    issue,
    texts,
)
from tests.queries import before_query

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PUBLISHING = "POST /v1/app/homeView/workspaceUsers/*"


def publications() -> int:
    return sum("homeView" in one["url"] for one in pumble.api_calls())


def elements(view: dict[str, object]) -> dict[str, dict[str, object]]:
    """Everything that can be acted on, by its onAction."""
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    return {
        one["onAction"]: one for block in blocks for one in block.get("elements", []) if "onAction" in one
    }


def _values(menu: dict[str, Any]) -> list[str]:
    return [option["value"] for option in menu["options"]]


class TestWhatItShows:
    def test_shows_the_members_keys_and_actions(self, ana: Person, ben: Person) -> None:
        key, _ = issue(
            ana, "deploy bot", scopes=["messages:write"], expires_at=timezone.now() + timedelta(days=30)
        )
        LastUse.objects.create(key=key, at=timezone.now())
        disabled, _ = issue(ana, "old")
        lifecycle.disable(key=disabled, by=OPERATOR, now=timezone.now())
        issue(ben, "bens")

        shown = home_tab(ana)

        content = texts(shown)
        assert "You have 2 keys" in content
        assert "1 of them works." in content
        assert f"deploy bot · {key.masked} · id {key.key_id} · active · last used" in content
        assert "Can post as you until" in content
        assert "disabled · never used" in content
        assert "bens" not in content
        assert {"add_key", "delete_key", "open_portal", "language", f"key.{key.key_id}"} <= elements(
            shown
        ).keys()

    def test_shows_how_to_start_without_keys(self, ana: Person) -> None:
        shown = home_tab(ana)

        assert "No keys yet" in texts(shown)
        assert "add_key" in elements(shown)
        assert "delete_key" not in elements(shown)

    def test_is_the_newest_twenty_and_the_way_to_the_rest(self, ana: Person) -> None:
        for number in range(25):
            issue(ana, f"number {number:02}")

        content = texts(home_tab(ana))

        assert "You have 25 keys" in content
        assert "number 24" in content
        assert "number 05" in content
        assert "number 04" not in content
        assert "These are your newest" in content

    def test_shows_what_the_app_does_without_authorization(self, carla: Person, portal: str) -> None:
        shown = carla.screen(app_channel(carla))["home"]

        assert "lets a program act in Pumble as you" in texts(shown)
        assert "/pumble/signin" in str(shown)

    def test_shows_how_to_authorize_after_it_ended(self, ana: Person) -> None:
        issue(ana, "ci")
        member = get_member(ana)
        membership.end_authorization(member=member, by=OPERATOR, now=timezone.now())

        shown = home_tab(ana)

        assert "ci ·" not in texts(shown)
        assert str(elements(shown)["authorise"]["url"]).endswith("/pumble/signin")

    def test_leaves_of_a_key_that_is_being_replaced_only_what_stops_it(self, ana: Person) -> None:
        old, _ = issue(ana, "ci")
        by, now = OPERATOR, timezone.now()
        new, _ = lifecycle.rotate(key=old, grace=lifecycle.GRACE_PERIODS["24h"], by=by, now=now)
        lifecycle.confirm(key=new, by=by, now=now)

        shown = elements(home_tab(ana))

        offered = {key.key_id: _values(shown[f"key.{key.key_id}"]) for key in (old, new)}
        assert offered == {
            old.key_id: ["disable", "delete"],
            new.key_id: ["rotate", "renew", "rename", "disable", "delete"],
        }

    @pytest.mark.parametrize(
        ("role", "offered"), [("USER", ["rename", "delete"]), ("OWNER", ["enable", "rename", "delete"])]
    )
    def test_offers_to_enable_only_what_the_owner_may_enable(
        self, ana: Person, role: str, offered: list[str]
    ) -> None:
        key, _ = issue(ana, "ci")
        lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())
        Member.objects.filter(pk=get_member(ana).pk).update(role=role)

        assert _values(elements(home_tab(ana))[f"key.{key.key_id}"]) == offered

    def test_is_in_the_persons_language(self, ana: Person) -> None:
        issue(ana, "ci")

        click_home(ana, "language", "es")

        assert get_member(ana).language == "es"
        assert "activa" in texts(home_tab(ana))

    def test_cannot_mention_anyone(self, ana: Person, ben: Person) -> None:
        issue(ana, f"<<@{ben.id}>>")

        assert f"<<@{ben.id}>>" not in str(home_tab(ana))


def _in_chat(person: Person, general: str) -> None:
    person.type(general, "/api-keys disable ci")


def _elsewhere(person: Person, general: str) -> None:
    lifecycle.disable(key=ApiKey.objects.get(), by=OPERATOR, now=timezone.now())


def _in_the_tab(person: Person, general: str) -> None:
    click_home(person, f"key.{ApiKey.objects.get().key_id}", "disable")


class TestAChange:
    @pytest.mark.parametrize("change", [_in_chat, _elsewhere, _in_the_tab])
    def test_of_any_surface_shows(
        self, ana: Person, general: str, change: Callable[[Person, str], None]
    ) -> None:
        issue(ana, "ci")
        assert "active" in texts(home_tab(ana))

        change(ana, general)

        assert "disabled" in texts(home_tab(ana))

    def test_by_nobody_publishes_nothing(self, ana: Person, general: str) -> None:
        home_tab(ana)
        before = publications()

        ana.type(general, "/api-keys list")
        home_tab(ana)

        assert publications() == before

    def test_after_change_is_published_at_pumbles_pace_and_the_latest_state_wins(self, ana: Person) -> None:
        home_tab(ana)
        before = publications()
        for number in range(30):
            issue(ana, f"number {number}")
            home.publish_due()

        assert publications() - before <= 1
        assert "You have 30 keys" in texts(home_tab(ana))
        row = HomeTab.objects.get(member=get_member(ana))
        assert row.next_at - timezone.now() > timedelta(seconds=2.5)

    def test_that_is_undone_publishes_nothing(self, ana: Person) -> None:
        home_tab(ana)
        before = publications()

        ana.type(app_channel(ana), "/api-keys rename nothing something")
        home_tab(ana)

        assert publications() == before

    def test_of_an_expired_key_shows_after_maintenance(self, ana: Person) -> None:
        key, _ = issue(ana, "ci")
        home_tab(ana)
        HomeTab.objects.update(published_at=timezone.now() - timedelta(hours=1), next_at=timezone.now())
        ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(minutes=1))

        call_command("maintenance", stdout=io.StringIO())

        assert "No keys yet" in texts(ana.screen(app_channel(ana))["home"])

    def test_by_a_colleague_does_not_publish_the_members_tab(self, ana: Person, ben: Person) -> None:
        issue(ana, "ci")
        home_tab(ana)
        home_tab(ben)
        before = publications()

        lifecycle.disable(key=ApiKey.objects.get(), by=OPERATOR, now=timezone.now())
        home_tab(ben)

        assert publications() == before + 1

    def test_of_an_operator_has_no_tab_to_show_on(self, ana: Person) -> None:
        root = Member.objects.create_superuser("root", "a long enough password")

        oauth.record_sign_out(root, by=Actor(root, Surface.ADMIN), now=timezone.now())

        assert not HomeTab.objects.filter(member=root).exists()

    def test_without_the_app_is_not_pending(self, ana: Person) -> None:
        home_tab(ana)
        workspace = get_member(ana).workspace
        assert workspace is not None
        before = publications()

        installations.remove_installation(workspace, by=OPERATOR, now=timezone.now())
        assert home.count_stale() > 0
        HomeTab.objects.update(next_at=timezone.now())

        assert (home.publish_due(), home.count_stale(), publications() - before) == (0, 0, 0)

    def test_that_a_crash_left_unnoticed_shows_after_maintenance(
        self, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key, _ = issue(ana, "ci")
        home_tab(ana)
        with monkeypatch.context() as crashed:
            crashed.setattr(audit_event_recorded, "send_robust", lambda **_signal: [])
            lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())
        assert home.count_stale() == 0

        HomeTab.objects.update(next_at=timezone.now())
        call_command("maintenance", stdout=io.StringIO())

        assert "disabled" in texts(ana.screen(app_channel(ana))["home"])
        assert home.mark_missed(now=timezone.now()) == 0


class TestPumblesTrouble:
    @pytest.mark.parametrize(
        "fault", ["status:500", "status:403", "rate_limit:7", "garbage", "drop", "redirect"]
    )
    def test_fails_no_change_and_the_tab_follows_later(self, ana: Person, general: str, fault: str) -> None:
        home_tab(ana)
        pumble.faults({"match": PUBLISHING, "do": fault, "times": 1})
        issue(ana, "ci")
        HomeTab.objects.update(next_at=timezone.now())

        home.publish_due()

        row = HomeTab.objects.get(member=get_member(ana))
        if row.version != row.published_version:  # garbage is an answer all the same
            assert row.next_at > timezone.now()
        assert "You have 1 key" in texts(home_tab(ana))

    def test_with_a_dead_bot_is_left_until_something_changes(self, ana: Person) -> None:
        home_tab(ana)
        pumble.faults({"match": PUBLISHING, "do": "status:401", "times": 1})
        issue(ana, "ci")

        HomeTab.objects.update(next_at=timezone.now())
        home.publish_due()

        row = HomeTab.objects.get(member=get_member(ana))
        assert row.version == row.published_version

    def test_delays_no_answer(self, ana: Person, general: str) -> None:
        home_tab(ana)
        pumble.faults({"match": PUBLISHING, "do": "delay:5", "times": 5})
        began = time.monotonic()

        ana.type(general, "/api-keys generate ci")

        assert time.monotonic() - began < 4.5  # publishing would take 5


class TestSeveralProcesses:
    def test_publish_a_change_once(self, ana: Person) -> None:
        home_tab(ana)
        issue(ana, "ci")
        HomeTab.objects.update(next_at=timezone.now())
        before = publications()

        def publish(_number: int) -> int:
            try:
                return home.publish_due()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            published = sum(pool.map(publish, range(4)))

        assert (published, publications() - before) == (1, 1)

    def test_leave_to_another_what_that_one_has_just_claimed(self, ana: Person) -> None:
        home_tab(ana)
        issue(ana, "ci")
        HomeTab.objects.update(next_at=timezone.now())
        before, soon = publications(), timezone.now() + timedelta(seconds=15)

        with before_query(r'^UPDATE "pumble_bridge_hometab"', lambda: HomeTab.objects.update(next_at=soon)):
            assert home.publish_due() == 0

        assert publications() == before

    def test_take_over_what_another_claimed_and_never_published(self, ana: Person) -> None:
        home_tab(ana)
        issue(ana, "ci")
        HomeTab.objects.update(next_at=timezone.now() + timedelta(minutes=1))
        assert home.publish_due() == 0

        HomeTab.objects.update(next_at=timezone.now())

        assert home.publish_due() == 1

    def test_show_a_change_during_which_a_delayed_process_ended(
        self, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home_tab(ana)
        key, _ = issue(ana, "ci")
        HomeTab.objects.update(next_at=timezone.now())
        build, claimed, claim_over = home.build, threading.Event(), threading.Event()

        def publish_late() -> None:
            try:
                home.publish_due()
            finally:
                connections.close_all()

        delayed = threading.Thread(target=publish_late)

        def build_and_wait(member: Member, now: datetime) -> dict[str, Any]:
            view = build(member, now)
            if threading.current_thread() is delayed:
                claimed.set()
                assert claim_over.wait(20)
            else:
                claim_over.set()
                delayed.join()
                lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())
            return view

        with monkeypatch.context() as slow:
            slow.setattr(publisher, "build", build_and_wait)
            delayed.start()
            assert claimed.wait(20)
            issue(ana, "later")
            HomeTab.objects.update(next_at=timezone.now())  # the claim is over
            home.publish_due()

        assert "disabled" in texts(home_tab(ana))
        assert home.count_stale() == 0


class TestTheWebServersThread:
    @pytest.fixture
    def _worker(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        worker = publisher.create_worker()
        monkeypatch.setattr(publisher, "worker", worker)
        worker.start()
        yield
        worker.stop()

    @pytest.mark.usefixtures("_worker")
    def test_publishes_by_itself(self, ana: Person, general: str) -> None:
        ana.type(general, "/api-keys generate ci")

        self.until_it_shows(ana, "ci ·")

    def test_takes_away_what_expired_and_goes_on_after_a_failure(
        self, ana: Person, monkeypatch: pytest.MonkeyPatch, log_lines: io.StringIO
    ) -> None:
        key, _ = issue(ana, "ci", expires_at=timezone.now() + timedelta(days=1))
        assert "ci ·" in texts(home_tab(ana))
        for name in ("DEBOUNCE", "EXPIRY_CHECK_INTERVAL"):
            monkeypatch.setattr(publisher, name, timedelta(0))
        monkeypatch.setattr(publisher, "POLL_SECONDS", 0.01)
        failed, publish = threading.Event(), publisher.publish_due

        def fail_once() -> int:
            if not failed.is_set():
                failed.set()
                raise RuntimeError("out of order")
            return publish()

        monkeypatch.setattr(publisher, "publish_due", fail_once)
        ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
        HomeTab.objects.update(next_at=timezone.now())
        worker = publisher.create_worker()
        worker.start()
        try:
            self.until_it_shows(ana, "No keys yet")
        finally:
            worker.stop()

        assert "home.failed" in log_lines.getvalue()

    def until_it_shows(self, person: Person, text: str) -> None:
        until = time.monotonic() + 15
        while text not in texts(person.screen(app_channel(person))["home"]):
            assert time.monotonic() < until, "the Home tab did not follow"
            time.sleep(0.05)
