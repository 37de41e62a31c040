from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from keys import audit, lifecycle, selectors
from keys.audit import MAINTENANCE, OPERATOR, Actor, Surface
from keys.exceptions import (
    CannotWidenRights,
    ExpiryInPast,
    ExpiryInvalid,
    KeyExpired,
    KeyNotFound,
    KeyRevoked,
    KeyUnknown,
    NameInvalid,
    NameTaken,
    NotAllowed,
    OwnerNotAuthorized,
    ScopeUnknown,
)
from keys.key_format import Plaintext
from keys.models import ApiKey, AuditEvent, Member
from tests.authentication import check
from tests.conftest import NOW
from tests.queries import before_query

API = Actor(None, Surface.API)
BY_HOLDER = ApiKey.RevokeReason.BY_HOLDER


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def issue(owner: Member, name: str | None = "ci", **options: Any) -> tuple[ApiKey, Plaintext]:
    return lifecycle.issue(owner=owner, name=name, by=web(owner), now=NOW, **options)


class TestIssue:
    def test_leaves_a_pending_key_whose_row_holds_no_plaintext(self, alice: Member) -> None:
        key, plaintext = issue(alice)

        row = ApiKey.objects.values().get(pk=key.pk)
        assert key.state(NOW) == ApiKey.State.PENDING
        assert plaintext.text[17:] not in repr(row)
        assert (row["key_id"], row["last_four"]) == (plaintext.text[4:16], plaintext.text[-4:])

    def test_names_a_nameless_key_by_the_next_free_number(self, alice: Member) -> None:
        names = [issue(alice, name=None)[0].name for _ in range(2)]

        assert names == ["key-1", "key-2"]

    def test_refuses_a_name_that_a_live_key_of_the_owner_has_in_whatever_case(
        self, alice: Member, bob: Member
    ) -> None:
        issue(alice, "Deploy")

        with pytest.raises(NameTaken):
            issue(alice, "deploy")
        assert issue(bob, "deploy")[0].owner == bob

    def test_gives_the_name_of_a_revoked_or_expired_key_away_again(self, alice: Member) -> None:
        first, _ = issue(alice, "a")
        lifecycle.revoke(key=first, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        issue(alice, "b", expires_at=NOW + timedelta(seconds=1))
        later = NOW + timedelta(seconds=1)

        again = [
            lifecycle.issue(owner=alice, name=name, by=web(alice), now=later)[0].name for name in ("a", "b")
        ]

        assert again == ["a", "b"]

    @pytest.mark.parametrize(
        "name", ["", "   ", "x" * 65, "a\u202eb", "a\x07b", "a\u200bb", "pmb_abcdefgh1234_abcdefghi"]
    )
    def test_refuses_a_name_nobody_can_read(self, alice: Member, name: str) -> None:
        with pytest.raises(NameInvalid):
            issue(alice, name)

    @pytest.mark.parametrize("name", ["x" * 64, "señal ñ", "📦 deploy", "👩‍💻", "a'b\"c<b>"])
    def test_takes_any_name_a_person_can_read(self, alice: Member, name: str) -> None:
        assert issue(alice, name)[0].name == name

    def test_is_refused_for_someone_else(self, alice: Member, bob: Member, olivia: Member) -> None:
        for other in (bob, olivia):
            with pytest.raises(NotAllowed):
                lifecycle.issue(owner=alice, name="x", by=web(other), now=NOW)

    def test_is_refused_where_the_owner_may_not_act(self, alice: Member) -> None:
        Member.objects.filter(pk=alice.pk).update(authorized_at=None)

        with pytest.raises(OwnerNotAuthorized):
            lifecycle.issue(owner=alice, name="x", by=OPERATOR, now=NOW)

    def test_refuses_unknown_scopes_none_at_all_and_an_expiry_in_the_past(self, alice: Member) -> None:
        with pytest.raises(ScopeUnknown):
            issue(alice, scopes=["messages:write", "everything"])
        with pytest.raises(ScopeUnknown):
            issue(alice, scopes=[])
        with pytest.raises(ExpiryInvalid):
            issue(alice, expires_at=NOW)

    def test_leaves_nothing_when_its_audit_event_fails(
        self, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: Any, **_options: Any) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(audit, "record", fail)
        with pytest.raises(OSError, match="disk full"):
            issue(alice)

        assert not ApiKey.objects.exists()


class TestRevoke:
    def test_keeps_the_first_reason_when_repeated(self, alice: Member) -> None:
        key, _ = issue(alice)
        lifecycle.revoke(key=key, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)

        later = NOW + timedelta(days=1)
        again = lifecycle.revoke(key=key, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=later)

        assert (again.revoked_at, again.revoked_reason, again.revoked_by) == (NOW, "BY_HOLDER", alice)
        assert AuditEvent.objects.filter(type="key.revoked").count() == 1

    def test_is_open_to_holder_workspace_owner_and_operator_only(
        self, alice: Member, bob: Member, olivia: Member, mallory: Member
    ) -> None:
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR
        for stranger in (bob, mallory):
            with pytest.raises(NotAllowed):
                lifecycle.revoke(key=issue(alice, None)[0], by=web(stranger), reason=reason, now=NOW)
        for entitled in (web(alice), web(olivia), OPERATOR):
            key = lifecycle.revoke(key=issue(alice, None)[0], by=entitled, reason=reason, now=NOW)
            assert key.state(NOW) == ApiKey.State.REVOKED

    def test_that_nobody_in_particular_tries_is_refused_and_fills_no_log(self, alice: Member) -> None:
        key, _ = issue(alice)

        with pytest.raises(NotAllowed):
            lifecycle.revoke(key=key, by=API, reason=BY_HOLDER, now=NOW)

        assert not AuditEvent.objects.filter(type="rights.refused").exists()

    def test_tells_the_audit_who_through_what_and_why(self, alice: Member) -> None:
        key, _ = issue(alice)
        lifecycle.revoke(
            key=key, by=Actor(alice, Surface.CHAT), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW
        )

        event = AuditEvent.objects.get(type="key.revoked")
        assert (event.actor, event.surface, event.key, event.workspace) == (
            alice,
            "CHAT",
            key,
            alice.workspace,
        )
        assert event.detail["reason"] == "BY_HOLDER"


class TestRename:
    def test_changes_the_name_and_nothing_else(self, alice: Member) -> None:
        key, plaintext = issue(alice)

        lifecycle.rename(key=key, name="  deploy   bot ", by=web(alice), now=NOW)

        assert check(plaintext.text.encode(), by=API, now=NOW).name == "deploy bot"
        assert AuditEvent.objects.get(type="key.renamed").detail == {"before": "ci", "after": "deploy bot"}

    def test_refuses_a_taken_name_a_stranger_and_a_dead_key(self, alice: Member, olivia: Member) -> None:
        key, _ = issue(alice)
        issue(alice, "other")

        with pytest.raises(NameTaken):
            lifecycle.rename(key=key, name="OTHER", by=web(alice), now=NOW)
        with pytest.raises(NotAllowed):
            lifecycle.rename(key=key, name="x", by=web(olivia), now=NOW)
        lifecycle.revoke(key=key, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        with pytest.raises(KeyNotFound):
            lifecycle.rename(key=key, name="x", by=web(alice), now=NOW)

    def test_to_the_name_it_has_is_no_change(self, alice: Member) -> None:
        key, _ = issue(alice)

        assert lifecycle.rename(key=key, name=" ci ", by=web(alice), now=NOW).name == "ci"
        assert not AuditEvent.objects.filter(type="key.renamed").exists()


class TestNarrow:
    @pytest.mark.parametrize(
        ("wider", "right"),
        [
            ({"scopes": ["messages:write", "user:read"]}, "scopes"),
            ({"channels": {"a" * 24: "ops", "b" * 24: "dev"}}, "channels"),
            ({"channels": None}, "channels"),
            ({"allowed_addresses": ["10.0.0.0/7"]}, "allowed_addresses"),
            ({"allowed_addresses": []}, "allowed_addresses"),
            ({"calls_per_minute": 6}, "calls_per_minute"),
            ({"expires_at": NOW + timedelta(hours=2)}, "expires_at"),
            ({"expires_at": None}, "expires_at"),
        ],
        ids=repr,
    )
    def test_gives_no_key_more_than_it_has(self, alice: Member, wider: dict[str, Any], right: str) -> None:
        key, _ = issue(
            alice,
            scopes=["messages:write"],
            channels={"a" * 24: "ops"},
            allowed_addresses=["10.0.0.0/8"],
            calls_per_minute=5,
            expires_at=NOW + timedelta(hours=1),
        )
        before = key.rights

        with pytest.raises(CannotWidenRights) as refused:
            lifecycle.narrow(key=key, rights=replace(before, **wider), by=web(alice), now=NOW)

        key.refresh_from_db()
        assert (refused.value.field, key.rights) == (right, before)

    def test_takes_no_end_that_is_past(self, alice: Member) -> None:
        key, plaintext = issue(alice)

        with pytest.raises(ExpiryInPast):
            lifecycle.narrow(key=key, rights=replace(key.rights, expires_at=NOW), by=web(alice), now=NOW)

        assert check(plaintext.text.encode(), by=API, now=NOW).expires_at is None


class TestEnable:
    def test_of_a_key_that_works_is_no_change(self, alice: Member) -> None:
        key, _ = issue(alice)

        assert lifecycle.enable(key=key, by=web(alice), now=NOW).enabled_at is None
        assert not AuditEvent.objects.filter(type="key.enabled").exists()


class TestStalePendingKeys:
    def test_are_revoked_after_fifteen_minutes_and_no_other_is(self, alice: Member) -> None:
        stale, _ = issue(alice, "stale")
        confirmed, _ = issue(alice, "confirmed")
        lifecycle.confirm(key=confirmed, by=web(alice), now=NOW)
        later = NOW + lifecycle.PENDING_TIMEOUT
        lifecycle.issue(owner=alice, name="fresh", by=web(alice), now=later)

        assert lifecycle.revoke_stale_pending(now=later) == 1

        left = set(ApiKey.objects.filter(revoked_at__isnull=True).values_list("name", flat=True))
        stale.refresh_from_db()
        assert left == {"confirmed", "fresh"}
        assert stale.revoked_reason == "NOT_DELIVERED"
        assert AuditEvent.objects.get(type="key.revoked").surface == MAINTENANCE.surface

    def test_stay_where_their_secret_is_presented_this_very_moment(self, alice: Member) -> None:
        key, plaintext = issue(alice)
        later = NOW + lifecycle.PENDING_TIMEOUT

        with before_query(
            r'"keys_apikey"."id" IN', lambda: check(plaintext.text.encode(), by=API, now=later)
        ):
            assert lifecycle.revoke_stale_pending(now=later) == 0

        assert check(plaintext.text.encode(), by=API, now=later) == key


class TestCheck:
    def test_makes_a_pending_key_live_when_its_secret_is_presented(self, alice: Member) -> None:
        key, plaintext = issue(alice)

        check(plaintext.text.encode(), by=API, now=NOW)

        key.refresh_from_db()
        assert key.confirmed_at == NOW
        assert lifecycle.revoke_stale_pending(now=NOW + lifecycle.PENDING_TIMEOUT) == 0

    def test_tells_unknown_id_wrong_secret_and_foreign_pepper_apart_for_nobody(
        self, alice: Member, settings: Settings
    ) -> None:
        key, plaintext = issue(alice)
        stranger = issue(alice, "other")[1]
        ApiKey.objects.filter(key_id=stranger.key_id).update(key_id="n" * 12)

        with pytest.raises(KeyUnknown) as unknown_id:
            check(stranger.text.encode(), by=API, now=NOW)
        ApiKey.objects.filter(pk=key.pk).update(digest=bytes(32))
        with pytest.raises(KeyUnknown) as wrong_secret:
            check(plaintext.text.encode(), by=API, now=NOW)
        settings.KEY_PEPPERS = {9: b"another pepper of thirty-two byte"}
        with pytest.raises(KeyUnknown) as foreign:
            check(plaintext.text.encode(), by=API, now=NOW)

        refusals = {
            (type(refused.value), refused.value.args) for refused in (unknown_id, wrong_secret, foreign)
        }
        assert len(refusals) == 1

    def test_goes_on_under_an_older_pepper_until_that_is_dropped(
        self, alice: Member, settings: Settings
    ) -> None:
        _, plaintext = issue(alice)
        old = settings.KEY_PEPPERS

        settings.KEY_PEPPERS = {2: b"n" * 31 + b"!"}
        with pytest.raises(KeyUnknown):
            check(plaintext.text.encode(), by=API, now=NOW)
        settings.KEY_PEPPERS = {2: b"n" * 31 + b"!"} | old
        check(plaintext.text.encode(), by=API, now=NOW)

    def test_moves_a_key_to_the_newest_pepper_when_it_is_used_so_that_the_old_one_can_go(
        self, alice: Member, settings: Settings
    ) -> None:
        key, plaintext = issue(alice)
        settings.KEY_PEPPERS = {2: b"n" * 31 + b"!"} | settings.KEY_PEPPERS
        check(plaintext.text.encode(), by=API, now=NOW)
        settings.KEY_PEPPERS = {2: b"n" * 31 + b"!"}

        assert check(plaintext.text.encode(), by=API, now=NOW) == key
        assert AuditEvent.objects.get(type="key.rehashed").detail == {"before": 1, "after": 2}

    def test_digests_a_key_anew_once_though_two_calls_bring_it_at_the_same_time(
        self, alice: Member, settings: Settings
    ) -> None:
        seen, plaintext = issue(alice)
        settings.KEY_PEPPERS = {2: b"n" * 31 + b"!"} | settings.KEY_PEPPERS

        for _ in range(2):
            lifecycle.rehash(key_pk=seen.pk, plaintext=plaintext, by=API, now=NOW)

        assert check(plaintext.text.encode(), by=API, now=NOW) == seen
        assert AuditEvent.objects.filter(type="key.rehashed").count() == 1

    def test_refuses_on_the_second_of_expiry(self, alice: Member) -> None:
        at = NOW + timedelta(hours=1)
        _, plaintext = issue(alice, expires_at=at)

        check(plaintext.text.encode(), by=API, now=at - timedelta(seconds=1))
        with pytest.raises(KeyExpired):
            check(plaintext.text.encode(), by=API, now=at)

    def test_refuses_a_revoked_key_and_one_whose_owner_or_workspace_is_gone(self, alice: Member) -> None:
        key, plaintext = issue(alice)
        for change in ({"is_active": False}, {"authorized_at": None}):
            Member.objects.filter(pk=alice.pk).update(**change)
            with pytest.raises(OwnerNotAuthorized):
                check(plaintext.text.encode(), by=API, now=NOW)
            Member.objects.filter(pk=alice.pk).update(is_active=True, authorized_at=NOW)

        lifecycle.revoke(key=key, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        with pytest.raises(KeyRevoked):
            check(plaintext.text.encode(), by=API, now=NOW)


class TestInventory:
    def test_shows_each_viewer_what_is_theirs_to_see(
        self, alice: Member, bob: Member, olivia: Member, mallory: Member
    ) -> None:
        hers, his = issue(alice, "hers")[0], issue(bob, "his")[0]
        foreign = issue(mallory, "foreign")[0]
        operator = Member.objects.create_superuser("operator", "a long enough password")

        seen = {
            viewer.name: set(selectors.list_keys(viewer))
            for viewer in (alice, bob, olivia, mallory, operator)
        }

        assert seen == {
            "alice": {hers},
            "bob": {his},
            "olivia": {hers, his},
            "mallory": {foreign},
            "operator": {hers, his, foreign},
        }

    def test_shows_what_happened_to_those_who_oversee_it_only(
        self, alice: Member, olivia: Member, mallory: Member
    ) -> None:
        operator = Member.objects.create_superuser("operator", "a long enough password")
        for owner in (alice, mallory):
            issue(owner)

        seen = {
            viewer.name: [event.member for event in AuditEvent.objects.for_viewer(viewer).order_by("pk")]
            for viewer in (alice, olivia, mallory, operator)
        }

        assert seen == {"alice": [], "olivia": [alice], "mallory": [mallory], "operator": [alice, mallory]}

    @pytest.mark.parametrize("form", ["{id}", "pmb_{id}", "CI", " ci "])
    def test_finds_ones_own_key_by_id_or_name(self, alice: Member, bob: Member, form: str) -> None:
        key, _ = issue(alice)

        assert selectors.get_own_key(alice, form.format(id=key.key_id), NOW) == key
        with pytest.raises(KeyNotFound):
            selectors.get_own_key(bob, form.format(id=key.key_id), NOW)


class TestAReason:
    def test_keeps_no_key_that_was_pasted_into_it(self, alice: Member) -> None:
        other = issue(alice, "other")[1].text
        for stop in (lifecycle.disable, lambda **options: lifecycle.revoke(reason=BY_HOLDER, **options)):
            key = issue(alice, None)[0]
            stop(key=key, by=web(alice), now=NOW, note=f"leaked \udcff\x00 beside {other}")

        kept = repr([*AuditEvent.objects.values(), *ApiKey.objects.values()])
        assert other[17:] not in kept
        assert "leaked beside pmb_" in kept
