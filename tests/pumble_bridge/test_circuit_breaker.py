"""When Pumble is left alone, and how it is tried again."""

from collections.abc import Callable

import pytest

from pumble_bridge.exceptions import (
    PumbleError,
    PumbleNotAsked,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
    PumbleUnreachable,
    TokenRejected,
)
from pumble_bridge.resilience import FAILURE_THRESHOLD, RESET_TIMEOUT, CircuitBreaker
from tests.pumble_bridge.conftest import Clock

DOWN = PumbleUnavailable("status 503")


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def call(
    breaker: CircuitBreaker, outcome: Exception | None, during: Callable[[], object] = lambda: None
) -> str:
    """One call with that outcome, and what its caller sees; `during` happens while it is under way."""
    try:
        with breaker.guard():
            during()
            end(outcome)
    except (PumbleError, RuntimeError) as error:
        return type(error).__name__
    return "answered"


def end(outcome: Exception | None) -> None:
    if outcome is not None:
        raise outcome


def fail(breaker: CircuitBreaker, times: int = FAILURE_THRESHOLD) -> None:
    for _ in range(times):
        call(breaker, DOWN)


@pytest.mark.parametrize("failure", [DOWN, PumbleTimeout(), PumbleUnreachable()], ids=repr)
def test_after_five_failures_in_a_row_pumble_is_not_asked(
    breaker: CircuitBreaker, failure: PumbleError
) -> None:
    seen = [call(breaker, failure) for _ in range(7)]

    assert seen == [type(failure).__name__] * 5 + ["PumbleNotAsked"] * 2


@pytest.mark.parametrize(
    "answer",
    [None, PumbleRateLimited(7), PumbleRefused(404, None, "", ""), TokenRejected(401, None, "", "")],
    ids=repr,
)
def test_any_answer_begins_the_row_anew(breaker: CircuitBreaker, answer: Exception | None) -> None:
    fail(breaker, 4)
    call(breaker, answer)
    fail(breaker, 4)

    assert call(breaker, None) == "answered"


def test_who_is_not_let_through_hears_when_to_come_back_and_that_nothing_happened(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    clock.now += 1.5

    with pytest.raises(PumbleNotAsked) as refused, breaker.guard():
        pass

    assert (refused.value.retry_after, refused.value.may_have_happened) == (4, False)


def test_then_exactly_one_call_tries_at_a_time(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += RESET_TIMEOUT
    others: list[str] = []

    assert call(breaker, DOWN, lambda: others.append(call(breaker, None))) == "PumbleUnavailable"
    assert others == ["PumbleNotAsked"]
    assert call(breaker, None) == "PumbleNotAsked"  # for another while

    clock.now += RESET_TIMEOUT
    assert [call(breaker, None) for _ in range(3)] == ["answered"] * 3


def test_a_try_that_ends_in_something_else_lets_the_next_one_try(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    clock.now += RESET_TIMEOUT

    assert call(breaker, RuntimeError()) == "RuntimeError"
    assert call(breaker, None) == "answered"


def test_calls_that_hang_while_others_are_answered_have_trouble_of_their_own(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    def hang(how_many: int) -> None:
        clock.now += 1
        if how_many == 0:
            call(breaker, None)
        else:
            call(breaker, PumbleTimeout(), lambda: hang(how_many - 1))

    hang(10)

    assert call(breaker, None) == "answered"
