from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from keys import lifecycle
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import (
    GraceInvalid,
    KeyBeingReplaced,
    KeyDisabled,
    KeyNotFound,
    KeyRevoked,
    KeyRotated,
    NotAllowed,
    RotationUnderway,
    SuccessorInUse,
)
from keys.key_format import Plaintext
from keys.models import ApiKey, AuditEvent, LastUse, Member
from tests.authentication import check
from tests.conftest import NOW

API = Actor(None, Surface.API)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def live_key(owner: Member, **options: Any) -> tuple[ApiKey, Plaintext]:
    key, plaintext = lifecycle.issue(owner=owner, name="deploy", by=web(owner), now=NOW, **options)
    return lifecycle.confirm(key=key, by=web(owner), now=NOW), plaintext


def rotate(key: ApiKey, grace: timedelta = DAY, **options: Any) -> tuple[ApiKey, Plaintext]:
    successor, plaintext = lifecycle.rotate(key=key, grace=grace, by=web(key.owner), now=NOW, **options)
    return lifecycle.confirm(key=successor, by=web(key.owner), now=NOW), plaintext


def opens(plaintext: Plaintext, now: Any = NOW) -> ApiKey:
    return check(plaintext.text.encode(), by=API, now=now)


class TestARotation:
    def test_makes_a_new_plaintext_with_the_same_name_and_rights(self, alice: Member) -> None:
        rights: dict[str, Any] = {
            "scopes": ["messages:write"],
            "channels": {"a" * 24: "ops"},
            "allowed_addresses": ["10.0.0.0/8"],
            "calls_per_minute": 5,
            "expires_at": NOW + 30 * DAY,
        }
        old, old_text = live_key(alice, **rights)

        new, new_text = rotate(old)

        assert (new.name, new.rights) == ("deploy", old.rights)
        assert new_text.text != old_text.text

    def test_lets_both_work_until_the_grace_is_over(self, alice: Member) -> None:
        old, old_text = live_key(alice)
        _, new_text = rotate(old, grace=HOUR)

        assert opens(old_text, NOW + HOUR - timedelta(seconds=1)).state(NOW) == ApiKey.State.RETIRING
        with pytest.raises(KeyRotated) as refused:
            opens(old_text, NOW + HOUR)
        assert refused.value.retired_at == NOW + HOUR
        assert opens(new_text, NOW + HOUR).name == "deploy"

    def test_without_grace_ends_the_old_key_at_once_but_not_before_the_new_one_was_delivered(
        self, alice: Member
    ) -> None:
        old, old_text = live_key(alice)
        new, _ = lifecycle.rotate(key=old, grace=timedelta(0), by=web(alice), now=NOW)
        assert opens(old_text) == old

        lifecycle.confirm(key=new, by=web(alice), now=NOW)

        with pytest.raises(KeyRotated):
            opens(old_text)

    def test_never_gives_more_grace_than_the_key_had_left(self, alice: Member) -> None:
        old, _ = live_key(alice, expires_at=NOW + HOUR)
        new, _ = rotate(old, grace=7 * DAY)

        old.refresh_from_db()
        assert (old.retires_at, new.expires_at) == (NOW + HOUR, NOW + HOUR)
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.filter(pk=old.pk).update(retires_at=NOW + DAY)

    def test_whose_new_key_nobody_was_shown_leaves_the_old_one_as_it_was(self, alice: Member) -> None:
        old, old_text = live_key(alice)
        new, new_text = lifecycle.rotate(key=old, grace=timedelta(0), by=web(alice), now=NOW)

        lifecycle.revoke(key=new, by=web(alice), reason=ApiKey.RevokeReason.NOT_DELIVERED, now=NOW)

        assert opens(old_text).state(NOW) == ApiKey.State.ACTIVE
        with pytest.raises(KeyRevoked):
            opens(new_text)

    def test_is_refused_while_another_is_on_its_way_and_takes_its_place_later(self, alice: Member) -> None:
        old, _ = live_key(alice)
        first, _ = lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW)

        with pytest.raises(RotationUnderway):
            lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW)
        second, _ = lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW + timedelta(minutes=2))

        first.refresh_from_db()
        assert first.revoked_reason == ApiKey.RevokeReason.NOT_DELIVERED
        assert second.state(NOW) == ApiKey.State.PENDING

    def test_gives_the_new_key_no_right_that_the_old_one_lost_meanwhile(self, alice: Member) -> None:
        old, _ = live_key(alice)
        new, new_text = lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW)
        narrowed = lifecycle.narrow(key=old, rights=_only_reading(old), by=web(alice), now=NOW)
        lifecycle.disable(key=old, by=web(alice), now=NOW)

        new = lifecycle.confirm(key=new, by=web(alice), now=NOW)

        assert new.scopes == narrowed.scopes == ["messages:read"]
        with pytest.raises(KeyDisabled):
            opens(new_text)

    def test_does_not_outlive_a_revocation_of_the_old_key(self, alice: Member) -> None:
        old, _ = live_key(alice)
        new, new_text = lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW)

        lifecycle.revoke(key=old, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=NOW)

        with pytest.raises(KeyRevoked):
            opens(new_text)
        assert lifecycle.confirm(key=new, by=web(alice), now=NOW).revoked_at is not None

    def test_does_not_outlive_the_end_of_the_old_key(self, alice: Member) -> None:
        old, _ = live_key(alice, expires_at=NOW + HOUR)
        new, new_text = lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW)

        new = lifecycle.confirm(key=new, by=web(alice), now=NOW + HOUR)

        assert new.revoked_reason == ApiKey.RevokeReason.PREDECESSOR_REVOKED
        with pytest.raises(KeyRevoked):
            opens(new_text)
        assert not AuditEvent.objects.filter(type="key.rotated").exists()

    def test_can_be_begun_again_at_once_where_the_new_key_did_not_arrive(self, alice: Member) -> None:
        old, old_text = live_key(alice)
        lost, _ = lifecycle.rotate(key=old, grace=HOUR, by=web(alice), now=NOW)
        lifecycle.revoke(key=lost, by=web(alice), reason=ApiKey.RevokeReason.NOT_DELIVERED, now=NOW)

        new, new_text = rotate(old)

        assert [opens(old_text).state(NOW), opens(new_text)] == [ApiKey.State.RETIRING, new]
        assert AuditEvent.objects.filter(type="key.revoked").count() == 1

    @pytest.mark.parametrize("grace", [timedelta(minutes=5), timedelta(days=8), timedelta(seconds=-1)])
    def test_takes_no_other_grace_than_those_offered(self, alice: Member, grace: timedelta) -> None:
        with pytest.raises(GraceInvalid):
            rotate(live_key(alice)[0], grace=grace)

    def test_is_for_active_keys_of_ones_own(self, alice: Member, olivia: Member) -> None:
        key, _ = live_key(alice)
        with pytest.raises(NotAllowed):
            lifecycle.rotate(key=key, grace=HOUR, by=web(olivia), now=NOW)
        lifecycle.disable(key=key, by=web(alice), now=NOW)
        with pytest.raises(KeyDisabled):
            rotate(key)
        lifecycle.enable(key=key, by=web(alice), now=NOW)
        rotate(key)
        with pytest.raises(KeyBeingReplaced):
            rotate(key)
        lifecycle.revoke(key=key, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        with pytest.raises(KeyNotFound):
            rotate(key)


class TestWhileBothWork:
    def test_what_is_done_to_the_new_key_is_done_to_the_old_one(self, alice: Member) -> None:
        old, old_text = live_key(alice)
        new, new_text = rotate(old)

        lifecycle.rename(key=new, name="release", by=web(alice), now=NOW)
        lifecycle.narrow(key=new, rights=_only_reading(new), by=web(alice), now=NOW)

        assert {(opens(text).name, *opens(text).scopes) for text in (old_text, new_text)} == {
            ("release", "messages:read")
        }
        lifecycle.disable(key=new, by=web(alice), now=NOW)
        for text in (old_text, new_text):
            with pytest.raises(KeyDisabled):
                opens(text)
        lifecycle.enable(key=new, by=web(alice), now=NOW)
        assert opens(old_text) == old
        lifecycle.revoke(key=new, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        with pytest.raises(KeyRevoked):
            opens(old_text)

    def test_the_old_key_cannot_be_renamed_alone(self, alice: Member) -> None:
        old, _ = live_key(alice)
        new, _ = rotate(old)

        with pytest.raises(KeyBeingReplaced):
            lifecycle.rename(key=old, name="older", by=web(alice), now=NOW)

        assert {key.name for key in ApiKey.objects.all()} == {new.name}

    def test_the_old_key_can_be_revoked_alone(self, alice: Member) -> None:
        old, old_text = live_key(alice)
        new, new_text = rotate(old)

        lifecycle.revoke(key=old, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)

        with pytest.raises(KeyRevoked):
            opens(old_text)
        assert opens(new_text) == new

    def test_finishing_now_ends_the_old_one(self, alice: Member, mallory: Member) -> None:
        old, old_text = live_key(alice)
        new, new_text = rotate(old)

        with pytest.raises(NotAllowed):
            lifecycle.finish_rotation(key=new, by=web(mallory), now=NOW)
        lifecycle.finish_rotation(key=new, by=web(alice), now=NOW)

        with pytest.raises(KeyRotated):
            opens(old_text)
        assert opens(new_text) == new

    def test_the_name_means_the_new_key_and_both_count_as_one(self, alice: Member) -> None:
        from keys import selectors

        old, _ = live_key(alice)
        new, _ = rotate(old)

        assert selectors.get_own_key(alice, "deploy", NOW) == new
        assert selectors.get_own_key(alice, old.key_id, NOW) == old
        assert list(ApiKey.objects.filter(owner=alice).current(NOW)) == [new]

    def test_rotating_again_ends_the_oldest_so_that_never_more_than_two_work(self, alice: Member) -> None:
        first, first_text = live_key(alice)
        second, second_text = rotate(first)
        third, third_text = rotate(second)

        with pytest.raises(KeyRotated):
            opens(first_text)
        assert [opens(text) for text in (second_text, third_text)] == [second, third]


class TestAReplacedKey:
    def test_that_is_still_presented_is_told_to_the_auditor_once_a_day(self, alice: Member) -> None:
        old, old_text = live_key(alice)
        rotate(old, grace=timedelta(0))

        for when in (NOW, NOW + HOUR, NOW + DAY, NOW + DAY + HOUR):
            with pytest.raises(KeyRotated):
                opens(old_text, when)

        events = AuditEvent.objects.filter(type="key.used_after_rotation", key=old)
        assert [event.at for event in events.order_by("at")] == [NOW, NOW + DAY]


def _only_reading(key: ApiKey) -> Any:
    from dataclasses import replace

    return replace(key.rights, scopes=["messages:read"])


def test_a_key_that_was_rotated_often_costs_no_more_queries(alice: Member) -> None:
    key, _ = live_key(alice)
    counts = []
    for day in range(12):
        now = NOW + 2 * day * DAY
        with CaptureQueriesContext(connection) as queries:
            successor, _ = lifecycle.rotate(key=key, grace=HOUR, by=web(alice), now=now)
            key = lifecycle.confirm(key=successor, by=web(alice), now=now)
        counts.append(len(queries))

    assert len(set(counts[2:])) == 1


class TestAKeyThatRotatesItselfAgain:
    @pytest.fixture
    def old(self, alice: Member) -> ApiKey:
        return live_key(alice)[0]

    def again(self, old: ApiKey, *, now: Any = NOW) -> ApiKey:
        by = Actor(old.owner, Surface.API, key=old)
        successor, _ = lifecycle.rotate(key=old, grace=DAY, by=by, now=now)
        return successor

    def deliver(self, key: ApiKey, *, now: Any = NOW) -> ApiKey:
        return lifecycle.confirm(key=key, by=API, now=now)

    def test_keeps_the_lost_successor_until_the_next_was_delivered(self, old: ApiKey) -> None:
        lost = self.deliver(self.again(old))
        found = self.again(old)
        lost.refresh_from_db()
        assert lost.revoked_at is None

        self.deliver(found)

        lost.refresh_from_db()
        assert lost.revoked_reason == ApiKey.RevokeReason.NOT_DELIVERED
        assert old.successors.filter(revoked_at=None).get() == found

    def test_loses_the_next_if_the_first_was_used_meanwhile(self, old: ApiKey) -> None:
        first = self.deliver(self.again(old))
        second = self.again(old)
        LastUse.objects.create(key=first, at=NOW)

        self.deliver(second)

        second.refresh_from_db()
        first.refresh_from_db()
        assert (first.revoked_at, second.revoked_at) == (None, NOW)

    def test_is_refused_if_it_came_before_the_first_was_delivered(self, old: ApiKey) -> None:
        self.deliver(self.again(old), now=NOW + timedelta(seconds=1))

        with pytest.raises(RotationUnderway):
            self.again(old)

    def test_is_refused_if_its_successor_was_used(self, old: ApiKey) -> None:
        LastUse.objects.create(key=self.deliver(self.again(old)), at=NOW)

        with pytest.raises(SuccessorInUse):
            self.again(old)

    def test_is_refused_if_its_owner_rotated_it(self, old: ApiKey) -> None:
        rotate(old)

        with pytest.raises(KeyBeingReplaced):
            self.again(old)
