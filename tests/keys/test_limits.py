import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import time_machine
from pytest_django import Settings

from keys import limits
from keys.exceptions import RateLimited
from keys.limits import LimitName, PumbleQuota, RateLimit
from keys.limits.backends import Backend, MemoryBackend, RedisBackend
from keys.limits.windows import SECONDS
from keys.models import ApiKey, Member
from tests import services
from tests.authentication import budget_of_call
from tests.conftest import NOW


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "redis"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Both answer alike."""
    if request.param == "memory":
        return MemoryBackend()
    url = request.getfixturevalue("redis_url")
    redis.Redis.from_url(url).flushall()
    return RedisBackend(url)


def rate_limit(
    limit: int, holder: str = "", *, name: str = "w", reserve_for_newcomers: bool = False
) -> RateLimit:
    return RateLimit(LimitName.MESSAGES, name, limit, holder, reserve_for_newcomers=reserve_for_newcomers)


class TestAWindow:
    def test_admits_as_many_as_its_limit_and_says_how_many_are_left(self, backend: Backend) -> None:
        statuses = [backend.hit([rate_limit(3)])[0] for _ in range(4)]

        assert [status.remaining for status in statuses] == [2, 1, 0, 0]
        assert [status.refused for status in statuses] == [False, False, False, True]
        assert all(59 < status.reset_seconds <= 60 for status in statuses)

    def test_never_resets_later_than_it_is_long(self) -> None:
        clock = Clock()
        clock.now = 970.4546705897222  # plus 60 and minus itself, it is more than 60

        assert MemoryBackend(clock).hit([rate_limit(3)])[0].reset_seconds == SECONDS

    def test_takes_nothing_when_only_looked_at(self, backend: Backend) -> None:
        for _ in range(5):
            assert backend.test([rate_limit(1)])[0].refused is False
        backend.hit([rate_limit(1)])
        assert backend.test([rate_limit(1)])[0].refused is True

    def test_takes_from_all_or_from_none(self, backend: Backend) -> None:
        wide, narrow = rate_limit(10, name="wide"), rate_limit(1, name="narrow")
        backend.hit([wide, narrow])

        refused = backend.hit([wide, narrow])

        assert [status.refused for status in refused] == [False, True]
        assert backend.test([wide])[0].remaining == 9

    def test_of_a_lone_holder_keeps_its_last_tenth_for_whoever_comes(self, backend: Backend) -> None:
        hog = [
            backend.hit([rate_limit(80, "hog", reserve_for_newcomers=True)])[0].refused for _ in range(100)
        ]
        late = [
            backend.hit([rate_limit(80, "late", reserve_for_newcomers=True)])[0].refused for _ in range(10)
        ]

        assert (hog.count(False), late.count(False)) == (72, 8)
        assert backend.hit([rate_limit(80, "hog", reserve_for_newcomers=True)])[0].remaining == 0

    def test_that_keeps_no_room_gives_a_lone_holder_everything_and_others_their_share(
        self, backend: Backend
    ) -> None:
        alone = [backend.hit([rate_limit(20, "one")])[0].refused for _ in range(25)]
        assert alone.count(False) == 20

        shared = Counter[str]()
        for holder in ["one"] * 18 + ["two"] * 5 + ["one"] * 5:
            if not backend.hit([rate_limit(20, holder, name="shared")])[0].refused:
                shared[holder] += 1
        assert shared == {"one": 18, "two": 2}

    def test_never_admits_more_than_its_limit_however_many_ask_at_once(self, backend: Backend) -> None:
        admitted: list[str] = []

        def ask(holder: str) -> None:
            rate_limits = [rate_limit(80, holder, reserve_for_newcomers=True), rate_limit(1000, name="other")]
            admitted.extend(holder for _ in range(30) if not backend.hit(rate_limits)[0].refused)

        threads = [threading.Thread(target=ask, args=(f"key-{n % 4}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 72 <= len(admitted) <= 80


class TestWhatRemains:
    """What a holder is told it may still take is what it gets, when nobody else takes any."""

    @pytest.mark.parametrize("reserve_for_newcomers", [False, True], ids=["a person's", "everybody's"])
    @pytest.mark.parametrize(
        "before",
        [
            {},
            {"mine": 89},
            {"mine": 80, "other": 9},
            {"mine": 9, "other": 80},
            {"mine": 45, "other": 45},
            {"other": 90},
            {"other": 45},
            {"other": 46},
            {"mine": 30, "other": 30, "third": 30},
            {"mine": 1, "other": 40, "third": 40, "fourth": 10},
        ],
        ids=str,
    )
    def test_is_told_exactly_of_a_persons_window_and_of_the_last_fifth_of_everybodys(
        self, backend: Backend, before: dict[str, int], *, reserve_for_newcomers: bool
    ) -> None:
        for holder, count in before.items():
            for _ in range(count):
                backend.hit([rate_limit(100, holder, reserve_for_newcomers=reserve_for_newcomers)])

        remaining = []
        while not (
            status := backend.hit([rate_limit(100, "mine", reserve_for_newcomers=reserve_for_newcomers)])[0]
        ).refused:
            remaining.append(status.remaining)

        truth = list(range(len(remaining)))[::-1]
        counted = max(0, 80 - sum(before.values())) if reserve_for_newcomers else 0  # from here on
        assert remaining[counted:] == truth[counted:]
        assert all(reported <= true <= reported + 10 for reported, true in zip(remaining, truth, strict=True))
        assert status.remaining == 0

    def test_is_nothing_of_a_reserve_that_is_kept_for_others_and_the_refusal_says_so(
        self, backend: Backend
    ) -> None:
        for holder in ["mine"] * 72 + ["late"] * 8:
            before_last = backend.hit([rate_limit(80, holder, reserve_for_newcomers=True)])[0]
            if holder == "late" and before_last.remaining == 7:
                assert backend.hit([rate_limit(80, "mine", reserve_for_newcomers=True)])[0].share_used_up
        full = backend.hit([rate_limit(80, "mine", reserve_for_newcomers=True)])[0]

        assert (full.refused, full.share_used_up) == (True, False)

    def test_counts_only_what_every_window_of_the_call_has(self, backend: Backend) -> None:
        wide, narrow = (
            rate_limit(1000, "mine", name="wide"),
            rate_limit(80, "mine", name="narrow", reserve_for_newcomers=True),
        )
        for _ in range(72):
            backend.hit([wide, narrow])

        assert [s.remaining for s in backend.hit([wide, narrow])] == [928, 0]


class TestTime:
    def test_frees_places_one_by_one_as_they_grow_older_than_a_minute(self) -> None:
        clock = Clock()
        backend = MemoryBackend(clock)
        backend.hit([rate_limit(2)])
        clock.now += 20
        backend.hit([rate_limit(2)])

        assert backend.hit([rate_limit(2)])[0].reset_seconds == 40
        clock.now += 40
        assert backend.hit([rate_limit(2)])[0].refused is False
        assert backend.hit([rate_limit(2)])[0].reset_seconds == 20

    def test_gives_a_newcomer_the_places_that_a_hog_leaves(self) -> None:
        clock = Clock()
        backend = MemoryBackend(clock)
        got = Counter[str]()
        for _second in range(240):
            for holder, wanted in (("hog", 10), ("modest", 1)):
                for _ in range(wanted):
                    if not backend.hit([rate_limit(80, holder, reserve_for_newcomers=True)])[0].refused:
                        got[holder] += 1
            clock.now += 1

        assert got["modest"] >= 80  # its share is a third of 80 a minute, whatever the hog does
        assert got["hog"] >= 180


class TestMemory:
    def test_is_given_back_once_nobody_asks_for_a_window_any_more(self) -> None:
        clock = Clock()
        backend = MemoryBackend(clock)
        for number in range(3000):
            backend.hit([rate_limit(1, name=f"left {number}")])
        clock.now += SECONDS
        for number in range(2000):
            backend.hit([rate_limit(1, name=f"taken {number}")])

        assert len(backend._logs) == 2000
        assert backend.hit([rate_limit(1, name="taken 0")])[0].refused


class TestAClockThatJumps:
    def test_neither_frees_places_nor_takes_them_in_this_process(self) -> None:
        backend = MemoryBackend()
        for jump in (timedelta(days=1), timedelta(days=-1)):
            with time_machine.travel(NOW):
                backend.hit([rate_limit(1, name=str(jump))])
            with time_machine.travel(NOW + jump):
                assert backend.hit([rate_limit(1, name=str(jump))])[0].refused

    def test_back_at_redis_closes_no_window_for_longer_than_a_minute(self, redis_url: str) -> None:
        client = redis.Redis.from_url(redis_url)
        client.flushall()
        an_hour_ahead = (time.time() + 3600) * 1000
        client.zadd("pumble-keys:limit:w", {"holder:1": an_hour_ahead})

        assert RedisBackend(redis_url).hit([rate_limit(1)])[0].refused is False


class TestRedisAway:
    def test_leaves_calls_under_a_limit_of_this_process_and_says_so(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        backend = RedisBackend("redis://127.0.0.1:1/0")

        refused = [backend.hit([rate_limit(3)])[0].refused for _ in range(5)]

        assert refused == [False, False, False, True, True]
        assert backend.is_available() is False
        assert [record.message for record in caplog.records] == ["limits.redis_away"]

    def test_for_a_moment_is_not_noticed(self, redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
        client = redis.Redis.from_url(redis_url)
        client.flushall()
        backend = RedisBackend(redis_url)
        backend.hit([rate_limit(9)])
        client.client_kill_filter(_type="normal", skipme=True)

        assert backend.hit([rate_limit(9)])[0].remaining == 7
        assert not caplog.records

    def test_or_only_slow_is_not_asked_again_for_the_same(self, redis_url: str) -> None:
        client = redis.Redis.from_url(redis_url)
        client.flushall()
        backend = RedisBackend(redis_url)
        backend.hit([rate_limit(9)])
        connections = client.info()["total_connections_received"]
        client.client_pause(2000)
        try:
            while_it_hangs = backend.hit([rate_limit(9)])[0]
        finally:
            client.client_unpause()

        assert while_it_hangs.remaining == 8  # by the counts of this process
        assert client.info()["total_connections_received"] == connections

    def test_for_long_is_found_again_all_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("keys.limits.backends._RETRY_SECONDS", 0.0)
        server = services.Redis(tmp_path)
        backend = RedisBackend(server.url)
        for _ in range(120):
            backend.hit([rate_limit(3)])

        server.start()
        try:
            for _ in range(4):
                last = backend.hit([rate_limit(3, name="after a long outage")])[0]
            assert last.refused
            assert RedisBackend(server.url).hit([rate_limit(3, name="after a long outage")])[0].refused
        finally:
            server.stop()


@pytest.fixture
def key(alice: Member) -> ApiKey:
    return _key(alice, "AAAAAAAAAAAA")


def _key(owner: Member, key_id: str, calls_per_minute: int = 1000) -> ApiKey:
    return ApiKey.objects.create(
        key_id=key_id,
        owner=owner,
        name=key_id,
        digest=b"",
        pepper_number=1,
        last_four="",
        scopes=[],
        created_at=NOW,
        calls_per_minute=calls_per_minute,
    )


class TestTheAllowanceOfACall:
    def test_stands_under_the_keys_own_limit(self, alice: Member) -> None:
        key = _key(alice, "A" * 12, calls_per_minute=2)
        for _ in range(2):
            budget_of_call(key).require_key_limit()

        with pytest.raises(RateLimited) as refused:
            budget_of_call(key).require_key_limit()
        assert (refused.value.limit_name, refused.value.limit) == (LimitName.KEY, 2)
        assert 1 <= refused.value.retry_after <= 60

    def test_is_taken_once_whether_pumble_is_asked_or_not(self, alice: Member) -> None:
        key = _key(alice, "A" * 12, calls_per_minute=3)
        for asks in (0, 1, 2):
            budget = budget_of_call(key)
            for _ in range(asks):
                budget.hit_pumble_quota(None)
            budget.require_key_limit()

        with pytest.raises(RateLimited) as refused:
            budget_of_call(key).require_key_limit()
        assert refused.value.limit_name == LimitName.KEY
        assert limits.pumble_quotas(key.owner)[0].remaining == 997

    def test_is_taken_though_a_quota_of_pumbles_is_used_up(self, alice: Member) -> None:
        key = _key(alice, "A" * 12, calls_per_minute=73)
        for _ in range(72):
            budget_of_call(key).hit_pumble_quota(PumbleQuota.MESSAGES)

        with pytest.raises(RateLimited) as by_pumble:
            budget_of_call(key).hit_pumble_quota(PumbleQuota.MESSAGES)

        with pytest.raises(RateLimited) as by_itself:
            budget_of_call(key).require_key_limit()
        assert (by_pumble.value.limit_name, by_itself.value.limit_name) == (LimitName.MESSAGES, LimitName.KEY)

    def test_shares_pumbles_quotas_among_the_keys_of_a_workspace_and_no_others(
        self, key: ApiKey, bob: Member, mallory: Member
    ) -> None:
        def admitted(key: ApiKey) -> int:
            budget, taken = budget_of_call(key), 0
            try:
                while taken < 100:
                    budget.hit_pumble_quota(PumbleQuota.MESSAGES)
                    taken += 1
            except RateLimited as refused:
                assert refused.limit_name == LimitName.MESSAGES
            return taken

        assert [admitted(key), admitted(_key(bob, "B" * 12)), admitted(_key(mallory, "C" * 12))] == [
            72,
            8,
            72,
        ]

    def test_remembers_the_tightest_limit(self, key: ApiKey) -> None:
        budget = budget_of_call(key)
        assert budget.most_restrictive.rate_limit.name == LimitName.KEY
        budget.hit_pumble_quota(PumbleQuota.REACTIONS)
        assert (budget.most_restrictive.rate_limit.name, budget.most_restrictive.remaining) == (
            LimitName.REACTIONS,
            53,
        )

    def test_takes_nothing_of_pumbles_quotas_in_a_rehearsal(self, key: ApiKey) -> None:
        for _ in range(100):
            budget_of_call(key, dry_run=True).hit_pumble_quota(PumbleQuota.CHANNELS, changes=True)

    def test_can_be_looked_at(self, key: ApiKey) -> None:
        budget_of_call(key).hit_pumble_quota(PumbleQuota.SCHEDULED)

        left = {s.rate_limit.name: (s.rate_limit.limit, s.remaining) for s in limits.pumble_quotas(key.owner)}

        assert left[LimitName.SCHEDULED] == (60, 59)
        assert left[LimitName.PERSON] == (1000, 999)
        assert left[LimitName.MESSAGES] == (80, 80)


class TestFailedAuthentications:
    def test_are_limited_per_address_and_per_key_id(self) -> None:
        for number in range(240):
            limits.hit_failed_auth("192.0.2.1", f"id{number}")
        with pytest.raises(RateLimited) as refused:
            limits.hit_failed_auth("192.0.2.1", None)
        assert refused.value.limit_name == LimitName.ADDRESS
        limits.hit_failed_auth("192.0.2.2", None)

        for number in range(60):
            limits.hit_failed_auth(f"198.51.100.{number}", "same")
        with pytest.raises(RateLimited) as refused:
            limits.hit_failed_auth("203.0.113.1", "same")
        assert refused.value.limit_name == LimitName.KEY_ID


def test_the_backend_is_redis_where_there_is_one(settings: Settings, redis_url: str) -> None:
    assert isinstance(limits.backend(), MemoryBackend)
    settings.REDIS_URL = redis_url
    limits.backend.cache_clear()

    backend, other = RedisBackend(redis_url), limits.backend()
    redis.Redis.from_url(redis_url).flushall()
    backend.hit([rate_limit(1)])
    assert other.hit([rate_limit(1)])[0].refused, "two processes share one count"
