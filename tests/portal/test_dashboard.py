"""The dashboard: the list of keys, the form for a new key, and the page that shows a key once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from keys import lifecycle, scopes
from keys.models import ApiKey, AuditEvent, Member, Policy
from keys.policies import PolicyValues, change_policy
from portal.dashboard import key_changes, key_creation, reveal
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

GENERAL, OPS = "1" * 24, "2" * 24
FORM = {"name": "deploy", "preset": "post-messages", "where": "all", "expiry": "30"}


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def pumble_lists(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Pumble says of a member's channels."""
    said: dict[str, Any] = {"channels": {GENERAL: "general", OPS: "ops"}}
    for module in (key_creation, key_changes):
        monkeypatch.setattr(module, "list_member_channels", lambda _member: said["channels"])
    return said


@pytest.fixture
def browser(alice: Member) -> Client:
    return browser_of(alice)


def send(browser: Client, **fields: Any) -> Any:
    return browser.post("/keys/new", {"nonce": nonce(browser)} | FORM | fields)


class TestTheKeyList:
    def test_explains_the_first_steps_without_keys(self, browser: Client) -> None:
        page = words(browser.get("/"))

        assert "No keys yet" in page
        assert "/api-keys generate" in page
        assert 'href="/keys/new"' in text(browser.get("/"))

    def test_shows_name_rights_and_use_of_each_key(self, browser: Client, alice: Member) -> None:
        key = make_key(alice, scopes=["messages:write"], expires_at=NOW + timedelta(days=3))
        used(key)
        page = browser.get("/")

        for said in ("deploy", key.masked, "Can post as you", "Expires soon", "1 hour ago", "In 3 days"):
            assert said in words(page)
        assert "In 3 days 3 Rotate" in words(page)  # three calls in 30 days
        assert f"Key that starts with pmb_{key.key_id[:4]} and ends with {key.last_four}" in words(page)
        assert key.digest.hex() not in text(page)

    def test_shows_that_a_key_was_never_used(self, browser: Client, alice: Member) -> None:
        make_key(alice)

        assert "Never used" in words(browser.get("/"))
        assert "No calls" in words(browser.get("/"))

    def test_shows_that_every_call_of_a_key_was_refused(self, browser: Client, alice: Member) -> None:
        key = make_key(alice)
        used(key, outcome="scope_missing", calls=4, ago=timedelta(minutes=0))
        page = browser.get("/")

        assert "No call worked yet · 4 refused, last one just now" in words(page)
        assert "4 · 4 refused" in words(page)
        assert re.search(r'class="bars refused" d="M[^"]+"/><path class="bars" d=""', text(page))
        assert "No call worked yet · 4 refused" in words(browser.get(f"/keys/{key.key_id}/"))

    def test_is_sorted_by_calls(self, browser: Client, alice: Member) -> None:
        for name, calls in (("quiet", 1), ("busy", 90), ("usual", 5)):
            used(make_key(alice, name), calls=calls)

        page = words(browser.get("/?sort=calls"))

        assert page.index("busy") < page.index("usual") < page.index("quiet")

    def test_lists_ended_keys_separately_with_who_when_and_why(self, browser: Client, alice: Member) -> None:
        key = make_key(alice, "old one")
        lifecycle.revoke(key=key, by=by(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW, note="done")

        assert "old one" not in words(browser.get("/"))
        ended = words(browser.get("/?state=ended"))
        for said in (
            "old one",
            "Revoked",
            "31 Dec 2026, 23:59 UTC",
            "alice",
            "deleted by its owner",
            "done",
        ):
            assert said in ended

    @pytest.mark.both_databases
    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("q=DEPLOY", {"deploy"}),
            ("q=%25", set()),
            ("state=disabled", {"paused"}),
            ("state=active", {"deploy", "soon"}),
            ("state=expiring", {"soon"}),
            ("state=nonsense&sort=nonsense&page=nonsense", {"deploy", "soon", "paused"}),
            ("q=%00", {"deploy", "soon", "paused"}),
        ],
    )
    def test_shows_the_keys_that_match_the_search(
        self, browser: Client, alice: Member, query: str, shown: set[str]
    ) -> None:
        make_key(alice)
        make_key(alice, "soon", expires_at=NOW + timedelta(days=2))
        lifecycle.disable(key=make_key(alice, "paused"), by=by(alice), now=NOW)

        page = text(browser.get(f"/?{query}"))

        assert set(re.findall(r'/"><bdi>(deploy|soon|paused)</bdi>', page)) == shown
        assert shown or "No keys match these filters" in page

    def test_sorts_by_expiry_within_a_week_and_otherwise_by_last_use(
        self, browser: Client, alice: Member
    ) -> None:
        first, second = make_key(alice, "first"), make_key(alice, "second")
        used(first)
        names = r'/"><bdi>(first|second|third)</bdi>'
        assert re.findall(names, text(browser.get("/"))) == ["first", "second"]

        make_key(alice, "third", expires_at=NOW + timedelta(days=1))
        used(second, ago=timedelta(minutes=1))
        assert re.findall(names, text(browser.get("/")))[0] == "third"
        assert re.findall(names, text(browser.get("/?sort=used")))[0] == "second"

    def test_runs_the_same_number_of_queries_for_any_number_of_keys(
        self, browser: Client, alice: Member
    ) -> None:
        for number in range(60):
            used(make_key(alice, f"key {number}"))

        with CaptureQueriesContext(connection) as queries:
            page = words(browser.get("/"))

        assert "Page 1 of 2" in page
        assert "60 keys" in page
        assert len(queries) <= 12, [query["sql"][:90] for query in queries]

    def test_shows_hostile_names_as_text(self, browser: Client, alice: Member) -> None:
        make_key(alice, "<script>alert(1)</script>")

        assert "<script>alert" not in text(browser.get("/"))

    @pytest.mark.parametrize("stored", ["caf\u00e9 bot", "cafe\u0301 bot"])
    def test_searches_names_in_any_unicode_form(self, browser: Client, alice: Member, stored: str) -> None:
        ApiKey.objects.filter(pk=make_key(alice, "x").pk).update(name=stored)
        make_key(alice, "other")

        for sought in ("caf\u00e9", "cafe\u0301", "f\u00e9\u00a0bot"):
            page = words(browser.get("/", {"q": sought}))
            assert stored in page
            assert "other" not in page

    def test_searches_by_post_so_that_no_key_is_in_a_url(self, browser: Client, alice: Member) -> None:
        key, plaintext = lifecycle.issue(owner=alice, name="leak", by=by(alice), now=NOW)

        assert browser.post("/", {"q": "dep loy"})["Location"] == "/?q=dep+loy"
        answer = browser.post("/", {"q": plaintext.text})

        assert answer["Location"] == f"/keys/{key.key_id}/?done=pasted"
        assert "This is “leak”. The field did not keep it." in words(browser.get(answer["Location"]))
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_does_not_show_a_key_from_its_url(self, browser: Client, alice: Member) -> None:
        key, plaintext = lifecycle.issue(owner=alice, name="leak", by=by(alice), now=NOW)

        page = browser.get("/", {"q": plaintext.text})

        assert plaintext.text not in text(page)
        assert "This page's URL contained an API key" in words(page)
        key.refresh_from_db()
        assert key.revoked_at is None


