"""Keys that nothing uses: disabled by themselves where their workspace wants it, and never without warning."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from keys import lifecycle, policies
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import NotAllowed
from keys.models import ApiKey, AuditEvent, LastUse, Member
from keys.policies import PolicyValues
from tests.conftest import NOW
from tests.queries import before_query

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LATER = NOW + 30 * DAY


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


@pytest.fixture
def thirty_days(olivia: Member) -> None:
    set_policy(olivia, idle_days=30)


def set_policy(owner: Member, *, now: datetime = NOW, **terms: Any) -> None:
    assert owner.workspace is not None
    policies.change_policy(workspace=owner.workspace, values=PolicyValues(**terms), by=web(owner), now=now)


def new_key(owner: Member, *, now: datetime = NOW, **options: Any) -> ApiKey:
    key, _plaintext = lifecycle.issue(owner=owner, name=None, by=OPERATOR, now=now, **options)
    return lifecycle.confirm(key=key, by=OPERATOR, now=now)


def use(key: ApiKey, at: datetime) -> None:
    LastUse.objects.update_or_create(key=key, defaults={"at": at})


def is_disabled(key: ApiKey) -> bool:
    key.refresh_from_db()
    return key.disabled_at is not None


@pytest.mark.usefixtures("thirty_days")
class TestAnIdleKey:
    def test_is_disabled_to_the_second_when_its_days_are_over(self, alice: Member) -> None:
        never_used, used = new_key(alice), new_key(alice)
        use(used, NOW + SECOND)

        assert lifecycle.disable_idle(now=LATER - SECOND) == 0
        assert lifecycle.disable_idle(now=LATER) == 1
        assert (is_disabled(never_used), is_disabled(used)) == (True, False)
        assert lifecycle.disable_idle(now=LATER + SECOND) == 1
        assert is_disabled(used)
        assert lifecycle.disable_idle(now=LATER + DAY) == 0

    def test_is_told_in_the_audit_with_why(self, alice: Member) -> None:
        key = new_key(alice)

        lifecycle.disable_idle(now=LATER)

        event = AuditEvent.objects.get(type="key.disabled")
        assert (event.key, event.member, event.actor, event.surface) == (key, alice, None, "SYSTEM")
        assert event.detail == {"reason": "IDLE", "idle_days": 30, "idle_since": NOW.isoformat()}

    def test_can_be_enabled_by_its_holder_and_then_has_all_its_days_again(self, alice: Member) -> None:
        key = new_key(alice)
        lifecycle.disable_idle(now=LATER)

        lifecycle.enable(key=key, by=web(alice), now=LATER + DAY)

        assert lifecycle.disable_idle(now=LATER + DAY + timedelta(hours=1)) == 0
        assert lifecycle.disable_idle(now=LATER + 31 * DAY - SECOND) == 0
        assert not is_disabled(key)
        assert lifecycle.disable_idle(now=LATER + 31 * DAY) == 1

    def test_that_an_owner_disables_too_is_no_longer_its_holders_to_enable(
        self, alice: Member, olivia: Member
    ) -> None:
        key = new_key(alice)
        lifecycle.disable_idle(now=LATER)

        lifecycle.disable(key=key, by=web(olivia), now=LATER)

        with pytest.raises(NotAllowed):
            lifecycle.enable(key=key, by=web(alice), now=LATER)

    def test_is_none_that_was_replaced_while_the_one_it_replaced_is_in_use(self, alice: Member) -> None:
        old = new_key(alice)
        use(old, NOW + 25 * DAY)
        new, _ = lifecycle.rotate(key=old, grace=7 * DAY, by=web(alice), now=NOW + 25 * DAY)
        new = lifecycle.confirm(key=new, by=web(alice), now=NOW + 25 * DAY)
        use(old, NOW + 31 * DAY)

        assert lifecycle.disable_idle(now=NOW + 60 * DAY) == 0
        assert lifecycle.disable_idle(now=NOW + 61 * DAY) == 1
        assert is_disabled(new)

    def test_is_left_alone_where_it_is_over_or_disabled_or_was_never_shown(self, alice: Member) -> None:
        lifecycle.issue(owner=alice, name="pending", by=OPERATOR, now=NOW)
        revoked, disabled = new_key(alice), new_key(alice)
        new_key(alice, expires_at=LATER)
        lifecycle.revoke(key=revoked, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)
        lifecycle.disable(key=disabled, by=web(alice), now=NOW)

        assert lifecycle.disable_idle(now=LATER) == 0

    def test_that_is_used_or_revoked_this_very_moment_is_left_as_it_is(self, alice: Member) -> None:
        used, revoked, idle = new_key(alice), new_key(alice), new_key(alice)
        reason = ApiKey.RevokeReason.BY_HOLDER

        def happens() -> None:
            use(used, LATER - SECOND)
            lifecycle.revoke(key=revoked, by=web(alice), reason=reason, now=LATER)

        with before_query("SAVEPOINT", happens):  # before the first key's own transaction
            assert lifecycle.disable_idle(now=LATER) == 1

        assert [is_disabled(key) for key in (used, revoked, idle)] == [False, False, True]
        assert revoked.revoked_reason == reason

    def test_of_another_workspace_is_judged_by_that_ones_policy(self, mallory: Member, alice: Member) -> None:
        theirs, ours = new_key(mallory), new_key(alice)

        lifecycle.disable_idle(now=LATER)

        assert (is_disabled(theirs), is_disabled(ours)) == (False, True)


class TestAStricterNumberOfDays:
    @pytest.mark.parametrize(("days", "after"), [(30, 7), (7, 7), (2, 2)])
    def test_leaves_keys_that_are_idle_already_a_week_or_all_its_days(
        self, alice: Member, olivia: Member, days: int, after: int
    ) -> None:
        key = new_key(alice)
        set_policy(olivia, idle_days=days, now=NOW + 100 * DAY)

        assert lifecycle.disable_idle(now=NOW + (100 + after) * DAY - SECOND) == 0
        assert lifecycle.disable_idle(now=NOW + (100 + after) * DAY) == 1
        assert is_disabled(key)

    def test_counts_the_week_from_when_it_became_stricter(self, alice: Member, olivia: Member) -> None:
        new_key(alice)
        set_policy(olivia, idle_days=40, now=NOW)
        set_policy(olivia, idle_days=50, now=NOW + 39 * DAY)
        set_policy(olivia, idle_days=50, now=NOW + 49 * DAY, max_keys=3)

        assert lifecycle.disable_idle(now=NOW + 50 * DAY) == 1

    def test_is_announced_by_the_keys_that_it_will_stop(self, alice: Member, olivia: Member) -> None:
        idle, fresh = new_key(alice), new_key(alice)
        use(fresh, NOW + 99 * DAY)
        set_policy(olivia, idle_days=30, now=NOW + 100 * DAY)

        assert list(lifecycle.find_keys_becoming_idle(6 * DAY, NOW + 100 * DAY)) == []
        assert list(lifecycle.find_keys_becoming_idle(7 * DAY, NOW + 100 * DAY)) == [(idle, NOW + 107 * DAY)]
