from datetime import timedelta

import pytest

from keys import idempotency, lifecycle
from keys.audit import OPERATOR
from keys.exceptions import IdempotencyConflict, IdempotencyInProgress, IdempotencyOutcomeUnknown
from keys.idempotency import Replayed, Started
from keys.models import ApiKey, IdempotentCall, Member
from tests.conftest import NOW
from tests.queries import before_query

SOON = NOW + timedelta(seconds=5)


@pytest.fixture
def key(alice: Member) -> ApiKey:
    return lifecycle.issue(owner=alice, name="a", by=OPERATOR, now=NOW)[0]


def first(key: ApiKey, value: str = "v", request: bytes = b"r") -> Started:
    begun = idempotency.begin(key.pk, value, request, now=NOW)
    assert isinstance(begun, Started)
    return begun


def test_a_repetition_gets_the_first_answer(key: ApiKey) -> None:
    first(key).complete(b'{"id":"1"}', now=NOW)

    assert idempotency.begin(key.pk, "v", b"r", now=SOON) == Replayed(b'{"id":"1"}')


def test_a_value_belongs_to_one_key(key: ApiKey, bob: Member) -> None:
    first(key).complete(b"{}", now=NOW)

    first(lifecycle.issue(owner=bob, name="b", by=OPERATOR, now=NOW)[0])


def test_another_request_with_the_same_value_is_a_conflict(key: ApiKey) -> None:
    first(key).complete(b"{}", now=NOW)

    with pytest.raises(IdempotencyConflict):
        idempotency.begin(key.pk, "v", b"another", now=SOON)


def test_a_repetition_during_the_first_is_told_so_and_after_too_long_that_nobody_knows(key: ApiKey) -> None:
    first(key)

    with pytest.raises(IdempotencyInProgress):
        idempotency.begin(key.pk, "v", b"r", now=SOON)
    with pytest.raises(IdempotencyOutcomeUnknown):
        idempotency.begin(key.pk, "v", b"r", now=NOW + idempotency.MAX_CALL_DURATION)


def test_what_ended_unknown_stays_unknown(key: ApiKey) -> None:
    first(key).mark_unknown(now=NOW)

    for when in (SOON, NOW + timedelta(hours=23)):
        with pytest.raises(IdempotencyOutcomeUnknown):
            idempotency.begin(key.pk, "v", b"r", now=when)


def test_what_did_nothing_can_be_done_again(key: ApiKey) -> None:
    first(key).release()

    first(key, request=b"corrected")


def test_after_a_day_a_value_is_new_again(key: ApiKey) -> None:
    first(key).complete(b"{}", now=NOW)
    day = timedelta(hours=24)

    assert isinstance(idempotency.begin(key.pk, "v", b"r", now=NOW + day - timedelta(seconds=1)), Replayed)
    assert isinstance(idempotency.begin(key.pk, "v", b"r", now=NOW + day), Started)
    assert idempotency.delete_expired(now=NOW + 2 * day) == 1
    assert not IdempotentCall.objects.exists()


def test_a_repetition_that_meets_the_very_end_of_a_call_without_effect_is_told_to_come_again(
    key: ApiKey,
) -> None:
    begun = first(key)

    with (
        before_query(r'SELECT .*FROM "keys_idempotentcall"', begun.release),
        pytest.raises(IdempotencyInProgress),
    ):
        idempotency.begin(key.pk, "v", b"r", now=SOON)

    first(key)