class TestCreateKey:
    def test_offers_lifetimes_with_their_end_and_time_zone(self, browser: Client) -> None:
        page = words(browser.get("/keys/new"))

        assert "30 days, until Sat 30 Jan 2027, 23:59 UTC" in page
        assert "Never." in page

    def test_shows_the_key_once_and_confirms_it_after_the_response_was_sent(
        self, browser: Client, alice: Member
    ) -> None:
        answer = send(browser, channels=[OPS], where="chosen")
        key = ApiKey.objects.get()
        assert key.state(NOW) == ApiKey.State.PENDING
        page = text(answer)

        plaintext = plaintext_in(page)
        assert page.count(plaintext) == 1
        assert f'data-download="{key.name}.env"' in page
        assert "raise SystemExit(answer.text)" in page
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        key.refresh_from_db()
        assert key.state(NOW) == ApiKey.State.ACTIVE
        assert key.channels == {OPS: "ops"}
        assert key.expires_at == NOW + timedelta(days=30)
        assert "$PUMBLE_API_KEY" in page
        assert plaintext not in text(browser.get("/"))
        assert plaintext not in text(browser.get(f"/keys/{key.key_id}/"))

    @pytest.mark.parametrize(
        ("policy", "preset", "expiry"),
        [
            ({}, "read-only", "30"),
            (
                {"default_preset": "post-messages", "default_lifetime": timedelta(days=14)},
                "post-messages",
                "14",
            ),
            ({"max_lifetime": timedelta(days=7)}, "read-only", "7"),
        ],
    )
    def test_proposes_the_default_of_the_workspace_or_else_to_read_for_30_days(
        self, browser: Client, olivia: Member, policy: dict[str, Any], preset: str, expiry: str
    ) -> None:
        set_policy(olivia, now=NOW, **policy)

        page = text(browser.get("/keys/new"))

        assert re.search(rf'name="preset" value="{preset}"[^>]*checked', page)
        assert re.search(rf'name="expiry" value="{expiry}"[^>]*checked', page)

    def test_offers_no_full_access_where_the_workspace_forbids_it(
        self, browser: Client, olivia: Member
    ) -> None:
        set_policy(olivia, now=NOW, full_access_forbidden=True)

        assert 'value="full-access"' not in text(browser.get("/keys/new"))
        answer = send(browser, preset="custom", scopes=list(scopes.ALL), sure="on")
        assert "In this workspace no key may have full access." in words(answer)
        assert not ApiKey.objects.exists()

    def test_stores_the_purpose(self, browser: Client) -> None:
        text(send(browser, purpose="tells <#ops> of  deploys"))

        key = ApiKey.objects.get()
        assert key.purpose == "tells <#ops> of deploys"
        assert "tells <#ops> of deploys" in words(browser.get(f"/keys/{key.key_id}/"))

    def test_revokes_the_key_if_the_response_cannot_be_sent(self, browser: Client) -> None:
        answer = send(browser)
        sending = iter(answer._iterator)  # what the server writes from
        next(sending)
        sending.close()

        assert ApiKey.objects.get().revoked_reason == ApiKey.RevokeReason.NOT_DELIVERED

    def test_revokes_the_key_if_the_page_cannot_be_rendered(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_args: object) -> str:
            raise RuntimeError

        monkeypatch.setattr(reveal, "render_to_string", broken)
        browser.raise_request_exception = False

        assert send(browser).status_code == 500
        assert ApiKey.objects.get().revoked_reason == ApiKey.RevokeReason.NOT_DELIVERED

    def test_creates_one_key_if_sent_twice(self, browser: Client) -> None:
        fields = FORM | {"nonce": nonce(browser)}
        first, second = browser.post("/keys/new", fields), browser.post("/keys/new", fields | {"name": "b"})

        assert "pmb_" in text(first)
        assert second.status_code == 409
        assert "already sent" in words(second)
        assert ApiKey.objects.count() == 1

    @pytest.mark.parametrize("nonce", ["", "x", "1:abc:def:ghi"])
    def test_creates_no_key_without_a_valid_nonce(self, browser: Client, nonce: str) -> None:
        assert browser.post("/keys/new", FORM | {"nonce": nonce}).status_code == 409
        assert not ApiKey.objects.exists()

    def test_creates_no_key_with_the_nonce_of_another_member(self, browser: Client, bob: Member) -> None:
        theirs = nonce(browser_of(bob))

        assert browser.post("/keys/new", FORM | {"nonce": theirs}).status_code == 409

    @pytest.mark.parametrize(
        ("fields", "field", "said"),
        [
            ({"name": ""}, "name", "1 to 64 visible characters"),
            ({"name": "a\u202eb"}, "name", "The name contains U+202E (right-to-left override)"),
            ({"name": "take\u200bn"}, "name", "The name contains U+200B (zero width space)"),
            ({"name": "taken"}, "name", "already have a key with this name"),
            ({"preset": "custom"}, "scopes_0", "at least one thing"),
            ({"preset": "full-access"}, "sure", "Tick this"),
            ({"where": "chosen"}, "channels_0", "Choose 1 to 50 channels"),
            ({"where": "chosen", "channels": "3" * 24}, "channels_0", "Select a valid choice"),
            ({"addresses": "10.0.0.1/8"}, "addresses", "Did you mean 10.0.0.0/8?"),
            ({"calls_per_minute": "0"}, "calls_per_minute", "greater than or equal to 1"),
            ({"expiry": "day"}, "until", "Choose the last day"),
            ({"expiry": "day", "until": "2026-12-01"}, "until", "2026-12-31 23:59:58 UTC"),
        ],
    )
    def test_shows_each_error_at_its_field_and_keeps_the_input(
        self, browser: Client, alice: Member, fields: dict[str, str], field: str, said: str
    ) -> None:
        make_key(alice, "taken")

        answer = send(browser, **fields, **({} if "addresses" in fields else {"addresses": "192.0.2.1"}))

        page = text(answer)
        assert answer.status_code == 400
        assert words(answer).count(said) == 2
        assert f'href="#id_{field}"' in page
        assert f'id="id_{field}"' in page
        for typed in fields.values():
            assert typed in page
        assert "192.0.2.1" in page or "addresses" in fields
        assert ApiKey.objects.count() == 1

    def test_creates_the_key_after_the_errors_are_corrected(self, browser: Client) -> None:
        refused = send(browser, name="")
        again = re.search(r'name="nonce" value="([^"]+)"', text(refused))
        assert again

        assert "pmb_" in text(browser.post("/keys/new", FORM | {"nonce": again[1]}))

    def test_previews_the_summary_without_creating_a_key(self, browser: Client) -> None:
        page = words(send(browser, preview="1", where="chosen", channels=[OPS]))

        assert "Can post as you and send files in #ops until 30 January 2027." in page
        assert not ApiKey.objects.exists()

    def test_works_without_channels_if_pumble_does_not_answer(
        self, browser: Client, pumble_lists: dict[str, Any]
    ) -> None:
        pumble_lists["channels"] = None

        assert "Pumble does not answer" in words(browser.get("/keys/new"))
        assert "pmb_" in text(send(browser))

    def test_shows_the_rules_of_the_policy_beside_the_fields(
        self, browser: Client, alice: Member, olivia: Member
    ) -> None:
        assert alice.workspace
        terms = PolicyValues(
            allowed_scopes=["messages:write", "user:read"],
            max_lifetime=timedelta(days=45),
            addresses_required=True,
            idle_days=60,
        )
        change_policy(workspace=alice.workspace, values=terms, by=by(olivia), now=NOW)

        page = words(browser.get("/keys/new"))
        assert "a key is disabled automatically after 60 days without use" in page
        assert "at most 45 days" in page
        assert "requires a list of allowed IP addresses" in page
        for absent in ("messages:read", "60 days, until", "Never.", "Read only"):
            assert absent not in page
        answer = send(browser, preset="custom", scopes=["messages:write"])
        assert words(answer).count("requires a list of allowed IP addresses") >= 2

    def test_shows_an_error_at_the_field_if_the_policy_changed_meanwhile(
        self, browser: Client, alice: Member, olivia: Member
    ) -> None:
        assert alice.workspace
        given = nonce(browser)
        terms = PolicyValues(allowed_scopes=["messages:read", "channels:list"], allows_no_expiry=False)
        change_policy(workspace=alice.workspace, values=terms, by=by(olivia), now=NOW)

        answer = browser.post("/keys/new", FORM | {"nonce": given, "expiry": "never", "name": "late"})

        assert answer.status_code == 400
        assert 'href="#id_expiry_0"' in text(answer)
        assert 'href="#id_preset_0"' in text(answer)
        assert 'value="late"' in text(answer)
        assert not ApiKey.objects.exists()

    def test_refuses_members_who_may_not_create_keys(
        self, browser: Client, alice: Member, olivia: Member
    ) -> None:
        assert alice.workspace
        theirs = nonce(browser)
        terms = PolicyValues(creators=Policy.Creators.ADMINISTRATORS)
        change_policy(workspace=alice.workspace, values=terms, by=by(olivia), now=NOW)

        assert "Ask an owner" in words(browser.get("/keys/new"))
        assert browser.post("/keys/new", FORM | {"nonce": theirs}).status_code == 400
        assert not ApiKey.objects.exists()
        refused = AuditEvent.objects.get(type="rights.refused")
        assert (refused.actor, refused.detail["what"]) == (alice, "issue")

    @pytest.mark.parametrize("field", ["name", "addresses", "calls_per_minute", "until", "nonsense"])
    def test_names_ones_own_key_pasted_into_a_field_and_offers_to_rotate_it(
        self, browser: Client, alice: Member, field: str
    ) -> None:
        key, plaintext = lifecycle.issue(owner=alice, name="leak", by=by(alice), now=NOW)
        lifecycle.confirm(key=key, by=by(alice), now=NOW)

        answer = send(browser, **{field: f"  {plaintext.text} "})

        assert answer.status_code == 400
        assert "This is “leak”. The field did not keep it." in words(answer)
        assert f'href="/keys/{key.key_id}/rotate"' in text(answer)
        assert plaintext.text not in text(answer)
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_names_no_colleagues_key_that_was_pasted_and_records_who_had_it(
        self, browser: Client, alice: Member, bob: Member
    ) -> None:
        key, plaintext = lifecycle.issue(owner=bob, name="leak", by=by(bob), now=NOW)

        answers = [send(browser, name=plaintext.text) for _again in range(2)]

        assert "it is none that you may see" in words(answers[0])
        assert "leak" not in words(answers[0])
        key.refresh_from_db()
        assert key.revoked_at is None
        event = AuditEvent.objects.get(type="key.identified")
        assert (event.key, event.actor, event.surface) == (key, alice, "WEB")

    def test_does_not_revoke_a_pasted_key_of_another_workspace(
        self, browser: Client, mallory: Member
    ) -> None:
        key, plaintext = lifecycle.issue(owner=mallory, name="x", by=by(mallory), now=NOW)

        answer = send(browser, name=plaintext.text)

        assert "it is none that you may see" in words(answer)
        assert plaintext.text not in text(answer)
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_requires_a_choice_of_channels(self, browser: Client) -> None:
        answer = send(browser, where="", channels=[OPS])

        assert answer.status_code == 400
        assert 'href="#id_where_0"' in text(answer)
        assert not ApiKey.objects.exists()

    def test_creates_no_key_for_channels_that_pumble_cannot_list(
        self, browser: Client, pumble_lists: dict[str, Any]
    ) -> None:
        given = nonce(browser)
        pumble_lists["channels"] = None

        answer = browser.post("/keys/new", FORM | {"nonce": given, "where": "chosen", "channels": [OPS]})

        assert answer.status_code == 400
        assert "Pumble does not answer" in words(answer)
        assert not ApiKey.objects.exists()

    def test_ignores_the_day_of_an_option_that_is_not_chosen(self, browser: Client) -> None:
        assert "pmb_" in text(send(browser, until="nonsense"))

    def test_does_not_show_a_key_from_its_url(self, browser: Client, bob: Member) -> None:
        _key, plaintext = lifecycle.issue(owner=bob, name="leak", by=by(bob), now=NOW)

        assert plaintext.text not in text(browser.get("/keys/new", {"name": plaintext.text}))

    def test_can_be_filled_in_by_a_link(self, browser: Client) -> None:
        page = text(browser.get("/keys/new?name=my+bot&preset=custom&scopes=user:read&scopes=users:list"))

        assert 'value="my bot"' in page
        assert len(re.findall(r'name="scopes"[^>]*checked', page)) == 2


