"""What the portal keeps in a shared cache is data: nothing that is read there runs."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache.backends.redis import RedisCache

from portal.caches import JsonSerializer


class Trap:
    """What somebody who can write to Redis would put there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def cache(redis_url: str) -> RedisCache:
    redis.Redis.from_url(redis_url).flushall()
    return RedisCache([redis_url], {"OPTIONS": {"serializer": "portal.caches.JsonSerializer"}})


class TestTheSharedCache:
    @pytest.mark.parametrize("value", ["read", 7, {"a": [1, None]}, "ñ"])
    def test_gives_back_what_was_put_there(self, cache: RedisCache, value: Any) -> None:
        cache.set("name", value)

        assert cache.get("name") == value

    def test_counts(self, cache: RedisCache) -> None:
        cache.set("name", 7)

        assert cache.incr("name") == 8

    def test_runs_nothing_that_it_finds(self, cache: RedisCache, redis_url: str, tmp_path: Path) -> None:
        trap = Trap(tmp_path / "sprung")
        redis.Redis.from_url(redis_url).set(cache.make_key("name"), pickle.dumps(trap))

        assert cache.get("name") is None
        assert not trap.path.exists()

    @pytest.mark.parametrize("nonsense", [b"", b"\xff", b"{", b"NaN", b"1 2"])
    def test_takes_nonsense_for_nothing(self, nonsense: bytes) -> None:
        assert JsonSerializer().loads(nonsense) is None
