from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keys import lifecycle, policies
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import (
    AddressesRequired,
    CreationNotAllowed,
    ExpiryInPast,
    ExpiryTooFar,
    KeyBeingReplaced,
    KeyDisabled,
    KeyNotFound,
    KeysError,
    NotAllowed,
    ScopeNotAllowed,
)
from keys.models import ApiKey, AuditEvent, Member, Policy
from keys.policies import PolicyValues
from portal.presentation.event_texts import describe_event
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def live_key(owner: Member, **options: Any) -> ApiKey:
    key, _ = lifecycle.issue(owner=owner, name="deploy", by=web(owner), now=NOW, **options)
    return lifecycle.confirm(key=key, by=web(owner), now=NOW)


def renew(key: ApiKey, **options: Any) -> ApiKey:
    values: dict[str, Any] = {"expires_at": NOW + 90 * DAY, "grace": HOUR, "by": web(key.owner), "now": NOW}
    successor, _ = lifecycle.renew(key=key, **values | options)
    return lifecycle.confirm(key=successor, by=web(key.owner), now=NOW)


def set_policy(administrator: Member, **values: Any) -> Policy:
    assert administrator.workspace is not None
    return policies.change_policy(
        workspace=administrator.workspace, values=PolicyValues(**values), by=web(administrator), now=NOW
    )