class TestPrefilledLink:
    def test_selects_scopes_channels_or_a_day(self, browser: Client) -> None:
        page = text(browser.get(f"/keys/new?scopes=user:read&channels={OPS}&until=2027-02-01"))

        for name, value in [("preset", "custom"), ("where", "chosen"), ("expiry", "day")]:
            assert re.search(rf'name="{name}" value="{value}"[^>]*checked', page), name
        assert "Can see channels and people in #ops until 1 February" in words(
            browser.get(f"/keys/new?scopes=user:read&channels={OPS}&until=2027-02-01")
        )

    @pytest.mark.parametrize(
        "part",
        [
            "preset=read-onyl",
            "scope=user:read",
            "scopes=messages:fly",
            "channels=general",
            "channel=general",
            "ip=10.0.0.0/8",
            "addresses=10.0.0.0/33",
            "expires=30",
            "expiry=30d",
            "until=31.12.2027",
            "calls_per_minute=five",
            "read-only=",
        ],
    )
    def test_shows_parts_with_a_typo_as_not_valid(self, browser: Client, part: str) -> None:
        page = words(browser.get(f"/keys/new?name=ci&{part}"))

        assert "Some parts of this link are not valid" in page
        assert part in page
        assert "name=ci" not in page

    def test_shows_no_warning_if_all_parts_are_valid(self, browser: Client) -> None:
        link = (
            f"/keys/new?name=ci&preset=full-access&where=chosen&channels={OPS}&expiry=30&addresses=10.0.0.0/8"
        )

        assert "does not understand" not in words(browser.get(link))
        assert "does not understand" not in words(browser.get("/keys/new"))

    def test_does_not_show_a_key(self, browser: Client, bob: Member) -> None:
        _key, plaintext = lifecycle.issue(owner=bob, name="leak", by=by(bob), now=NOW)

        for query in ({"key": plaintext.text}, {plaintext.text: "x"}):
            assert plaintext.text not in text(browser.get("/keys/new", query))


