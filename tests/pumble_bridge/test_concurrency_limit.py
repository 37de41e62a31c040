"""How many calls wait for Pumble at once, and what happens to the others."""

import contextlib
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator

import pytest

from pumble_bridge import deadline
from pumble_bridge.exceptions import PumbleNotAsked
from pumble_bridge.resilience import SLOT_TIMEOUT, ConcurrencyLimit
from tests.pumble_bridge.conftest import Clock


@pytest.fixture
def limit(clock: Clock) -> ConcurrencyLimit:
    return ConcurrencyLimit("test", total=4, per_workspace=3, clock=clock)


@contextlib.contextmanager
def hanging(limit: ConcurrencyLimit, clock: Clock, *workspaces: str) -> Iterator[None]:
    """So many hold a slot, and none was taken or released for a while."""
    with contextlib.ExitStack() as inside:
        for workspace in workspaces:
            inside.enter_context(limit.slot(workspace))
        clock.now += SLOT_TIMEOUT
        yield


def turned_away(limit: ConcurrencyLimit, workspace: str) -> bool:
    try:
        with limit.slot(workspace):
            return False
    except PumbleNotAsked as refused:
        assert (refused.retry_after, refused.may_have_happened) == (1, False)
        return True


def test_a_workspace_that_hangs_leaves_slots_to_others(limit: ConcurrencyLimit, clock: Clock) -> None:
    with hanging(limit, clock, "acme", "acme", "acme"):
        assert turned_away(limit, "acme")
        assert not turned_away(limit, "globex")


def test_a_full_limit_without_progress_refuses_at_once(limit: ConcurrencyLimit, clock: Clock) -> None:
    with hanging(limit, clock, "acme", "acme", "globex", "globex"):
        assert turned_away(limit, "acme")
        assert turned_away(limit, "initech")


def test_a_slot_is_free_again_when_its_call_is_over_however_it_ended(
    limit: ConcurrencyLimit, clock: Clock
) -> None:
    with contextlib.suppress(RuntimeError), hanging(limit, clock, "acme", "acme", "acme"):
        raise RuntimeError

    assert not turned_away(limit, "acme")


def test_while_others_come_and_go_one_waits_for_a_slot(limit: ConcurrencyLimit) -> None:
    seen: list[bool] = []
    waiter = threading.Thread(target=lambda: seen.append(turned_away(limit, "acme")))
    with limit.slot("acme"), limit.slot("acme"):
        with limit.slot("acme"):
            waiter.start()
        waiter.join(5)

    assert seen == [False]


def test_one_waits_no_longer_than_the_deadline(limit: ConcurrencyLimit) -> None:
    with deadline.within(0.05), contextlib.ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(limit.slot("acme"))
        assert turned_away(limit, "acme")

    assert not turned_away(limit, "acme")


def test_whoever_waits_is_not_overtaken_for_ever() -> None:
    limit = ConcurrencyLimit("test", total=2, per_workspace=2)
    turns: Counter[int] = Counter()
    over = threading.Event()

    def call_again_and_again(number: int) -> None:
        while not over.is_set():
            with limit.slot("acme"):
                turns[number] += 1
                over.wait(0.002)

    threads = [threading.Thread(target=call_again_and_again, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 5
    while time.monotonic() < end and min(turns[number] for number in range(6)) < 5:
        over.wait(0.01)
    over.set()
    for thread in threads:
        thread.join()

    assert min(turns[number] for number in range(6)) >= 5


def test_of_several_that_wait_each_ends_at_its_deadline(limit: ConcurrencyLimit) -> None:
    seen: list[bool] = []

    def wait() -> None:
        with deadline.within(0.05):
            seen.append(turned_away(limit, "acme"))

    with contextlib.ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(limit.slot("acme"))
        threads = [threading.Thread(target=wait) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)

    assert seen == [True] * 4


def test_many_at_once_are_never_more_than_there_are_slots() -> None:
    limit = ConcurrencyLimit("test", total=4, per_workspace=3)
    counting = threading.Lock()
    inside = most = done = 0

    def call(workspace: str) -> None:
        nonlocal inside, most, done
        with limit.slot(workspace):
            with counting:
                inside += 1
                most = max(most, inside)
            with counting:
                inside -= 1
                done += 1

    threads = [threading.Thread(target=call, args=(f"workspace {n % 3}",)) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most <= 4
    assert done == 60


def test_workspaces_without_a_call_take_no_memory() -> None:
    limit = ConcurrencyLimit("test", total=4, per_workspace=3)
    with limit.slot("the first"):
        pass
    tracemalloc.start()
    try:
        for number in range(2000):
            with limit.slot(f"workspace {number}"):
                pass
        left = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert left < 20_000
