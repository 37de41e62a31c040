"""A stricter policy: which keys break it, in what, and what bringing them in line leaves of them."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from keys import lifecycle, policies, policy_compliance, scopes
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import KeyNotFound, KeysError, NotAllowed, PolicyChanged, PolicyViolated
from keys.models import ApiKey, AuditEvent, LastUse, Member, Policy
from keys.policies import PolicyValues
from keys.rights import Rights
from keys.violations import PolicyRule, Violation
from tests.conftest import NOW, make_member

DAY = timedelta(days=1)


def acting(member: Member) -> Actor:
    return Actor(member, Surface.ADMIN)


def set_policy(owner: Member, **terms: Any) -> Policy:
    assert owner.workspace is not None
    return policies.change_policy(
        workspace=owner.workspace, values=PolicyValues(**terms), by=acting(owner), now=NOW
    )


def new_key(owner: Member, name: str | None = None, *, now: datetime = NOW, **options: Any) -> ApiKey:
    key, _plaintext = lifecycle.issue(owner=owner, name=name, by=OPERATOR, now=now, **options)
    return lifecycle.confirm(key=key, by=OPERATOR, now=now)


def violations_of(owner: Member) -> dict[str, list[Violation]]:
    """What breaks the policy of the owner's workspace, by the keys' names."""
    assert owner.workspace is not None
    return {
        entry.key.name: entry.violations
        for entry in policy_compliance.find_noncompliant_keys(owner.workspace, NOW)
    }


def enforce_policy(
    key: ApiKey, by: Member, *, now: datetime = NOW
) -> policy_compliance.NonCompliantKey | None:
    revision = policies.get_policy(key.owner.workspace).revision
    return lifecycle.enforce_policy(key=key, revision=revision, by=acting(by), now=now)


STRICTER: list[tuple[dict[str, Any], dict[str, Any], Violation, dict[str, Any] | None]] = [
    (
        {"allowed_scopes": ["channels:list", "messages:write"]},
        {"scopes": ["messages:read", "messages:write"]},
        Violation(PolicyRule.SCOPES, scopes=("messages:read",)),
        {"scopes": ["messages:write"]},
    ),
    (
        {"allowed_scopes": ["channels:list"]},
        {"scopes": ["messages:read"]},
        Violation(PolicyRule.SCOPES, scopes=("messages:read",)),
        None,
    ),
    (
        {"max_lifetime": 30 * DAY},
        {"expires_at": NOW + 31 * DAY},
        Violation(PolicyRule.EXPIRY, limit=30),
        {"expires_at": NOW + 30 * DAY},
    ),
    (
        {"max_lifetime": 30 * DAY},
        {},
        Violation(PolicyRule.EXPIRY, limit=30),
        {"expires_at": NOW + 30 * DAY},
    ),
    ({"allows_no_expiry": False}, {}, Violation(PolicyRule.EXPIRY), {"expires_at": NOW + 365 * DAY}),
    ({"addresses_required": True}, {}, Violation(PolicyRule.ADDRESSES), None),
    ({"creators": Policy.Creators.ADMINISTRATORS}, {}, Violation(PolicyRule.CREATORS), None),
    ({"creators": Policy.Creators.CHOSEN}, {}, Violation(PolicyRule.CREATORS), None),
]


class TestAStricterPolicy:
    @pytest.mark.parametrize(("terms", "options", "breach", "left"), STRICTER)
    def test_lists_the_keys_that_break_it_and_changes_none(
        self,
        alice: Member,
        olivia: Member,
        terms: dict[str, Any],
        options: dict[str, Any],
        breach: Violation,
        left: dict[str, Any] | None,
    ) -> None:
        key = new_key(alice, "a", **options)
        before = key.rights

        set_policy(olivia, **terms)

        assert violations_of(olivia) == {"a": [breach]}
        key.refresh_from_db()
        assert (key.rights, key.disabled_at) == (before, None)

    @pytest.mark.parametrize(("terms", "options", "breach", "left"), STRICTER)
    def test_is_met_by_a_key_that_was_brought_in_line(
        self,
        alice: Member,
        olivia: Member,
        terms: dict[str, Any],
        options: dict[str, Any],
        breach: Violation,
        left: dict[str, Any] | None,
    ) -> None:
        key = new_key(alice, "a", **options)
        before = key.rights
        set_policy(olivia, **terms)

        enforce_policy(key, olivia)

        key.refresh_from_db()
        assert violations_of(olivia) == {}
        if left is None:
            assert (key.disabled_reason, key.disabled_by, key.rights) == ("POLICY", olivia, before)
        else:
            assert key.disabled_at is None
            assert {name: getattr(key, name) for name in left} == left
        (event,) = AuditEvent.objects.filter(type__in=["key.narrowed", "key.disabled"])
        assert (event.key, event.actor, event.surface) == (key, olivia, "ADMIN")
        assert (event.detail["reason"], event.detail["breaches"]) == ("POLICY", [breach.to_dict()])

    def test_is_broken_by_none_of_the_keys_that_could_be_made_under_it(
        self, alice: Member, bob: Member, olivia: Member
    ) -> None:
        terms: dict[str, Any] = {
            "creators": Policy.Creators.CHOSEN,
            "allowed_creators": [alice],
            "allowed_scopes": ["messages:read"],
            "max_lifetime": 30 * DAY,
            "addresses_required": True,
            "max_keys": 1,
            "idle_days": 1,
        }
        set_policy(olivia, **terms)
        fitting: dict[str, Any] = {
            "scopes": ["messages:read"],
            "allowed_addresses": ["10.0.0.0/8"],
            "expires_at": NOW + 30 * DAY,
        }

        for owner in (alice, olivia):
            lifecycle.issue(owner=owner, name=None, by=acting(owner), now=NOW, **fitting)

        assert violations_of(olivia) == {}

    def test_lists_no_key_that_is_over_or_that_only_somebody_above_can_enable(
        self, alice: Member, olivia: Member
    ) -> None:
        revoked, stopped, paused = (new_key(alice, name) for name in ("revoked", "stopped", "paused"))
        new_key(alice, "expired", now=NOW - 9 * DAY, expires_at=NOW - DAY)
        lifecycle.revoke(key=revoked, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=NOW)
        lifecycle.disable(key=stopped, by=acting(olivia), now=NOW)
        lifecycle.disable(key=paused, by=acting(alice), now=NOW)

        set_policy(olivia, addresses_required=True)

        assert list(violations_of(olivia)) == ["paused"]
        enforce_policy(paused, olivia)
        assert violations_of(olivia) == {}
        with pytest.raises(PolicyViolated):
            lifecycle.enable(key=paused, by=acting(alice), now=NOW)

    def test_that_allows_fewer_keys_keeps_those_that_work_and_were_used_last(
        self, alice: Member, bob: Member, olivia: Member
    ) -> None:
        keys = {name: new_key(alice, name) for name in ("old", "used", "fresh", "paused")}
        new_key(bob, "one of bob's")
        LastUse.objects.create(key=keys["used"], at=NOW + 2 * DAY)
        LastUse.objects.create(key=keys["paused"], at=NOW + 3 * DAY)
        LastUse.objects.create(key=keys["fresh"], at=NOW + DAY)
        lifecycle.disable(key=keys["paused"], by=acting(alice), now=NOW)

        set_policy(olivia, max_keys=2)

        spare = [Violation(PolicyRule.MAX_KEYS, limit=2)]
        assert violations_of(olivia) == {"paused": spare, "old": spare}
        assert enforce_policy(keys["used"], olivia) is None
        for name in ("old", "paused"):
            enforce_policy(keys[name], olivia)
        assert violations_of(olivia) == {}
        with pytest.raises(PolicyViolated):
            lifecycle.enable(key=keys["old"], by=acting(alice), now=NOW)
        lifecycle.revoke(key=keys["used"], by=acting(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        lifecycle.enable(key=keys["old"], by=acting(alice), now=NOW)
        assert violations_of(olivia) == {}

    def test_that_allows_fewer_keys_lets_none_come_back_beside_one_that_is_only_paused(
        self, alice: Member, olivia: Member
    ) -> None:
        spare, kept = new_key(alice), new_key(alice)
        set_policy(olivia, max_keys=1)
        enforce_policy(spare, olivia)
        lifecycle.disable(key=kept, by=acting(alice), now=NOW)
        LastUse.objects.create(key=spare, at=NOW + DAY)

        with pytest.raises(PolicyViolated):
            lifecycle.enable(key=spare, by=acting(alice), now=NOW)

    def test_lists_what_lies_idle_and_disables_it_at_once_only_when_asked(
        self, alice: Member, olivia: Member
    ) -> None:
        key = new_key(alice, "idle", now=NOW - 30 * DAY)
        new_key(alice, "fresh", now=NOW - 30 * DAY + timedelta(seconds=1))
        set_policy(olivia, idle_days=30)

        assert violations_of(olivia) == {"idle": [Violation(PolicyRule.IDLE, limit=30)]}
        enforce_policy(key, olivia)

        key.refresh_from_db()
        assert key.disabled_reason == "IDLE"
        lifecycle.enable(key=key, by=acting(alice), now=NOW)
        assert violations_of(olivia) == {}

    def test_of_one_workspace_says_nothing_of_anothers_keys(self, olivia: Member, mallory: Member) -> None:
        new_key(mallory, "theirs")

        set_policy(olivia, addresses_required=True, creators=Policy.Creators.ADMINISTRATORS)

        assert violations_of(olivia) == {}

    def test_is_looked_through_with_as_many_queries_for_many_keys_as_for_few(
        self, alice: Member, olivia: Member, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        assert alice.workspace is not None
        for number in range(12):
            member = make_member(alice.workspace, f"member {number}")
            key = new_key(member)
            lifecycle.rotate(key=key, grace=DAY, by=acting(member), now=NOW)
        set_policy(olivia, creators=Policy.Creators.CHOSEN, allowed_creators=[alice], max_keys=1, idle_days=9)

        with django_assert_num_queries(3):
            assert len(list(policy_compliance.find_noncompliant_keys(alice.workspace, NOW))) == 12


class TestBringingAKeyInLine:
    def test_is_for_those_who_oversee_its_workspace(
        self, alice: Member, olivia: Member, mallory: Member
    ) -> None:
        key = new_key(alice)
        set_policy(olivia, allows_no_expiry=False)

        for stranger in (alice, mallory):
            with pytest.raises(NotAllowed):
                enforce_policy(key, stranger)
        operator = Member.objects.create_superuser("root", "a long enough password")
        assert enforce_policy(key, operator) is not None

    def test_narrows_in_all_that_is_too_wide_and_in_nothing_else(self, alice: Member, olivia: Member) -> None:
        key = new_key(alice, calls_per_minute=7, channels={"a" * 24: "ops"}, allowed_addresses=["10.0.0.0/8"])
        set_policy(olivia, allowed_scopes=["messages:read"], max_lifetime=DAY)

        enforce_policy(key, olivia)

        key.refresh_from_db()
        assert key.rights == Rights(
            scopes=["messages:read"],
            channels={"a" * 24: "ops"},
            allowed_addresses=["10.0.0.0/8"],
            calls_per_minute=7,
            expires_at=NOW + DAY,
        )

    def test_disables_without_narrowing_where_that_would_not_do(self, alice: Member, olivia: Member) -> None:
        key = new_key(alice)
        set_policy(olivia, allowed_scopes=["messages:read"], addresses_required=True)

        broken = enforce_policy(key, olivia)

        key.refresh_from_db()
        assert broken is not None
        assert broken.compliant_rights is None
        assert (key.scopes, key.disabled_reason) == (list(scopes.ALL), "POLICY")

    def test_takes_what_it_replaced_along(self, alice: Member, olivia: Member) -> None:
        old = new_key(alice)
        new, _ = lifecycle.rotate(key=old, grace=DAY, by=acting(alice), now=NOW)
        lifecycle.confirm(key=new, by=acting(alice), now=NOW)
        set_policy(olivia, allowed_scopes=["messages:read"])

        enforce_policy(new, olivia)

        assert [key.scopes for key in ApiKey.objects.all()] == [["messages:read"]] * 2

    def test_twice_changes_nothing_more(self, alice: Member, olivia: Member) -> None:
        key = new_key(alice)
        set_policy(olivia, allowed_scopes=["messages:read"])

        assert enforce_policy(key, olivia) is not None
        assert enforce_policy(key, olivia) is None
        assert AuditEvent.objects.filter(type="key.narrowed").count() == 1

    def test_needs_the_policy_that_was_looked_at(self, alice: Member, olivia: Member) -> None:
        key = new_key(alice)
        seen = set_policy(olivia, allowed_scopes=["messages:read"]).revision
        set_policy(olivia, allowed_scopes=["messages:write"])

        with pytest.raises(PolicyChanged):
            lifecycle.enforce_policy(key=key, revision=seen, by=acting(olivia), now=NOW)
        key.refresh_from_db()
        assert key.scopes == list(scopes.ALL)

    def test_that_is_over_is_refused(self, alice: Member, olivia: Member) -> None:
        key = new_key(alice)
        set_policy(olivia, allows_no_expiry=False)
        lifecycle.revoke(key=key, by=acting(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)

        with pytest.raises(KeyNotFound):
            enforce_policy(key, olivia)

    def test_that_was_disabled_for_it_lets_its_holder_enable_it_once_it_fits(
        self, alice: Member, olivia: Member
    ) -> None:
        key = new_key(alice)
        set_policy(olivia, addresses_required=True)
        enforce_policy(key, olivia)

        with pytest.raises(PolicyViolated) as refused:
            lifecycle.enable(key=key, by=acting(alice), now=NOW)
        assert refused.value.violations == [Violation(PolicyRule.ADDRESSES)]
        key.refresh_from_db()
        bound = Rights(key.scopes, None, ["10.0.0.0/8"], key.calls_per_minute, None)
        lifecycle.narrow(key=key, rights=bound, by=acting(alice), now=NOW)
        lifecycle.enable(key=key, by=acting(alice), now=NOW)

        key.refresh_from_db()
        assert (key.disabled_at, key.disabled_reason, key.disabled_by) == (None, "", None)

    def test_that_an_owner_stopped_leaves_it_stopped(self, alice: Member, olivia: Member) -> None:
        key = new_key(alice)
        lifecycle.disable(key=key, by=acting(olivia), now=NOW)
        set_policy(olivia, addresses_required=True)

        enforce_policy(key, olivia)

        with pytest.raises(NotAllowed):
            lifecycle.enable(key=key, by=acting(alice), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_policy_changed_and_keys_brought_in_line_at_once_leave_keys_that_fit_one_or_the_other(
    alice: Member, olivia: Member
) -> None:
    """Real transactions on real connections."""
    keys = [new_key(alice, f"key {number}") for number in range(4)]
    seen = set_policy(olivia, allowed_scopes=["messages:read", "messages:write"]).revision
    start = threading.Barrier(5)
    ended: list[str] = []

    def run(number: int) -> None:
        start.wait()
        try:
            if number == 4:
                set_policy(olivia, allowed_scopes=["messages:write"])
            else:
                lifecycle.enforce_policy(key=keys[number], revision=seen, by=acting(olivia), now=NOW)
            ended.append("done")
        except KeysError as error:
            ended.append(error.reason)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 5
    assert set(ended) <= {"done", "policy_changed"}
    for key in ApiKey.objects.all():
        assert key.scopes in (list(scopes.ALL), ["messages:read", "messages:write"])
    assert len(violations_of(olivia)) == 4  # what was made compliant before the change breaks the new one