class TestKeyName:
    def test_is_counted_and_stored_in_composed_form(self, browser: Client) -> None:
        answer = send(browser, name="e\u0301" * 64)

        assert "pmb_" in text(answer)
        assert ApiKey.objects.get().name == "\u00e9" * 64
        assert "already have a key with this name" in words(send(browser, name="\u00c9" * 64))

    def test_confirms_in_any_unicode_form(self, browser: Client, alice: Member) -> None:
        key = make_key(alice, "caf\u00e9")
        used(key)

        browser.post(f"/keys/{key.key_id}/delete", {"confirm": "CAFE\u0301"})

        key.refresh_from_db()
        assert key.revoked_at is not None


class TestSession:
    def test_that_cannot_be_stored_is_not_shown_as_ended(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_arguments: Any, **_options: Any) -> None:
            raise OperationalError("server closed the connection")

        monkeypatch.setattr(Session, "save", away)
        browser.raise_request_exception = False

        answer = browser.get("/")

        assert (answer.status_code, "The service is not available" in words(answer)) == (503, True)

    def test_that_ended_meanwhile_stays_ended(self, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        saved = Session.save

        def ended(session: Session, *arguments: Any, **options: Any) -> None:
            Session.objects.all().delete()
            saved(session, *arguments, **options)

        monkeypatch.setattr(Session, "save", ended)
        browser.raise_request_exception = False

        assert browser.get("/").status_code == 400
