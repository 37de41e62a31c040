from datetime import timedelta
from typing import Any

import pytest

from keys import lifecycle, selectors
from keys.audit import Actor, Surface
from keys.exceptions import NotAllowed
from keys.models import ApiKey, AuditEvent, Member
from tests.conftest import NOW

DAY = timedelta(days=1)
State = ApiKey.State


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def live_key(owner: Member, name: str = "deploy") -> ApiKey:
    key, _ = lifecycle.issue(owner=owner, name=name, by=web(owner), now=NOW)
    return lifecycle.confirm(key=key, by=web(owner), now=NOW)


@pytest.fixture
def pair(alice: Member) -> tuple[ApiKey, ApiKey]:
    """A key that is being replaced, and its successor."""
    old = live_key(alice)
    new, _ = lifecycle.rotate(key=old, grace=DAY, by=web(alice), now=NOW)
    return old, lifecycle.confirm(key=new, by=web(alice), now=NOW)


def states(*keys: ApiKey, now: Any = NOW) -> list[ApiKey.State]:
    for key in keys:
        key.refresh_from_db()
    return [key.state(now) for key in keys]


class TestStoppingAKeyThatIsBeingReplaced:
    def test_with_its_successor_revokes_both(self, pair: tuple[ApiKey, ApiKey], olivia: Member) -> None:
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR

        lifecycle.revoke(
            key=pair[0], by=web(olivia), reason=reason, now=NOW, note="lost laptop", with_successor=True
        )

        assert states(*pair) == [State.REVOKED, State.REVOKED]
        events = AuditEvent.objects.filter(type="key.revoked")
        assert {event.detail["note"] for event in events} == {"lost laptop"}

    def test_alone_leaves_its_successor(self, pair: tuple[ApiKey, ApiKey], alice: Member) -> None:
        lifecycle.revoke(key=pair[0], by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)

        assert states(*pair) == [State.REVOKED, State.ACTIVE]

    def test_with_its_successor_disables_both_and_enables_both(
        self, pair: tuple[ApiKey, ApiKey], alice: Member
    ) -> None:
        old, new = pair
        lifecycle.disable(key=old, by=web(alice), now=NOW, with_successor=True)
        assert states(old, new) == [State.DISABLED, State.DISABLED]

        lifecycle.enable(key=new, by=web(alice), now=NOW)
        assert states(old, new) == [State.RETIRING, State.ACTIVE]

    def test_alone_can_be_undone(self, pair: tuple[ApiKey, ApiKey], alice: Member) -> None:
        old, new = pair
        lifecycle.disable(key=old, by=web(alice), now=NOW)
        assert states(old, new) == [State.DISABLED, State.ACTIVE]

        lifecycle.enable(key=old, by=web(alice), now=NOW)
        assert states(old, new) == [State.RETIRING, State.ACTIVE]

    def test_by_an_administrator_is_not_undone_by_the_holder(
        self, pair: tuple[ApiKey, ApiKey], alice: Member, olivia: Member
    ) -> None:
        lifecycle.disable(key=pair[0], by=web(olivia), now=NOW)

        with pytest.raises(NotAllowed):
            lifecycle.enable(key=pair[0], by=web(alice), now=NOW)

    def test_takes_a_successor_on_its_way_with_it(self, alice: Member) -> None:
        old = live_key(alice)
        new, _ = lifecycle.rotate(key=old, grace=DAY, by=web(alice), now=NOW)

        lifecycle.revoke(
            key=old, by=web(alice), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW, with_successor=True
        )

        assert states(old, new) == [State.REVOKED, State.REVOKED]

    def test_finds_no_successor_that_was_stopped_itself(
        self, pair: tuple[ApiKey, ApiKey], alice: Member
    ) -> None:
        old, new = pair
        old.refresh_from_db()
        assert selectors.find_successor(old, NOW) == new
        ApiKey.objects.filter(pk=new.pk).update(revoked_at=NOW, revoked_reason="BY_HOLDER")

        assert selectors.find_successor(old, NOW) is None


class TestStoppingAllKeysOfAMember:
    def test_disables_each_with_its_reason(
        self, pair: tuple[ApiKey, ApiKey], alice: Member, bob: Member, olivia: Member
    ) -> None:
        other, colleagues = live_key(alice, "ci"), live_key(bob)

        stopped = lifecycle.stop_all(owner=alice, by=web(olivia), now=NOW, note="on leave")

        assert stopped == 3
        assert states(*pair, other, colleagues) == [State.DISABLED] * 3 + [State.ACTIVE]
        notes = [event.detail["note"] for event in AuditEvent.objects.filter(type="key.disabled")]
        assert notes == ["on leave"] * 3

    def test_revokes_each_and_those_on_their_way(
        self, pair: tuple[ApiKey, ApiKey], alice: Member, olivia: Member
    ) -> None:
        pending, _ = lifecycle.issue(owner=alice, name="ci", by=web(alice), now=NOW)
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR

        stopped = lifecycle.stop_all(owner=alice, by=web(olivia), now=NOW, reason=reason, note="left")

        assert stopped == 3
        assert states(*pair, pending) == [State.REVOKED] * 3

    def test_is_for_the_member_and_administrators_alone(
        self, pair: tuple[ApiKey, ApiKey], alice: Member, bob: Member, mallory: Member
    ) -> None:
        for other in (bob, mallory):
            with pytest.raises(NotAllowed):
                lifecycle.stop_all(owner=alice, by=web(other), now=NOW)
        assert states(*pair) == [State.RETIRING, State.ACTIVE]

        assert lifecycle.stop_all(owner=alice, by=web(alice), now=NOW) == 2