class TestARenewal:
    def test_makes_a_successor_with_the_same_rights_and_a_new_end(self, alice: Member) -> None:
        old = live_key(
            alice, scopes=["messages:write"], channels={"a" * 24: "ops"}, expires_at=NOW + 2 * HOUR
        )

        new = renew(old)

        old.refresh_from_db()
        assert (new.name, new.scopes, new.channels) == (old.name, old.scopes, old.channels)
        assert (new.expires_at, new.state(NOW)) == (NOW + 90 * DAY, ApiKey.State.ACTIVE)
        assert (old.retires_at, old.state(NOW)) == (NOW + HOUR, ApiKey.State.RETIRING)

    def test_leaves_the_old_key_as_it_was_until_somebody_was_shown_the_new_one(self, alice: Member) -> None:
        old = live_key(alice, expires_at=NOW + DAY)

        lifecycle.renew(key=old, expires_at=NOW + 9 * DAY, grace=HOUR, by=web(alice), now=NOW)

        old.refresh_from_db()
        assert (old.expires_at, old.retires_at) == (NOW + DAY, None)

    def test_keeps_its_end_and_no_right_that_the_old_key_lost_meanwhile(self, alice: Member) -> None:
        old = live_key(alice, expires_at=NOW + DAY)
        new, _ = lifecycle.renew(key=old, expires_at=NOW + 9 * DAY, grace=HOUR, by=web(alice), now=NOW)
        fewer = replace(old.rights, scopes=["user:read"])
        lifecycle.narrow(key=old, rights=fewer, by=web(alice), now=NOW)

        confirmed = lifecycle.confirm(key=new, by=web(alice), now=NOW)

        assert (confirmed.scopes, confirmed.expires_at) == (["user:read"], NOW + 9 * DAY)

    @pytest.mark.parametrize("is_enforced", [True, False])
    def test_has_the_earlier_expiry_of_both_keys_if_the_policy_became_stricter_before_its_delivery(
        self,
        alice: Member,
        olivia: Member,
        is_enforced: bool,
    ) -> None:
        old = live_key(alice)
        new, _ = lifecycle.renew(key=old, expires_at=NOW + 90 * DAY, grace=HOUR, by=web(alice), now=NOW)
        policy = set_policy(olivia, max_lifetime=7 * DAY)
        if is_enforced:
            lifecycle.enforce_policy(key=old, revision=policy.revision, by=web(olivia), now=NOW)

        new = lifecycle.confirm(key=new, by=web(alice), now=NOW)

        assert new.expires_at == NOW + (7 * DAY if is_enforced else 90 * DAY)

    def test_can_be_narrowed_while_the_old_key_still_works(self, alice: Member) -> None:
        old = live_key(alice, expires_at=NOW + DAY)
        new = renew(old)
        fewer = replace(new.rights, scopes=["user:read"])

        narrowed = lifecycle.narrow(key=new, rights=fewer, by=web(alice), now=NOW)

        old.refresh_from_db()
        assert (narrowed.scopes, narrowed.expires_at) == (["user:read"], NOW + 90 * DAY)
        assert (old.scopes, old.expires_at) == (["user:read"], NOW + DAY)

    def test_can_take_the_end_away(self, alice: Member) -> None:
        assert renew(live_key(alice, expires_at=NOW + DAY), expires_at=None).expires_at is None

    def test_is_told_from_a_rotation_in_the_history(self, alice: Member) -> None:
        old = live_key(alice, expires_at=NOW + DAY)
        new = renew(old)

        events = AuditEvent.objects.filter(type__in=["key.issued", "key.rotated"]).order_by("pk")
        texts = [describe_event(event) for event in events]

        assert texts[1:] == [
            f"Created to renew pmb_{old.key_id}",
            f"Renewed: pmb_{new.key_id} takes its place",
        ]
        assert {event.surface for event in events} == {"WEB"}

    def test_has_an_end_that_is_ahead(self, alice: Member) -> None:
        with pytest.raises(ExpiryInPast):
            renew(live_key(alice), expires_at=NOW)

    def test_is_for_the_holder_and_the_operator_alone(
        self, alice: Member, bob: Member, olivia: Member
    ) -> None:
        key = live_key(alice)

        for other in (bob, olivia):
            with pytest.raises(NotAllowed):
                renew(key, by=web(other))

        assert renew(key, by=OPERATOR).replaces == key

    def test_needs_a_key_that_works_and_is_not_being_replaced(self, alice: Member) -> None:
        key = live_key(alice)
        lifecycle.disable(key=key, by=web(alice), now=NOW)
        with pytest.raises(KeyDisabled):
            renew(key)
        lifecycle.enable(key=key, by=web(alice), now=NOW)
        renew(key)
        with pytest.raises(KeyBeingReplaced):
            renew(key)
        lifecycle.revoke(key=key, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        with pytest.raises(KeyNotFound):
            renew(key)

    @pytest.mark.parametrize(
        ("values", "refused"),
        [
            ({"max_lifetime": 30 * DAY}, ExpiryTooFar),
            ({"allowed_scopes": ["user:read"]}, ScopeNotAllowed),
            ({"full_access_forbidden": True}, ScopeNotAllowed),
            ({"addresses_required": True}, AddressesRequired),
            ({"creators": Policy.Creators.ADMINISTRATORS}, CreationNotAllowed),
        ],
    )
    def test_that_the_policy_forbids_is_refused_and_makes_nothing(
        self, alice: Member, olivia: Member, values: dict[str, Any], refused: type[KeysError]
    ) -> None:
        key = live_key(alice)
        set_policy(olivia, **values)

        with pytest.raises(refused):
            renew(key)

        assert ApiKey.objects.get() == key

    def test_within_the_policy_is_allowed_where_the_old_end_was_not(
        self, alice: Member, olivia: Member
    ) -> None:
        key = live_key(alice)
        set_policy(olivia, max_lifetime=90 * DAY)

        assert renew(key, expires_at=NOW + 90 * DAY).expires_at == NOW + 90 * DAY


class TestTheProposedEnd:
    @pytest.mark.parametrize(
        ("meant", "policy", "proposed"),
        [
            (30 * DAY, {}, 30 * DAY),
            (45 * DAY, {}, 60 * DAY),
            (365 * DAY, {"max_lifetime": 60 * DAY}, 60 * DAY),
            (None, {}, None),
            (None, {"allows_no_expiry": False}, 365 * DAY),
        ],
    )
    def test_is_about_as_far_as_the_key_was_meant_to_last(
        self, alice: Member, meant: timedelta | None, policy: dict[str, Any], proposed: timedelta | None
    ) -> None:
        key = live_key(alice, expires_at=NOW + meant if meant else None)

        assert policies.renewal_lifetime(Policy(**policy), key) == proposed

    def test_of_a_rotated_key_counts_from_its_beginning(self, alice: Member) -> None:
        key = live_key(alice, expires_at=NOW + 90 * DAY)
        later = NOW + 85 * DAY
        rotated, _ = lifecycle.rotate(key=key, grace=HOUR, by=web(alice), now=later)

        assert policies.renewal_lifetime(Policy(), rotated) == 90 * DAY
