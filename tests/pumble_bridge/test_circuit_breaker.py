"""When the circuit breaker opens, and how it closes again."""

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
def test_five_failures_in_a_row_open_the_circuit(breaker: CircuitBreaker, failure: PumbleError) -> None:
    seen = [call(breaker, failure) for _ in range(7)]

    assert seen == [type(failure).__name__] * 5 + ["PumbleNotAsked"] * 2


@pytest.mark.parametrize(
    "answer",
    [None, PumbleRateLimited(7), PumbleRefused(404, None, "", ""), TokenRejected(401, None, "", "")],
    ids=repr,
)
def test_any_response_resets_the_count(breaker: CircuitBreaker, answer: Exception | None) -> None:
    fail(breaker, 4)
    call(breaker, answer)
    fail(breaker, 4)

    assert call(breaker, None) == "answered"


def test_a_refused_call_has_a_retry_time_and_did_not_happen(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += 1.5

    with pytest.raises(PumbleNotAsked) as refused, breaker.guard():
        pass

    assert (refused.value.retry_after, refused.value.may_have_happened) == (4, False)


def test_an_open_circuit_allows_one_trial_call_at_a_time(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += RESET_TIMEOUT
    others: list[str] = []

    assert call(breaker, DOWN, lambda: others.append(call(breaker, None))) == "PumbleUnavailable"
    assert others == ["PumbleNotAsked"]
    assert call(breaker, None) == "PumbleNotAsked"  # for another while

    clock.now += RESET_TIMEOUT
    assert [call(breaker, None) for _ in range(3)] == ["answered"] * 3


def test_another_exception_in_a_trial_call_allows_the_next_trial(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    clock.now += RESET_TIMEOUT

    assert call(breaker, RuntimeError()) == "RuntimeError"
    assert call(breaker, None) == "answered"


def test_a_failure_does_not_count_if_later_calls_got_responses(breaker: CircuitBreaker, clock: Clock) -> None:
    def hang(how_many: int) -> None:
        clock.now += 1
        if how_many == 0:
            call(breaker, None)
        else:
            call(breaker, PumbleTimeout(), lambda: hang(how_many - 1))

    hang(10)

    assert call(breaker, None) == "answered"
