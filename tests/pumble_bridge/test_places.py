"""How many wait for Pumble at once, and what becomes of the rest."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from pumble_bridge import deadline
from pumble_bridge.errors import PumbleNotAsked
from pumble_bridge.places import PATIENCE_SECONDS, Places


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(clock: Clock) -> Places:
    return Places("test", in_all=4, for_one=3, clock=clock)


@contextlib.contextmanager
def hanging(places: Places, clock: Clock, *workspaces: str) -> Iterator[None]:
    """So many have a place, and none of them has moved for a while."""
    with contextlib.ExitStack() as inside:
        for workspace in workspaces:
            inside.enter_context(places.taken(workspace))
        clock.now += PATIENCE_SECONDS
        yield


def turned_away(places: Places, workspace: str) -> bool:
    try:
        with places.taken(workspace):
            return False
    except PumbleNotAsked as refused:
        assert (refused.retry_after, refused.may_have_happened) == (1, False)
        return True


def test_a_workspace_that_hangs_leaves_places_to_others(places: Places, clock: Clock) -> None:
    with hanging(places, clock, "acme", "acme", "acme"):
        assert turned_away(places, "acme")
        assert not turned_away(places, "globex")


def test_when_all_hang_nobody_waits(places: Places, clock: Clock) -> None:
    with hanging(places, clock, "acme", "acme", "globex", "globex"):
        assert turned_away(places, "acme")
        assert turned_away(places, "initech")


def test_a_place_is_free_again_when_its_call_is_over_however_it_ended(places: Places, clock: Clock) -> None:
    with contextlib.suppress(RuntimeError), hanging(places, clock, "acme", "acme", "acme"):
        raise RuntimeError

    assert not turned_away(places, "acme")


def test_while_others_come_and_go_one_waits_for_a_place(places: Places) -> None:
    seen: list[bool] = []
    waiter = threading.Thread(target=lambda: seen.append(turned_away(places, "acme")))
    with places.taken("acme"), places.taken("acme"):
        with places.taken("acme"):
            waiter.start()
        waiter.join(5)

    assert seen == [False]


def test_in_line_one_waits_no_longer_than_the_deadline(places: Places) -> None:
    with deadline.within(0.05), contextlib.ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(places.taken("acme"))
        assert turned_away(places, "acme")

    assert not turned_away(places, "acme")


def test_what_is_to_be_done_before_waiting_is_done_there_only_and_may_end_it(
    places: Places, clock: Clock
) -> None:
    def refuse() -> None:
        raise RuntimeError

    with hanging(places, clock, "acme", "acme"):
        with places.taken("acme", before_waiting=refuse), pytest.raises(RuntimeError):
            places.taken("acme", before_waiting=refuse).__enter__()
        assert not turned_away(places, "acme")


def test_many_at_once_are_never_more_than_there_are_places() -> None:
    places = Places("test", in_all=4, for_one=3)
    counting = threading.Lock()
    inside = most = done = 0

    def call(workspace: str) -> None:
        nonlocal inside, most, done
        with places.taken(workspace):
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
