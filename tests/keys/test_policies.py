from datetime import timedelta
from typing import Any

import pytest

from keys import lifecycle, policies, scopes
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import (
    AddressesRequired,
    CreationNotAllowed,
    ExpiryTooFar,
    KeysError,
    NotAllowed,
    PolicyChanged,
    PolicyValueInvalid,
    ScopeNotAllowed,
    ScopeUnknown,
    TooManyKeys,
)
from keys.models import ApiKey, AuditEvent, Member, Policy
from keys.policies import PolicyValues
from tests.conftest import NOW

DAY = timedelta(days=1)


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def set_policy(owner: Member, **terms: Any) -> Policy:
    assert owner.workspace is not None
    return policies.change_policy(
        workspace=owner.workspace, values=PolicyValues(**terms), by=web(owner), now=NOW
    )


def issue(owner: Member, **options: Any) -> ApiKey:
    return lifecycle.issue(owner=owner, name=None, by=web(owner), now=NOW, **options)[0]


class TestWithoutAPolicyOfItsOwn:
    def test_a_workspace_lets_everyone_make_any_key(self, alice: Member) -> None:
        key = issue(alice)

        assert (key.scopes, key.expires_at, key.allowed_addresses) == (list(scopes.ALL), None, [])


class TestAPolicy:
    def test_of_administrators_only_keeps_others_from_creating(self, olivia: Member, alice: Member) -> None:
        set_policy(olivia, creators=Policy.Creators.ADMINISTRATORS)

        with pytest.raises(CreationNotAllowed):
            issue(alice)
        assert issue(olivia).owner == olivia
        assert lifecycle.issue(owner=alice, name="x", by=OPERATOR, now=NOW)[0].owner == alice

    def test_of_chosen_people_lets_them_and_administrators_create(
        self, olivia: Member, alice: Member, bob: Member
    ) -> None:
        set_policy(olivia, creators=Policy.Creators.CHOSEN, allowed_creators=[alice])

        assert [issue(member).owner for member in (alice, olivia)] == [alice, olivia]
        with pytest.raises(CreationNotAllowed):
            issue(bob)

    @pytest.mark.parametrize(
        ("terms", "fits", "refused", "error"),
        [
            (
                {"allowed_scopes": ["messages:write", "channels:list"]},
                {"scopes": ["messages:write"]},
                {"scopes": ["messages:write", "messages:read"]},
                ScopeNotAllowed,
            ),
            (
                {"max_lifetime": 30 * DAY},
                {"expires_at": NOW + 30 * DAY},
                {"expires_at": None},
                ExpiryTooFar,
            ),
            (
                {"max_lifetime": 30 * DAY},
                {"expires_at": NOW + 30 * DAY + timedelta(minutes=4)},
                {"expires_at": NOW + 31 * DAY},
                ExpiryTooFar,
            ),
            (
                {"allows_no_expiry": False},
                {"expires_at": NOW + 9999 * DAY},
                {"expires_at": None},
                ExpiryTooFar,
            ),
            (
                {"addresses_required": True},
                {"allowed_addresses": ["10.0.0.0/8"]},
                {"allowed_addresses": []},
                AddressesRequired,
            ),
        ],
    )
    def test_bounds_what_a_new_key_may_have(
        self,
        olivia: Member,
        alice: Member,
        terms: dict[str, Any],
        fits: dict[str, Any],
        refused: dict[str, Any],
        error: type[KeysError],
    ) -> None:
        set_policy(olivia, **terms)

        assert issue(alice, **fits).owner == alice
        with pytest.raises(error):
            issue(alice, **refused)
        with pytest.raises(error):
            lifecycle.issue(owner=alice, name="by the operator", by=OPERATOR, now=NOW, **refused)

    def test_caps_the_live_keys_of_a_member(self, olivia: Member, alice: Member, bob: Member) -> None:
        set_policy(olivia, max_keys=2)
        first = issue(alice)
        issue(alice)

        with pytest.raises(TooManyKeys) as refused:
            issue(alice)
        assert refused.value.limit == 2
        assert issue(bob).owner == bob
        lifecycle.revoke(key=first, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        assert issue(alice).owner == alice

    def test_that_became_stricter_leaves_keys_as_they_are_but_does_not_renew_them(
        self, olivia: Member, alice: Member
    ) -> None:
        key = issue(alice)
        lifecycle.confirm(key=key, by=web(alice), now=NOW)

        set_policy(olivia, allowed_scopes=["messages:read"])

        key.refresh_from_db()
        assert key.scopes == list(scopes.ALL)
        with pytest.raises(ScopeNotAllowed):
            lifecycle.rotate(key=key, grace=timedelta(0), by=web(alice), now=NOW)

    def test_offers_the_lifetimes_it_allows(self, olivia: Member) -> None:
        assert policies.expiry_choices(Policy()) == [7 * DAY, 30 * DAY, 60 * DAY, 90 * DAY, 365 * DAY, None]
        assert policies.expiry_choices(Policy(allows_no_expiry=False))[-1] == 365 * DAY
        assert policies.expiry_choices(Policy(max_lifetime=45 * DAY)) == [7 * DAY, 30 * DAY, 45 * DAY]


class TestChangingIt:
    def test_is_for_owners_and_administrators_of_that_workspace(
        self, olivia: Member, alice: Member, mallory: Member
    ) -> None:
        assert olivia.workspace is not None
        for stranger in (alice, mallory):
            with pytest.raises(NotAllowed):
                policies.change_policy(
                    workspace=olivia.workspace, values=PolicyValues(max_keys=1), by=web(stranger), now=NOW
                )
        assert not Policy.objects.exists()

    def test_chooses_people_of_that_workspace_only(self, olivia: Member, mallory: Member) -> None:
        with pytest.raises(NotAllowed):
            set_policy(olivia, creators=Policy.Creators.CHOSEN, allowed_creators=[mallory])

    def test_refuses_a_scope_that_is_none(self, olivia: Member) -> None:
        with pytest.raises(ScopeUnknown):
            set_policy(olivia, allowed_scopes=["everything"])

    def test_refuses_to_allow_no_scope_at_all(self, olivia: Member) -> None:
        with pytest.raises(ScopeUnknown):
            set_policy(olivia, allowed_scopes=[])

    @pytest.mark.parametrize(
        ("field", "least", "most", "beyond"),
        [
            ("max_lifetime", DAY, 3650 * DAY, [timedelta(0), DAY / 2, 1.5 * DAY, -DAY, 3651 * DAY]),
            ("max_keys", 1, 1000, [0, -1, 1001]),
            ("idle_days", 1, 3650, [0, -1, 3651]),
            ("request_log_retention_days", 1, 400, [0, -1, 401]),
        ],
    )
    def test_takes_each_number_within_its_bounds(
        self, olivia: Member, field: str, least: Any, most: Any, beyond: list[Any]
    ) -> None:
        for number in (least, most):
            assert getattr(set_policy(olivia, **{field: number}), field) == number
        for number in beyond:
            with pytest.raises(PolicyValueInvalid) as refused:
                set_policy(olivia, **{field: number})
            assert refused.value.field == field
        assert getattr(Policy.objects.get(), field) == most

    def test_of_one_that_somebody_else_changed_meanwhile_changes_nothing(self, olivia: Member) -> None:
        assert olivia.workspace is not None
        seen = policies.get_policy(olivia.workspace).revision
        set_policy(olivia, max_keys=5)

        with pytest.raises(PolicyChanged):
            policies.change_policy(
                workspace=olivia.workspace, values=PolicyValues(), by=web(olivia), now=NOW, revision=seen
            )
        assert Policy.objects.get().max_keys == 5

    def test_is_told_with_before_and_after_and_only_when_something_changed(self, olivia: Member) -> None:
        set_policy(olivia, max_keys=5)
        set_policy(olivia, max_keys=5)

        event = AuditEvent.objects.get(type="policy.changed")
        assert event.detail["before"] == {
            "creators": "EVERYONE",
            "chosen": [],
            "allowed_scopes": None,
            "full_access_forbidden": False,
            "default_preset": "",
            "default_lifetime_days": None,
            "largest_lifetime_days": None,
            "never_allowed": True,
            "workspace_keys_allowed": True,
            "most_keys": 200,
            "addresses_required": False,
            "idle_days": None,
            "requests_kept_days": 90,
            "leak_guard": True,
            "events_allowed": True,
        }
        assert event.detail["after"] == event.detail["before"] | {"most_keys": 5}
        assert event.actor == olivia
