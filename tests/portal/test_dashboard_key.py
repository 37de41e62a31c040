"""The page of one key and its actions. No member can act on the key of another."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from keys import lifecycle
from keys.audit import Actor, Surface
from keys.key_format import generate
from keys.lifecycle import GRACE_PERIODS
from keys.models import ApiKey, AuditEvent, Member, RequestLog
from portal.dashboard import key_changes
from pumble_bridge.models import EventListener
from tests.conftest import NOW
from tests.portal.dashboard import (
    browser_of,
    by,
    make_key,
    nonce,
    plaintext_in,
    set_policy,
    text,
    used,
    words,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_changes, "list_member_channels", lambda _member: {"1" * 24: "general"})


@pytest.fixture
def browser(alice: Member) -> Client:
    return browser_of(alice)


@pytest.fixture
def key(alice: Member) -> ApiKey:
    return make_key(alice, scopes=["messages:write", "messages:read"])


PARTS = [
    "",
    "rename",
    "narrow",
    "disable",
    "enable",
    "rotate",
    "renew",
    "finish",
    "stop-listening",
    "delete",
    "remedy",
]


class TestKeyOfAnotherMember:
    @pytest.mark.parametrize("part", PARTS)
    def test_is_not_found(self, key: ApiKey, bob: Member, olivia: Member, part: str) -> None:
        for member in (bob, olivia):
            browser = browser_of(member)
            for method in (browser.get, browser.post):
                theirs, random = method(f"/keys/{key.key_id}/{part}"), method(f"/keys/{'0' * 12}/{part}")
                assert theirs.status_code == random.status_code
                assert theirs.status_code in {404, 405}
                assert key.key_id not in text(theirs)
        key.refresh_from_db()
        assert key.state(NOW) == ApiKey.State.ACTIVE

    def test_is_in_no_other_list(self, key: ApiKey, olivia: Member) -> None:
        assert key.masked not in text(browser_of(olivia).get("/?state=all"))


class TestEveryChange:
    @pytest.mark.parametrize("part", ["disable", "enable", "finish", "stop-listening", "remedy"])
    def test_does_not_accept_get(self, browser: Client, key: ApiKey, part: str) -> None:
        assert browser.get(f"/keys/{key.key_id}/{part}").status_code == 405

    @pytest.mark.parametrize("part", PARTS[1:])
    def test_requires_the_csrf_token(self, alice: Member, key: ApiKey, part: str) -> None:
        browser = browser_of(alice)
        browser.handler.enforce_csrf_checks = True

        assert browser.post(f"/keys/{key.key_id}/{part}").status_code == 403

    @pytest.mark.parametrize("part", PARTS)
    def test_is_not_done_by_get(self, browser: Client, key: ApiKey, part: str) -> None:
        browser.get(f"/keys/{key.key_id}/{part}")

        before = (key.name, key.rights, key.state(NOW))
        key.refresh_from_db()
        assert (key.name, key.rights, key.state(NOW)) == before
        assert ApiKey.objects.count() == 1


class TestTheKeyPage:
    def test_shows_rights_use_calls_and_history(self, browser: Client, key: ApiKey) -> None:
        used(key)
        used(key, outcome="scope_missing", operation="customStatus", calls=2)
        page = browser.get(f"/keys/{key.key_id}/")

        for said in (
            "Can read messages and post as you",
            "192.0.2.1",
            "curl/8",
            "Worked 3",
            "Scope missing scope_missing 2",
            "does not have the scope of this operation",
            "Created alice in the browser",
            "31 Dec 2026, 22:59 UTC",
        ):
            assert said in words(page), said
        assert "Calls a day: 3 worked, 2 were refused" in text(page)

    def test_explains_a_refused_call_in_the_language_of_the_reader(
        self, browser: Client, key: ApiKey
    ) -> None:
        used(key, outcome="validation")
        RequestLog.objects.update(hint="fields:channelId,text")
        address = f"/keys/{key.key_id}/"

        assert "These fields were missing or wrong: channelId, text." in words(browser.get(address))
        browser.cookies["language"] = "es"
        assert "Estos campos faltaban o estaban mal: channelId, text." in words(browser.get(address))

    def test_shows_the_calls_of_one_outcome(self, browser: Client, key: ApiKey) -> None:
        used(key)
        used(key, outcome="scope_missing", operation="customStatus")
        address = f"/keys/{key.key_id}/?outcome="

        assert "<code>sendMessage" not in text(browser.get(address + "refused"))
        assert "<code>customStatus" not in text(browser.get(address + "ok"))
        assert "<code>customStatus" in text(browser.get(address + "scope_missing"))
        assert "<code>sendMessage" in text(browser.get(address + "nonsense"))

    def test_runs_few_queries(self, browser: Client, key: ApiKey) -> None:
        for hours in range(1, 60):
            used(key, ago=timedelta(hours=hours))
        successor, _plaintext = lifecycle.rotate(
            key=key, grace=GRACE_PERIODS["24h"], by=by(key.owner), now=NOW
        )
        lifecycle.confirm(key=successor, by=by(key.owner), now=NOW)

        for one in (key, successor):
            with CaptureQueriesContext(connection) as queries:
                browser.get(f"/keys/{one.key_id}/")
            assert len(queries) <= 15, [query["sql"][:90] for query in queries]

    def test_shows_why_a_key_ended_and_offers_no_actions(self, browser: Client, key: ApiKey) -> None:
        lifecycle.revoke(key=key, by=by(key.owner), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        page = browser.get(f"/keys/{key.key_id}/")

        assert "deleted by its owner" in words(page)
        assert "/delete" not in text(page)
        assert "/disable" not in text(page)


class TestListening:
    @pytest.fixture
    def listener(self, key: ApiKey) -> EventListener:
        return EventListener.objects.create(key=key, started_at=NOW - timedelta(hours=3), called_at=NOW)

    def test_is_shown_and_stopped_by_the_owner(
        self, browser: Client, key: ApiKey, listener: EventListener
    ) -> None:
        page = browser.get(f"/keys/{key.key_id}/")
        for said in ("Listens to events Since 31 Dec 2026, 20:59 UTC", "last call 31 Dec 2026, 23:59 UTC"):
            assert said in words(page)

        done = browser.post(f"/keys/{key.key_id}/stop-listening", follow=True)

        assert "no longer listens to events" in words(done)
        assert "Listens to events" not in words(done)
        event = AuditEvent.objects.get(type="key.listening_stopped")
        assert (event.actor, event.key, event.surface) == (key.owner, key, "WEB")

    def test_that_ended_is_not_shown(self, browser: Client, key: ApiKey, listener: EventListener) -> None:
        EventListener.objects.update(called_at=NOW - EventListener.TIMEOUT)

        assert "Listens to events" not in words(browser.get(f"/keys/{key.key_id}/"))


class TestRename:
    def test_changes_the_name(self, browser: Client, key: ApiKey) -> None:
        answer = browser.post(f"/keys/{key.key_id}/rename", {"name": "robot"})

        assert "The key is now called “robot”." in words(browser.get(answer["Location"]))
        assert "Renamed from “deploy” to “robot”" in words(browser.get(f"/keys/{key.key_id}/"))

    def test_shows_what_is_wrong_with_a_name(self, browser: Client, key: ApiKey, alice: Member) -> None:
        make_key(alice, "taken")

        answer = browser.post(f"/keys/{key.key_id}/rename", {"name": "taken"})

        assert answer.status_code == 400
        assert "already have a key with this name" in words(answer)
        assert 'value="taken"' in text(answer)


class TestReducePermissions:
    FORM = {"scopes": ["messages:read"], "where": "all", "expiry": "30"}

    def test_removes_rights(self, browser: Client, key: ApiKey) -> None:
        answer = browser.post(f"/keys/{key.key_id}/narrow", self.FORM | {"addresses": "192.0.2.0/24"})

        assert answer["Location"] == f"/keys/{key.key_id}/?done=narrowed"
        key.refresh_from_db()
        assert key.scopes == ["messages:read"]
        assert key.expires_at == NOW + timedelta(days=30)
        assert key.allowed_addresses == ["192.0.2.0/24"]
        page = words(browser.get(answer["Location"]))
        assert "The permissions of “deploy” are reduced. “deploy” expires on 30 January 2027." in page
        assert "Permissions reduced: scopes, addresses, expiry" in page

    def test_never_adds_rights(self, browser: Client, alice: Member) -> None:
        key = make_key(
            alice, "narrow", scopes=["messages:read"], expires_at=NOW + timedelta(days=10),
            allowed_addresses=["192.0.2.0/24"], calls_per_minute=10, channels={"2" * 24: "ops"},
        )  # fmt: skip
        as_is = {
            "scopes": ["messages:read"],
            "channels": ["2" * 24],
            "expiry": "keep",
            "addresses": "192.0.2.0/24",
            "calls_per_minute": "10",
        }
        for wider in (
            {"scopes": ["messages:read", "messages:write"]},
            {"channels": ["2" * 24, "1" * 24]},
            {"expiry": "never"},
            {"expiry": "90"},
            {"expiry": "day", "until": "2027-12-31"},
            {"addresses": ""},
            {"calls_per_minute": ""},
        ):
            assert browser.post(f"/keys/{key.key_id}/narrow", as_is | wider).status_code == 400, wider
            before = key.rights
            key.refresh_from_db()
            assert key.rights == before
        assert browser.post(f"/keys/{key.key_id}/narrow", as_is).status_code == 302


class TestDisable:
    def test_can_be_undone(self, browser: Client, key: ApiKey) -> None:
        answer = browser.post(f"/keys/{key.key_id}/disable")
        page = browser.get(answer["Location"])

        assert "Disabled" in words(page)
        assert "Undo" in words(page)
        browser.post(f"/keys/{key.key_id}/enable")
        key.refresh_from_db()
        assert key.state(NOW) == ApiKey.State.ACTIVE

    def test_by_an_administrator_cannot_be_undone_by_the_holder(
        self, browser: Client, key: ApiKey, olivia: Member
    ) -> None:
        lifecycle.disable(key=key, by=by(olivia), now=NOW)

        assert "An administrator disabled this key" in words(browser.get(f"/keys/{key.key_id}/"))
        assert "An administrator disabled this key" in words(browser.post(f"/keys/{key.key_id}/enable"))

    def test_after_long_disuse_is_explained_and_can_be_undone_by_the_holder(
        self, browser: Client, key: ApiKey, olivia: Member
    ) -> None:
        set_policy(olivia, now=NOW, idle_days=30)
        lifecycle.disable_idle(now=NOW + timedelta(days=30))

        page = words(browser.get(f"/keys/{key.key_id}/"))
        assert "it was not used for a long time" in page
        assert "Disabled: not used for a long time" in page
        assert browser.post(f"/keys/{key.key_id}/enable").status_code == 302
        key.refresh_from_db()
        assert key.disabled_at is None

    def test_by_the_policy_is_explained_and_can_be_undone_once_the_key_complies(
        self, browser: Client, key: ApiKey, olivia: Member
    ) -> None:
        revision = set_policy(olivia, now=NOW, addresses_required=True).revision
        admin = Actor(olivia, Surface.ADMIN)
        lifecycle.enforce_policy(key=key, revision=revision, by=admin, now=NOW)

        page = browser.get(f"/keys/{key.key_id}/")
        assert "It may be used from every address" in words(page)
        assert f"/keys/{key.key_id}/enable" not in text(page)
        refused = browser.post(f"/keys/{key.key_id}/enable")
        assert "it may be used from every address" in words(refused)

        bound = replace(key.rights, allowed_addresses=["10.0.0.0/8"])
        lifecycle.narrow(key=key, rights=bound, by=by(key.owner), now=NOW)

        assert "now complies with the policy" in words(browser.get(f"/keys/{key.key_id}/"))
        assert browser.post(f"/keys/{key.key_id}/enable").status_code == 302


class TestRotate:
    def rotate(self, browser: Client, key: ApiKey, grace: str = "24h") -> str:
        address = f"/keys/{key.key_id}/rotate"
        return text(browser.post(address, {"grace": grace, "nonce": nonce(browser, address)}))

    def test_shows_the_new_key_once_and_keeps_the_old_key_working(self, browser: Client, key: ApiKey) -> None:
        page = self.rotate(browser, key)

        newer = ApiKey.objects.get(replaces=key)
        assert plaintext_in(page)[4:16] == newer.key_id
        assert "The old key keeps working until 1 Jan 2027, 23:59 UTC." in page
        for one in (key, newer):
            shown = words(browser.get(f"/keys/{one.key_id}/"))
            assert "Rotation in progress" in shown
            assert "Old key, last used Never used" in shown
        browser.post(f"/keys/{newer.key_id}/finish")
        key.refresh_from_db()
        assert key.state(NOW) == ApiKey.State.ROTATED
        assert newer.state(NOW) == ApiKey.State.ACTIVE or newer.confirmed_at is None

    def test_again_says_that_the_oldest_key_stops(self, browser: Client, key: ApiKey) -> None:
        said = f"The earlier key {key.masked} still works. It stops as soon as the new key is shown"
        assert "The earlier key" not in words(browser.get(f"/keys/{key.key_id}/rotate"))
        self.rotate(browser, key)

        newer = ApiKey.objects.get(replaces=key)
        for part in ("rotate", "renew"):
            assert said in words(browser.get(f"/keys/{newer.key_id}/{part}")), part

    def test_without_grace_says_that_the_old_key_no_longer_works(self, browser: Client, key: ApiKey) -> None:
        assert "The old key no longer works." in self.rotate(browser, key, "now")

    def test_creates_one_key_if_sent_twice(self, browser: Client, key: ApiKey) -> None:
        address = f"/keys/{key.key_id}/rotate"
        fields = {"grace": "1h", "nonce": nonce(browser, address)}
        text(browser.post(address, fields))

        assert browser.post(address, fields).status_code == 409
        assert ApiKey.objects.count() == 2

    def test_of_a_disabled_key_is_refused_with_advice(self, browser: Client, key: ApiKey) -> None:
        lifecycle.disable(key=key, by=by(key.owner), now=NOW)

        assert "Enable it first" in self.rotate(browser, key)


class TestDelete:
    def test_asks_for_a_confirmation_with_name_and_last_use(self, browser: Client, key: ApiKey) -> None:
        used(key, ago=timedelta(days=2))
        page = words(browser.get(f"/keys/{key.key_id}/delete"))

        assert "Delete “deploy”?" in page
        assert "29 Dec 2026" in page
        assert "disable the key instead" in page
        assert "Type deploy" not in page
        answer = browser.post(f"/keys/{key.key_id}/delete")
        assert "“deploy” is deleted. Programs that use it are now refused." in words(
            browser.get(answer["Location"])
        )
        key.refresh_from_db()
        assert key.revoked_reason == ApiKey.RevokeReason.BY_HOLDER

    def test_of_a_key_in_use_requires_its_name(self, browser: Client, key: ApiKey) -> None:
        used(key)

        answer = browser.post(f"/keys/{key.key_id}/delete", {"confirm": "deplo"})
        assert "not the name of the key" in words(answer)
        key.refresh_from_db()
        assert key.revoked_at is None
        browser.post(f"/keys/{key.key_id}/delete", {"confirm": " Deploy "})
        key.refresh_from_db()
        assert key.revoked_at is not None

    @pytest.mark.parametrize("part", ["rename", "narrow", "rotate", "renew", "delete"])
    def test_keeps_the_page_of_the_key_without_forms(self, browser: Client, key: ApiKey, part: str) -> None:
        browser.post(f"/keys/{key.key_id}/delete")

        assert browser.get(f"/keys/{key.key_id}/{part}")["Location"] == f"/keys/{key.key_id}/"


class TestRenew:
    def test_shows_a_new_key_with_a_new_end_and_lets_the_old_one_go_on(
        self, browser: Client, alice: Member
    ) -> None:
        key = make_key(alice, scopes=["messages:write"], expires_at=NOW + timedelta(days=30))
        address = f"/keys/{key.key_id}/renew"
        page = text(browser.get(address))
        assert re.search(r'name="expiry" value="30"[^>]*checked', page)

        shown = browser.post(address, {"expiry": "90", "grace": "24h", "nonce": nonce(browser, address)})

        assert plaintext_in(text(shown))
        newer = ApiKey.objects.get(replaces=key)
        assert (newer.name, newer.scopes) == (key.name, key.scopes)
        assert (newer.expires_at, newer.state(NOW)) == (NOW + timedelta(days=90), ApiKey.State.ACTIVE)
        key.refresh_from_db()
        assert key.retires_at == NOW + timedelta(days=1)
        assert "Rotation in progress" in words(browser.get(f"/keys/{newer.key_id}/"))
        assert "Created to renew" in words(browser.get(f"/keys/{newer.key_id}/"))

    def test_takes_the_end_of_a_day(self, browser: Client, key: ApiKey) -> None:
        address = f"/keys/{key.key_id}/renew"
        sent = {"expiry": "day", "until": "2027-02-27", "grace": "now", "nonce": nonce(browser, address)}

        assert plaintext_in(text(browser.post(address, sent)))

        end = ApiKey.objects.get(replaces=key).expires_at
        assert end is not None
        assert end.isoformat() == "2027-02-27T23:59:59+00:00"

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"expiry": "day", "until": "2020-01-01"}, "Last day : This expiry is in the past"),
            ({"expiry": "day", "until": ""}, "Choose the last day on which the key works."),
            ({"expiry": "day", "until": "2099-01-01"}, "at most 30 days"),
            ({"expiry": "90"}, "Select a valid choice"),
            ({"expiry": "soon"}, "Select a valid choice"),
            ({}, "This field is required."),
            ({"expiry": "7", "grace": "2h"}, "Select a valid choice"),
        ],
    )
    def test_says_at_its_field_what_is_wrong_and_makes_nothing(
        self, browser: Client, key: ApiKey, olivia: Member, sent: dict[str, str], said: str
    ) -> None:
        set_policy(olivia, now=NOW, max_lifetime=timedelta(days=30))
        address = f"/keys/{key.key_id}/renew"

        answer = browser.post(address, {"grace": "24h", "nonce": nonce(browser, address)} | sent)

        assert answer.status_code == 400
        assert re.search(said, words(answer))
        assert ApiKey.objects.get() == key

    def test_that_the_policy_forbids_says_why(self, browser: Client, key: ApiKey, olivia: Member) -> None:
        set_policy(olivia, now=NOW, allowed_scopes=["user:read"])
        address = f"/keys/{key.key_id}/renew"

        answer = browser.post(address, {"expiry": "30", "grace": "24h", "nonce": nonce(browser, address)})

        assert answer.status_code == 400
        assert "This workspace does not allow the scopes messages:read and messages:write." in words(answer)
        assert ApiKey.objects.get() == key

    def test_stands_beside_rotate(self, browser: Client, key: ApiKey) -> None:
        for page in ("/", f"/keys/{key.key_id}/"):
            assert f'href="/keys/{key.key_id}/renew"' in text(browser.get(page))


class TestAKeyThatIsBeingReplaced:
    @pytest.fixture
    def successor(self, key: ApiKey) -> ApiKey:
        new, _ = lifecycle.rotate(key=key, grace=GRACE_PERIODS["24h"], by=by(key.owner), now=NOW)
        return lifecycle.confirm(key=new, by=by(key.owner), now=NOW)

    @pytest.mark.parametrize(
        ("sent", "state"),
        [({"with_successor": "on"}, ApiKey.State.REVOKED), ({}, ApiKey.State.ACTIVE)],
    )
    def test_is_deleted_with_its_successor_unless_that_is_unticked(
        self, browser: Client, key: ApiKey, successor: ApiKey, sent: dict[str, str], state: str
    ) -> None:
        page = text(browser.get(f"/keys/{key.key_id}/delete"))
        assert re.search(r'name="with_successor"[^>]*checked', page)
        assert f"Also delete its successor {successor.masked}" in page

        browser.post(f"/keys/{key.key_id}/delete", sent)

        key.refresh_from_db()
        successor.refresh_from_db()
        assert (key.state(NOW), successor.state(NOW)) == (ApiKey.State.REVOKED, state)

    @pytest.mark.parametrize(
        ("sent", "state"),
        [({"with_successor": "on"}, ApiKey.State.DISABLED), ({}, ApiKey.State.ACTIVE)],
    )
    def test_is_disabled_with_its_successor_unless_that_is_unticked(
        self, browser: Client, key: ApiKey, successor: ApiKey, sent: dict[str, str], state: str
    ) -> None:
        page = text(browser.get(f"/keys/{key.key_id}/"))
        assert re.search(r'name="with_successor"[^>]*checked', page)

        browser.post(f"/keys/{key.key_id}/disable", sent)

        key.refresh_from_db()
        successor.refresh_from_db()
        assert (key.state(NOW), successor.state(NOW)) == (ApiKey.State.DISABLED, state)
        shown = words(browser.get(f"/keys/{key.key_id}/"))
        assert "The old key is disabled." in shown
        browser.post(f"/keys/{key.key_id}/enable")
        key.refresh_from_db()
        assert key.state(NOW) == ApiKey.State.RETIRING

    def test_asks_for_the_name_where_its_successor_is_in_use(
        self, browser: Client, key: ApiKey, successor: ApiKey
    ) -> None:
        used(successor)

        answer = browser.post(f"/keys/{key.key_id}/delete", {"with_successor": "on"})

        assert answer.status_code == 400
        successor.refresh_from_db()
        assert successor.revoked_at is None


class TestPastedKey:
    @pytest.mark.parametrize(
        ("part", "field"),
        [("rename", "name"), ("delete", "confirm"), ("rotate", "grace"), ("narrow", "addresses")],
    )
    def test_is_named_and_neither_shown_nor_revoked(
        self, browser: Client, key: ApiKey, alice: Member, part: str, field: str
    ) -> None:
        leaked, plaintext = lifecycle.issue(owner=alice, name="leak", by=by(alice), now=NOW)
        lifecycle.confirm(key=leaked, by=by(alice), now=NOW)
        used(key)

        answer = browser.post(f"/keys/{key.key_id}/{part}", {field: plaintext.text})

        assert answer.status_code == 400
        assert "This is “leak”. The field did not keep it." in words(answer)
        assert f"/keys/{leaked.key_id}/rotate" in text(answer)
        assert plaintext.text not in text(answer)
        leaked.refresh_from_db()
        assert leaked.revoked_at is None
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_that_is_unknown_is_not_shown_either(self, browser: Client, key: ApiKey) -> None:
        stranger = generate().text

        answer = browser.post(f"/keys/{key.key_id}/rename", {"name": stranger})

        assert "it is none that you may see" in words(answer)
        assert stranger not in text(answer)


class TestOverview:
    def test_shows_the_use_of_pumbles_quotas(self, browser: Client) -> None:
        page = words(browser.get("/overview"))

        assert "New messages of the workspace 0 of 80 this minute" in page

    def test_recommends_fixes_and_applies_them(
        self, browser: Client, alice: Member, at_noon: time_machine.Traveller
    ) -> None:
        with time_machine.travel(NOW - timedelta(days=100), tick=False):
            forever = make_key(alice, "forever", scopes=["messages:read", "messages:write"])
            idle = make_key(alice, "idle", expires_at=NOW + timedelta(days=60))
        used(forever, operation="listMessages")
        soon = make_key(alice, "soon", expires_at=NOW + timedelta(days=2))

        page = words(browser.get("/overview"))
        for said in (
            "soon In 2 days",
            "Set to expire in 90 days forever",
            "Disable idle",
            "not used: messages:write",
        ):
            assert said in page, said

        for key, remedy in ((forever, "end"), (forever, "narrow"), (idle, "disable")):
            answer = browser.post(f"/keys/{key.key_id}/remedy", {"remedy": remedy})
            assert f"“{key.name}”" in words(browser.get(answer["Location"])), remedy
        for key in (forever, idle, soon):
            key.refresh_from_db()
        assert forever.expires_at == NOW + timedelta(days=90)
        assert forever.scopes == ["messages:read"]
        assert idle.disabled_at is not None
        assert "Nothing to improve. Every key expires" in words(browser.get("/overview"))

    def test_never_removes_the_last_scope(self, browser: Client, alice: Member) -> None:
        with time_machine.travel(NOW - timedelta(days=100), tick=False):
            key = make_key(alice, scopes=["messages:write"])
        used(key, operation="listMessages")

        assert "not used:" not in words(browser.get("/overview"))
        browser.post(f"/keys/{key.key_id}/remedy", {"remedy": "narrow"})
        key.refresh_from_db()
        assert key.scopes == ["messages:write"]

    def test_takes_the_scope_of_files_for_used_if_the_key_sends(self, browser: Client, alice: Member) -> None:
        """The log of calls does not say which messages had files."""
        with time_machine.travel(NOW - timedelta(days=100), tick=False):
            key = make_key(alice, scopes=["messages:write", "files:write", "messages:read"])
        used(key, operation="sendMessage")

        assert "not used: messages:read" in words(browser.get("/overview"))
        browser.post(f"/keys/{key.key_id}/remedy", {"remedy": "narrow"})
        key.refresh_from_db()
        assert key.scopes == ["messages:write", "files:write"]

    def test_runs_few_queries(self, browser: Client, alice: Member) -> None:
        for number in range(30):
            used(make_key(alice, f"key {number}"))

        with CaptureQueriesContext(connection) as queries:
            browser.get("/overview")

        assert len(queries) <= 12
