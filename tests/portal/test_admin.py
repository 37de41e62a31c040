"""The admin for owners and operators: access, first page, lists, leaked keys and the audit log."""

import csv
import dataclasses
import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from keys import lifecycle, membership, policies
from keys.audit import PUMBLE, triggers, verifier
from keys.membership import Profile
from keys.models import ApiKey, AuditEvent, Member, RequestLog, Workspace
from portal.admin import audit_events, base, key_actions
from portal.presentation import event_details
from tests.conftest import NOW, make_member
from tests.portal.dashboard import PAGE, browser_of, by, make_key, text, used, words
from tests.portal.test_admin_matrix import PASSWORD, browser

pytestmark = pytest.mark.django_db

NOON = NOW.replace(hour=12)
Type = AuditEvent.Type


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture(autouse=True)
def fast_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def owner(olivia: Member) -> Client:
    return browser_of(olivia)


@pytest.fixture
def root(db: None) -> Member:
    return Member.objects.create_superuser("root", PASSWORD)


def issue(owner: Member, name: str = "deploy") -> tuple[ApiKey, str]:
    """A live key and its plaintext."""
    key, plaintext = lifecycle.issue(owner=owner, name=name, by=by(owner), now=NOON)
    return lifecycle.confirm(key=key, by=by(owner), now=NOON), plaintext.text


def sign_in(browser: Client, username: str, password: str, back: str = "") -> Any:
    return browser.post(f"/admin/login/{back}", {"username": username, "password": password})


def change_page(row: Any) -> str:
    return reverse(f"admin:keys_{row._meta.model_name}_change", args=[row.pk])


class TestAccess:
    def test_returns_to_the_requested_page_after_sign_in(self, client: Client) -> None:
        away = client.get("/admin/keys/apikey/?state=live&used=idle", headers=PAGE)
        page = html.unescape(text(client.get(away["Location"], headers=PAGE)))

        assert (
            away["Location"] == "/admin/login/?next=%2Fadmin%2Fkeys%2Fapikey%2F%3Fstate%3Dlive%26used%3Didle"
        )
        assert "/pumble/signin?next=%2Fadmin%2Fkeys%2Fapikey%2F%3Fstate%3Dlive%26used%3Didle" in page

    @pytest.mark.parametrize(
        "back", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:x", "x" * 900]
    )
    def test_redirects_to_no_other_site(self, client: Client, root: Member, back: str) -> None:
        answer = client.post(
            "/admin/login/", {"username": "root", "password": PASSWORD}, query_params={"next": back}
        )

        assert answer["Location"] == "/admin/"

    def test_explains_a_refusal_and_links_to_the_own_keys(self, alice: Member) -> None:
        answer = browser_of(alice).get("/admin/keys/apikey/")

        assert answer.status_code == 403
        assert "You have neither role in Pumble" in words(answer)
        assert 'href="/"' in text(answer)

    def test_follows_the_role_in_pumble_from_the_next_request(self, acme: Workspace, alice: Member) -> None:
        signed_in = browser_of(alice)

        def become(role: str, *, active: bool = True) -> tuple[int, int]:
            """What the session of before is answered, and one that begins now."""
            nonlocal signed_in
            profile = Profile(str(alice.pumble_user_id), "alice", "a@acme.test", role, is_active=active)
            membership.record_profile(workspace=acme, profile=profile, by=PUMBLE, now=NOON)
            before = signed_in.get("/admin/").status_code
            signed_in = browser_of(Member.objects.get(pk=alice.pk))
            return before, signed_in.get("/admin/").status_code

        assert signed_in.get("/admin/").status_code == 403
        assert become("OWNER") == (302, 200)
        assert become("ADMINISTRATOR") == (302, 200)
        assert become("CHIEF") == (302, 403)
        assert become("OWNER") == (302, 200)
        assert become("OWNER", active=False) == (302, 302)

    def test_is_linked_from_the_dashboard_for_administrators(self, owner: Client, alice: Member) -> None:
        assert 'href="/admin/"' in text(owner.get("/"))
        assert 'href="/admin/"' not in text(browser_of(alice).get("/"))
        assert 'href="/"' in text(owner.get("/admin/"))


class TestOperators:
    def test_sign_in_under_a_new_session_and_out_by_post(self, client: Client, root: Member) -> None:
        client.get("/admin/login/")
        client.session["left"] = "over"
        before = client.session.session_key
        answer = sign_in(client, "root", PASSWORD, "?next=/admin/installation/")

        assert answer["Location"] == "/admin/installation/"
        assert client.session.session_key != before
        assert "Database" in words(client.get("/admin/installation/"))
        assert client.get("/signout").status_code == 405
        client.post("/signout")
        assert client.get("/admin/").status_code == 302
        kinds = [Type.OPERATOR_SIGNED_IN, Type.OPERATOR_SIGNED_OUT]
        assert list(AuditEvent.objects.filter(workspace=None).values_list("type", flat=True)) == kinds

    def test_are_created_on_the_command_line(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", "--noinput", "--username", "ops", stdout=io.StringIO())

        assert sign_in(client, "ops", PASSWORD)["Location"] == "/admin/"

    def test_are_created_with_an_email_and_no_weak_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def create(password: str, email: str) -> None:
            monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
            options = ("--noinput", "--username", "operator", "--email", email)
            call_command("createsuperuser", *options, stdout=io.StringIO())

        for weak in ("short", "password1", "operators"):
            with pytest.raises(CommandError, match=r"too (short|common|similar)"):
                create(weak, "ops@acme.test")
        with pytest.raises(CommandError, match="--email"):
            create(PASSWORD, "nobody")
        assert not Member.objects.exists()
        create(PASSWORD, "ops@acme.test")
        assert Member.objects.get().email == "ops@acme.test"

    @pytest.mark.parametrize(
        ("username", "password"), [("root", "wrong"), ("nobody", PASSWORD), ("ROOT", PASSWORD)]
    )
    def test_get_the_same_error_for_a_wrong_name_and_a_wrong_password(
        self, client: Client, root: Member, username: str, password: str
    ) -> None:
        answer = sign_in(client, username, password)

        assert answer.status_code == 403
        assert "The username or the password is incorrect" in words(answer)
        assert password not in text(answer)
        event = AuditEvent.objects.get(type=Type.OPERATOR_SIGN_IN_REFUSED)
        assert (event.workspace, event.address, event.actor) == (None, "127.0.0.1", None)
        assert username not in str(event.detail)

    def test_are_the_only_ones_with_a_password(self, client: Client, olivia: Member, root: Member) -> None:
        olivia.set_password(PASSWORD)
        olivia.save()
        assert sign_in(client, olivia.username, PASSWORD).status_code == 403

        Member.objects.filter(pk=root.pk).update(is_active=False)
        assert sign_in(client, "root", PASSWORD).status_code == 403

    def test_are_signed_out_when_they_lose_their_rights(self, client: Client, root: Member) -> None:
        sign_in(client, "root", PASSWORD)
        assert client.get("/admin/").status_code == 200
        Member.objects.filter(pk=root.pk).update(is_superuser=False)
        assert client.get("/admin/").status_code == 302

    def test_are_protected_against_many_passwords(self, client: Client, root: Member) -> None:
        answers = [sign_in(client, "root", f"guess {number}").status_code for number in range(10)]
        throttled = sign_in(client, "root", PASSWORD)
        elsewhere = client.post(
            "/admin/login/", {"username": "root", "password": PASSWORD}, REMOTE_ADDR="198.51.100.7"
        )

        assert answers == [403] * 10
        assert throttled.status_code == 429
        assert 0 < int(throttled["Retry-After"]) <= 60
        assert elsewhere.status_code == 302  # one guesser does not keep the operator out

    def test_are_protected_against_many_addresses(self, client: Client, root: Member) -> None:
        answers = [
            client.post(
                "/admin/login/", {"username": "root", "password": "guess"}, REMOTE_ADDR=f"198.51.100.{number}"
            ).status_code
            for number in range(21)
        ]

        assert answers == [403] * 20 + [429]

    def test_have_no_dashboard(self, root: Member) -> None:
        for address in ("/", "/keys/new", "/overview"):
            assert browser(root).get(address)["Location"] == "/admin/"

    def test_are_recorded_as_viewers_once_in_ten_minutes(
        self, root: Member, alice: Member, mallory: Member
    ) -> None:
        key, looker = make_key(alice), browser(root)
        looks = AuditEvent.objects.filter(type=Type.OPERATOR_LOOKED, workspace=alice.workspace)
        for _ in range(3):
            looker.get("/admin/keys/apikey/")
            looker.get(change_page(key))
        assert [event.detail["page"] for event in looks.all()] == ["apikey"]
        looker.get(f"/admin/?workspace={'a' * 24}")
        looker.get("/admin/keys/member/")
        assert {event.detail["page"] for event in looks.all()} == {"apikey", "front", "member"}
        with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
            looker.get("/admin/keys/apikey/")
        assert looks.count() == 4
        assert all(event.actor == root for event in looks.all())
        elsewhere = AuditEvent.objects.filter(type=Type.OPERATOR_LOOKED, workspace=mallory.workspace)
        assert [event.detail["page"] for event in elsewhere] == ["member"]  # where she stood in the list
        page = words(browser_of(make_member(alice.workspace, "boss", "OWNER")).get("/admin/keys/auditevent/"))  # type: ignore[arg-type]
        assert "An operator viewed this workspace: API keys" in page

    def test_see_every_workspace_with_its_figures(self, root: Member, alice: Member, mallory: Member) -> None:
        used(make_key(alice), calls=7)
        make_key(mallory)
        page = browser(root).get("/admin/")

        assert "Acme 1 1 7 0" in words(page)
        assert "Other" in words(page)
        assert "7 Calls today" in words(browser(root).get(f"/admin/?workspace={'a' * 24}"))
        keys = words(browser(root).get(f"/admin/keys/apikey/?workspace={'a' * 24}"))
        assert "alice" in keys
        assert "1 in all" in keys


class TestIndex:
    @pytest.fixture
    def busy(self, acme: Workspace, alice: Member, bob: Member, mallory: Member) -> None:
        """A workspace with something of everything, beside another."""
        keys = {name: make_key(alice, name) for name in ("plain", "spare", "refused", "pausing", "over")}
        make_key(bob, "ends", expires_at=NOON + timedelta(days=10))
        make_key(bob, "later", expires_at=NOON + timedelta(days=15))
        used(make_key(mallory, "elsewhere"), calls=99)
        old = NOON - timedelta(days=100)
        ApiKey.objects.filter(name__in=["plain", "spare", "pausing"]).update(created_at=old)
        used(keys["spare"], operation="sendMessage", calls=5)
        used(keys["refused"], outcome="scope_missing", calls=4)
        used(keys["refused"], outcome="rate_limited", calls=2)
        used(keys["refused"], ago=timedelta(days=1), calls=50)
        lifecycle.disable(key=keys["pausing"], by=by(alice), now=NOON)
        lifecycle.revoke(key=keys["over"], by=by(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOON)
        left, back = make_member(acme, "left"), make_member(acme, "back")
        for person in (left, back):
            membership.end_authorization(member=person, by=PUMBLE, now=NOON - timedelta(days=3))
        Member.objects.filter(pk=back.pk).update(authorized_at=NOON)

    def figures(self, owner: Client) -> dict[str, tuple[int, str]]:
        page = text(owner.get("/admin/"))
        found = re.findall(r'<a href="([^"]+)"><strong>(\d+)</strong> <span>([^<]+)</span>', page)
        return {html.unescape(name): (int(number), html.unescape(address)) for address, number, name in found}

    def test_shows_the_figures_of_the_workspace(self, owner: Client, busy: None) -> None:
        assert {name: number for name, (number, _address) in self.figures(owner).items()} == {
            "Live keys": 6,
            "Expire within 14 days": 1,
            "Not used for 90 days": 1,
            "Broader than their use": 1,
            "Workspace keys without a responsible person": 0,
            "Members who left in 30 days": 1,
            "Calls today": 11,
            "Refused today": 6,
        }

    def test_links_each_figure_to_a_list_with_that_many_rows(self, owner: Client, busy: None) -> None:
        for name, (number, address) in self.figures(owner).items():
            page = words(owner.get(address))
            said = (
                re.search(r"(\d+) calls? This list", page)
                if "hourlyuse" in address
                else re.search(r"(\d+) in all", page)
            )
            assert said is not None, name
            assert int(said[1]) == number, name
        endings = re.findall(
            r'<th scope="row"><a href="([^"]+)">.*?</th><td>(\d+)</td>', text(owner.get("/admin/"))
        )
        assert sorted(int(number) for _address, number in endings) == [2, 4, 5]
        for address, number in endings:
            assert f"{number} calls This list" in words(owner.get(html.unescape(address)))

    def test_runs_the_same_number_of_queries_for_any_amount_of_data(
        self, owner: Client, alice: Member, bob: Member
    ) -> None:
        def queries() -> int:
            owner.get("/admin/")
            with CaptureQueriesContext(
                connection,
            ) as asked:
                owner.get("/admin/")
            return len(asked)

        used(make_key(alice, "first"))
        few = queries()
        for number in range(6):
            used(make_key(bob, f"key {number}"), outcome="ok" if number % 2 else "scope_missing")
            make_member(alice.workspace, f"person {number}")  # type: ignore[arg-type]
        assert queries() == few

    def test_runs_as_few_queries_for_operators(self, root: Member, alice: Member) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as asked:
                looker.get("/admin/")
            return len(asked)

        looker = browser(root)
        few = queries()
        for number in range(5):
            Workspace.objects.create(
                pumble_id=f"{number:024}", name=f"W{number}", created_at=NOW, installed_at=NOW
            )
        assert queries() == few


class TestLists:
    def test_run_a_constant_number_of_queries(self, owner: Client, alice: Member) -> None:
        def queries(rows: str) -> int:
            with CaptureQueriesContext(connection) as asked:
                assert owner.get(f"/admin/keys/{rows}/").status_code == 200
            return len(asked)

        kinds = ("apikey", "member", "auditevent", "requestlog", "hourlyuse")
        used(make_key(alice, "first"))
        few = {rows: queries(rows) for rows in kinds}
        for number in range(8):
            used(make_key(alice, f"key {number}"))
            make_member(alice.workspace, f"person {number}")  # type: ignore[arg-type]
        assert {rows: queries(rows) for rows in kinds} == few

    def test_stop_counting_at_the_maximum(
        self, owner: Client, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base, "MAX_COUNTED", 60)
        key = make_key(alice)
        RequestLog.objects.bulk_create(
            RequestLog(
                key=key, at=NOON, operation="myInfo", outcome="ok", status=200, duration_ms=1, request_id="r"
            )
            for _ in range(70)
        )
        with CaptureQueriesContext(connection) as asked:
            page = words(owner.get("/admin/keys/requestlog/"))

        assert "More than 60" in page
        counts = [
            query["sql"] for query in asked if "COUNT(*)" in query["sql"] and "requestlog" in query["sql"]
        ]
        assert counts
        assert all("LIMIT 61" in sql for sql in counts)
        assert "myInfo" in words(owner.get("/admin/keys/requestlog/?p=2"))

    @pytest.mark.parametrize(
        "query",
        [
            "digest=x", "digest__startswith=00", "owner__password__startswith=a", "owner__workspace=2", "pepper_number=1",
            "key_id__startswith=a", "owner__authorization__encrypted_access_token__startswith=g", "id__in=1,2", "key__digest=x",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("rows", ["apikey", "member", "auditevent", "requestlog", "hourlyuse"])
    def test_accept_only_their_own_filters(self, owner: Client, rows: str, query: str) -> None:
        assert owner.get(f"/admin/keys/{rows}/?{query}").status_code == 400

    def test_accept_no_nonsense_and_never_fail(self, owner: Client, alice: Member) -> None:
        used(make_key(alice))
        for rows in ("apikey", "member", "auditevent", "requestlog", "hourlyuse", "policy"):
            for query in (
                "q=%00", "q=%25_%5C", "q=" + "x" * 3000, "p=x", "p=-1", "p=99999", "p=" + "9" * 40, "o=99", "o=-1.x", "all=1",
                "e=1", "q=%ff", "_facets=1", "o=" + "1." * 200,
            ):  # fmt: skip
                answer = owner.get(f"/admin/keys/{rows}/?{query}", follow=True)
                assert answer.status_code in {200, 400}, (rows, query)
        for query in (
            "since=x", "since=2026-13-45", "since=0001-01-01", "until=9999-12-31", "key=%00", "actor=%00", "member=x", "type=x",
            "member=" + "9" * 40, "when=x", "since=", "type=", "surface=%00", "key=" + "x" * 2000, "actor=%25",
        ):  # fmt: skip
            assert owner.get(f"/admin/keys/auditevent/?{query}", follow=True).status_code == 200, query
        for query in ("holder=x", "holder=%00", "state=x", "workspace=%00", "scope=%25", "outcome=%00"):
            answer = owner.get(f"/admin/keys/apikey/?{query}")
            assert answer.status_code in {200, 400}, query

    def test_show_nothing_secret(self, owner: Client, alice: Member) -> None:
        key, plaintext = issue(alice)
        used(key)
        pages = [
            f"/admin/keys/{rows}/" for rows in ("apikey", "member", "auditevent", "requestlog", "hourlyuse")
        ]
        pages += [
            change_page(key),
            change_page(alice),
            change_page(AuditEvent.objects.filter(key=key).latest("pk")),
        ]
        for address in pages:
            page = text(owner.get(address))
            assert plaintext[17:] not in page
            assert bytes(key.digest).hex() not in page
            assert str(bytes(key.digest)) not in page

    def test_find_a_key_by_name_id_last_characters_or_holder(
        self, owner: Client, alice: Member, bob: Member
    ) -> None:
        key = make_key(alice, "needle")
        make_key(bob, "hay")
        for sought in ("need", key.key_id, f"pmb_{key.key_id}", key.last_four, "alice", "alice@acme.test"):
            page = words(owner.get("/admin/keys/apikey/", {"q": sought}))
            assert "needle" in page, sought
            assert "1 in all" in page, sought

    @pytest.mark.parametrize("stored", ["caf\u00e9", "cafe\u0301"])
    @pytest.mark.parametrize("sought", ["caf\u00e9", "cafe\u0301"])
    def test_find_a_name_in_any_unicode_form(
        self, owner: Client, alice: Member, bob: Member, stored: str, sought: str
    ) -> None:
        key = make_key(alice, "needle")
        ApiKey.objects.filter(pk=key.pk).update(name=f"{stored} bot")
        Member.objects.filter(pk=bob.pk).update(name=f"bob {stored}")
        make_key(bob, "hay")

        assert "2 in all" in words(owner.get("/admin/keys/apikey/", {"q": sought}))
        assert "1 in all" in words(owner.get("/admin/keys/apikey/", {"q": f"bob {sought}"}))
        assert "1 in all" in words(owner.get("/admin/keys/member/", {"q": sought}))
        assert "hay" in words(owner.get("/admin/keys/auditevent/", {"actor": f"bob {sought}"}))

    def test_show_the_active_filters(self, owner: Client, alice: Member) -> None:
        page = words(owner.get(f"/admin/keys/apikey/?state=live&holder={alice.pk}"))

        assert "State: Live · Holder: alice" in page


class TestLeakedKey:
    def test_is_found_by_pasting_it_and_stored_nowhere(
        self, owner: Client, alice: Member, log_lines: io.StringIO
    ) -> None:
        key, plaintext = issue(alice)
        answer = owner.post("/admin/lookup/", {"text": f"it said\nKEY={plaintext}\n"})

        assert "Key “deploy” The key works." in words(answer)
        assert f'href="{change_page(key)}"' in text(answer)
        event = AuditEvent.objects.get(type=Type.KEY_IDENTIFIED)
        assert (event.key, event.surface) == (key, "ADMIN")
        kept = log_lines.getvalue() + str(event.detail) + str(dict(owner.session)) + text(answer)
        assert plaintext[17:] not in kept
        key.refresh_from_db()
        assert key.revoked_at is None  # looking is not revoking

    @pytest.mark.parametrize(
        "address", ["/admin/keys/apikey/?q={}", "/admin/?x={}", "/admin/keys/auditevent/?key={}"]
    )
    def test_is_removed_from_a_url(
        self, owner: Client, alice: Member, address: str, log_lines: io.StringIO
    ) -> None:
        key, plaintext = issue(alice)
        answer = owner.get(address.format(plaintext))

        assert answer["Location"] == change_page(key)
        page = owner.get(answer["Location"])
        assert "Revoke that key" in words(page)
        assert plaintext[17:] not in text(page) + log_lines.getvalue()

    def test_of_another_workspace_looks_like_an_unknown_key(self, owner: Client, mallory: Member) -> None:
        _key, real = issue(mallory)
        fake = real[:-8] + "Aa" + real[-6:]
        said = []
        for sought in (real, fake):
            answers = (
                owner.post("/admin/lookup/", {"text": sought}),
                owner.get("/admin/keys/apikey/", {"q": sought}),
            )
            assert sought not in "".join(map(text, answers))
            assert answers[1]["Location"] == "/admin/keys/apikey/"
            said.append([answer.status_code for answer in answers])
        assert said == [[404, 302], [404, 302]]
        assert not AuditEvent.objects.filter(type=Type.KEY_IDENTIFIED).exists()

    @pytest.mark.both_databases
    @pytest.mark.parametrize("sent", ["", " ", "nothing", "pmb_abc", "\x00", "x" * 200_000])
    def test_that_is_not_a_key_is_explained(self, owner: Client, sent: str) -> None:
        answer = owner.post("/admin/lookup/", {"text": sent})

        assert answer.status_code in {400, 404}
        assert 'role="alert"' in text(answer)

    def test_is_revoked_only_with_a_reason(self, owner: Client, alice: Member) -> None:
        key = make_key(alice)
        used(key)
        ask = f"/admin/keys/apikey/revoke/?key={key.key_id}"
        assert "Type deploy to confirm" in words(owner.get(ask))

        def send(**fields: str) -> Any:
            return owner.post("/admin/keys/apikey/revoke/", {"key": key.key_id} | fields)

        assert "Enter a reason" in words(send(typed="deploy"))
        assert "Type exactly deploy" in words(send(reason="leaked", typed="depoly"))
        key.refresh_from_db()
        assert key.revoked_at is None
        assert send(reason="leaked", typed="Deploy")["Location"] == change_page(key)
        key.refresh_from_db()
        assert (key.revoked_reason, key.revoked_note) == ("BY_ADMINISTRATOR", "leaked")

    def test_in_the_reason_is_revoked_and_not_shown(self, owner: Client, alice: Member) -> None:
        target = make_key(alice, "target")
        other, plaintext = issue(alice, "other")
        answer = owner.post(
            "/admin/keys/apikey/revoke/", {"key": target.key_id, "reason": f"see {plaintext}"}
        )

        assert answer.status_code == 400
        assert plaintext not in text(answer)
        target.refresh_from_db()
        other.refresh_from_db()
        assert (target.revoked_at, other.revoked_at) == (None, None)
        assert f"This is “other” of {alice.name}." in words(answer)

    def test_is_revoked_with_others_when_their_number_is_typed(
        self, owner: Client, alice: Member, bob: Member
    ) -> None:
        keys = [make_key(alice, "one"), make_key(bob, "two"), make_key(bob, "three")]
        lifecycle.revoke(key=keys[2], by=by(bob), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOON)
        sent = {"key": [key.key_id for key in keys], "reason": "all leaked"}
        asked = owner.post(
            "/admin/keys/apikey/",
            {"action": "revoke_selected", "index": 0, "_selected_action": [key.pk for key in keys]},
        )
        assert "Revoke these 2 API keys?" in words(asked)
        assert "Not changed three" in words(asked)
        assert owner.post("/admin/keys/apikey/revoke/", sent | {"typed": "3"}).status_code == 400
        done = owner.post("/admin/keys/apikey/revoke/", sent | {"typed": "2"}, follow=True)

        assert "2 keys are revoked" in words(done)
        notes = ApiKey.objects.order_by("pk").values_list("revoked_note", flat=True)
        assert list(notes) == ["all leaked", "all leaked", ""]

    def test_is_not_revoked_with_more_than_the_maximum(
        self, owner: Client, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(key_actions, "MAX_BATCH_SIZE", 2)
        keys = [make_key(alice, f"key {number}") for number in range(3)]
        answer = owner.post(
            "/admin/keys/apikey/",
            {"action": "revoke_selected", "index": 0, "_selected_action": keys[0].pk, "select_across": 1},
            follow=True,
        )
        assert "Choose at most 2 keys at once" in words(answer)
        ids = [key.key_id for key in keys]
        assert (
            owner.post("/admin/keys/apikey/revoke/", {"key": ids, "reason": "x", "typed": "3"}).status_code
            == 404
        )

    def test_disabled_by_an_owner_cannot_be_enabled_by_its_holder(self, owner: Client, alice: Member) -> None:
        key = make_key(alice)
        owner.post("/admin/keys/apikey/disable/", {"key": key.key_id, "reason": "let us see"})
        browser_of(alice).post(f"/keys/{key.key_id}/enable")
        key.refresh_from_db()
        assert key.disabled_at is not None
        owner.post("/admin/keys/apikey/enable/", {"key": key.key_id})
        key.refresh_from_db()
        assert key.disabled_at is None

    def test_of_another_is_never_widened_renamed_rotated_or_created(
        self, owner: Client, alice: Member
    ) -> None:
        key = make_key(alice, scopes=["user:read"])
        for address in ("rename", "narrow", "rotate", "delete", "disable", "finish", "remedy"):
            assert owner.post(f"/keys/{key.key_id}/{address}", {"name": "mine"}).status_code == 404
        before = ApiKey.objects.values().get(pk=key.pk)
        owner.post(change_page(key), {"scopes": '["messages:write"]', "name": "mine", "owner": "1"})
        assert ApiKey.objects.values().get(pk=key.pk) == before


class TestAuditLog:
    @pytest.fixture
    def events(self, alice: Member, olivia: Member) -> ApiKey:
        key = make_key(alice, "=cmd()")
        lifecycle.rename(key=key, name="+renamed", by=by(alice), now=NOON)
        make_key(olivia, "hers")
        return key

    def test_is_filtered_by_type_surface_actor_key_and_day(self, owner: Client, events: ApiKey) -> None:
        def number(**filters: str) -> int:
            found = re.search(r"(\d+) in all", words(owner.get("/admin/keys/auditevent/", filters)))
            return int(found[1]) if found else -1

        assert number() == 5
        assert number(type="key.renamed") == 1
        assert number(key=events.key_id) == 3
        assert number(actor="olivia") == 2
        assert number(actor="alice@acme.test", type="key.issued") == 1
        assert (number(surface="WEB"), number(surface="CHAT")) == (5, 0)
        day, next_day = f"{NOON:%Y-%m-%d}", f"{NOON + timedelta(days=1):%Y-%m-%d}"
        assert (number(since=day), number(until=day), number(since=next_day)) == (5, 5, 0)
        assert (number(when="today"), number(member=str(events.owner_id))) == (5, 3)

    def test_leaves_the_filters_that_are_empty_out_of_the_url(self, owner: Client, events: ApiKey) -> None:
        form = {"type": "key.renamed", "surface": "", "actor": "alice", "since": ""}
        answer = owner.get("/admin/keys/auditevent/", form, follow=True)

        assert answer.redirect_chain == [("/admin/keys/auditevent/?type=key.renamed&actor=alice", 302)]
        assert "Event: Key renamed · Who: name, email or ID: alice" in words(answer)
        assert "1 in all" in words(answer)

    def test_links_names_to_their_pages(self, owner: Client, events: ApiKey) -> None:
        page = text(owner.get("/admin/keys/auditevent/"))

        assert f'<a href="{change_page(events)}"><bdi>+renamed</bdi></a>' in page
        assert f'<a href="{change_page(events.owner)}"><bdi>alice</bdi></a>' in page

    def test_says_details_in_words(
        self, owner: Client, acme: Workspace, alice: Member, olivia: Member
    ) -> None:
        key = make_key(alice, "wide")
        rights = dataclasses.replace(
            key.rights,
            scopes=["messages:read"],
            channels={"c" * 24: "ops"},
            expires_at=NOON + timedelta(days=9),
        )
        lifecycle.narrow(key=key, rights=rights, by=by(alice), now=NOON)
        policies.change_policy(
            workspace=acme, values=policies.PolicyValues(max_keys=7), by=by(olivia), now=NOON
        )
        narrowed = words(owner.get(change_page(AuditEvent.objects.get(type=Type.KEY_NARROWED))))
        changed = words(owner.get(change_page(AuditEvent.objects.get(type=Type.POLICY_CHANGED))))

        assert "Permissions of a key reduced" in narrowed
        assert "Read and search messages" in narrowed
        assert f"Channels all channels #ops ({'c' * 24})" in narrowed
        assert f"Expiry never {NOON + timedelta(days=9):%-d %b %Y, %H:%M} UTC" in narrowed
        assert "Keys of one member 200 7" in changed

    def test_says_whether_its_chain_is_intact(self, owner: Client, root: Member, events: ApiKey) -> None:
        assert "5 events, not checked yet" in words(owner.get("/admin/keys/auditevent/"))
        checked = owner.post("/admin/keys/auditevent/verify/", follow=True)
        assert f"Chain intact , 5 events, checked {NOON:%-d %b %Y, %H:%M} UTC" in words(checked)

        with connection.cursor() as cursor:
            triggers.drop(connection)
            cursor.execute("UPDATE keys_auditevent SET surface = 'CHAT' WHERE type = 'key.renamed'")
            triggers.create(connection)
        broken = words(owner.post("/admin/keys/auditevent/verify/", follow=True))
        assert "The chain is broken" in broken
        assert "was changed" in broken
        with pytest.raises(CommandError, match="was changed"):
            call_command("audit_verify")

    def test_is_verified_by_the_command_only_if_it_is_long(
        self, owner: Client, events: ApiKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit_events, "MAX_EVENTS_TO_VERIFY", 4)
        answer = words(owner.post("/admin/keys/auditevent/verify/", follow=True))
        assert "Use the command audit_verify" in answer
        assert "not checked yet" in answer

        call_command("audit_verify", stdout=io.StringIO())
        assert "Chain intact" in words(owner.get("/admin/keys/auditevent/"))

    def test_is_exported_whole_without_filters(self, owner: Client, events: ApiKey, tmp_path: Path) -> None:
        assert "The export contains the whole chain" in words(owner.get("/admin/keys/auditevent/"))
        lines = text(owner.post("/admin/keys/auditevent/export/", {"format": "jsonl"})).splitlines(
            keepends=True
        )
        whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
        whole.write_text("".join(lines))
        cut.write_text("".join(lines[:2] + lines[3:]))

        assert verifier.main([str(whole)]) == 0
        assert verifier.main([str(cut)]) == 1

    def test_has_the_verifier_and_a_legend(self, owner: Client) -> None:
        program = owner.get("/admin/keys/auditevent/verifier.py")
        assert text(program) == Path(verifier.__file__).read_text()
        legend = words(owner.get("/admin/keys/auditevent/legend/"))
        for event_type in Type:
            assert event_type.value in legend
            assert event_details.type_name(event_type) != event_type, "has no words"

    def test_shows_values_before_and_after(self, owner: Client, events: ApiKey) -> None:
        event = AuditEvent.objects.get(type=Type.KEY_RENAMED)
        page = words(owner.get(change_page(event)))

        assert "Value =cmd() +renamed" in page
        assert "Renamed from “=cmd()” to “+renamed”" in page

    @pytest.mark.parametrize("name", ["0001-01-01T00:00:00+14:00", "2027-01-01T00:00:00Z"])
    def test_shows_a_name_in_the_form_of_a_time_as_it_is(
        self, owner: Client, alice: Member, name: str
    ) -> None:
        key, _plaintext = issue(alice, name)
        event = AuditEvent.objects.get(type=Type.KEY_ISSUED, key=key)

        assert f"Name {name}" in words(owner.get(change_page(event)))

    @pytest.mark.parametrize("form", ["csv", "jsonl"])
    def test_is_exported_as_filtered_and_records_the_export(
        self, owner: Client, olivia: Member, events: ApiKey, form: str, tmp_path: Path
    ) -> None:
        address = f"/admin/keys/auditevent/export/?key={events.key_id}&actor=alice"
        answer = owner.post(address, {"format": form})
        said = text(answer)
        file = tmp_path / f"audit.{form}"
        file.write_text(said, newline="")

        assert answer.streaming
        assert f'.{form}"' in answer["Content-Disposition"]
        assert said.count("key.") >= 3
        assert "hers" not in said
        assert verifier.main([str(file)]) == 0
        if form == "csv":
            cells = [cell for row in csv.reader(io.StringIO(said)) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        exported = AuditEvent.objects.get(type=Type.AUDIT_EXPORTED)
        assert (exported.actor, exported.detail["format"]) == (olivia, form)
        assert exported.detail["filters"] == {"key": events.key_id, "actor": "(typed)"}  # no name of a person

    def test_is_not_exported_by_get(self, owner: Client) -> None:
        assert owner.get("/admin/keys/auditevent/export/?format=csv").status_code == 404
        assert not AuditEvent.objects.filter(type=Type.AUDIT_EXPORTED).exists()

    def test_is_exported_by_operators_one_workspace_at_a_time(self, root: Member, events: ApiKey) -> None:
        looker, address = browser(root), "/admin/keys/auditevent/export/"
        assert looker.post(address, {"format": "csv"}).status_code == 409
        assert looker.post(f"{address}?workspace={'a' * 24}", {"format": "csv"}).status_code == 200
        assert AuditEvent.objects.get(type=Type.AUDIT_EXPORTED).workspace == events.owner.workspace

    def test_of_the_installation_is_for_operators(self, root: Member, owner: Client, client: Client) -> None:
        sign_in(client, "root", "wrong")
        address = "/admin/keys/auditevent/?type=operator.sign_in_refused"

        assert "1 in all" in words(browser(root).get(address))
        assert "Nothing matches" in words(owner.get(address))


class TestEveryPage:
    def test_has_nothing_inline_and_speaks_spanish(self, owner: Client, root: Member, alice: Member) -> None:
        key = make_key(alice)
        used(key)
        addresses = [
            "/admin/", "/admin/lookup/", "/admin/keys/apikey/", "/admin/keys/member/", "/admin/keys/auditevent/",
            "/admin/keys/requestlog/", "/admin/keys/hourlyuse/", change_page(key), change_page(alice),
            f"/admin/keys/apikey/revoke/?key={key.key_id}",
        ]  # fmt: skip
        for who, address in [*((owner, one) for one in addresses), (browser(root), "/admin/installation/")]:
            answer = who.get(address, headers={"accept-language": "es"})
            page = text(answer)
            assert '<html lang="es">' in page
            assert "<style" not in page
            assert " style=" not in page
            assert not re.search(r"<script(?![^>]*\ssrc=)", page)
            assert not re.search(r"\son\w+=", page)
            assert answer["Cache-Control"].count("no-store")
            assert "'unsafe" not in answer["Content-Security-Policy"]
