"""What a call may cost: how often the database is asked before Pumble is, and what is left when it has its answer."""

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import redis
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from keys import key_format, limits
from portal.api.base import OperationView
from portal.wsgi import application
from tests.contract.wire import issue
from tests.environment import PROJECT

pytestmark = pytest.mark.django_db(transaction=True)


TRIPS = ("evalsha", "eval", "script|load")  # what these do inside is counted under other names


def call(path: str, key: str, body: dict[str, str] | None = None) -> HttpResponse:
    """In this process, where its queries can be counted."""
    client = APIClient(headers={"Host": "127.0.0.1", "ApiKey": key})
    if body is None:
        return cast(HttpResponse, client.get(path))
    return cast(HttpResponse, client.post(path, body, format="json"))


@pytest.fixture
def key(portal: str) -> str:
    """One that was used before."""
    key = issue("ana@acme.test")
    assert call("/keyInfo", key).status_code == 200
    return key


@pytest.fixture
def shared_redis(redis_url: str, settings: Settings) -> Iterator[redis.Redis]:
    settings.REDIS_URL = redis_url
    limits.backend.cache_clear()
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    yield client
    limits.backend.cache_clear()


@pytest.mark.parametrize(
    ("path", "body", "trips"),
    [
        ("/keyInfo", None, 1),
        ("/myInfo", None, 2),
        ("/listChannels", None, 2),
        ("/sendMessage", {"channel": "general", "text": "hello"}, 3),
    ],
)
def test_a_key_used_a_moment_ago_costs_no_query_and_a_trip_to_redis_for_each_limit(
    key: str, shared_redis: redis.Redis, path: str, body: dict[str, str] | None, trips: int
) -> None:
    def made() -> int:
        commands: dict[str, Any] = shared_redis.info("commandstats")
        return sum(one["calls"] for name, one in commands.items() if name.removeprefix("cmdstat_") in TRIPS)

    for _ in range(2):
        assert call("/keyInfo", key).status_code == 200  # the first one is there to be remembered
        assert call(path, key, body).status_code == 200  # names are looked up once
    before = made()
    with CaptureQueriesContext(connection) as queries:
        answer = call(path, key, body)

    assert answer.status_code == 200
    assert [query["sql"] for query in queries] == []
    assert made() - before == trips


@pytest.mark.parametrize("path", ["/keyInfo", "/myInfo", "/listChannels"])
def test_without_redis_a_call_asks_the_database_once(key: str, path: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call(path, key)

    assert answer.status_code == 200
    assert len(queries) == 1


@pytest.mark.parametrize("spoilt", [str.lower, lambda key: key[:-1], lambda key: f"{key[:-1]}-"])
def test_what_is_no_key_does_not_ask_it(key: str, spoilt: Callable[[str], str]) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call("/myInfo", spoilt(key))

    assert json.loads(answer.content)["reason"] == "key_malformed"
    assert len(queries) == 0


def test_a_stranger_costs_no_more_than_a_key(key: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call("/myInfo", key_format.generate().text)

    assert json.loads(answer.content)["reason"] == "key_unknown"
    assert len(queries) <= 1


@pytest.mark.parametrize("path", ["/keyInfo", "/myInfo", "/listChannels", "/myInfo?refused"])
def test_nothing_of_a_call_waits_for_the_collector_of_garbage(key: str, path: str) -> None:
    presented = key[:-1] if "refused" in path else key

    def left() -> list[str]:
        kinds = [type(one) for one in gc.get_objects()]
        return sorted(
            kind.__name__ for kind in kinds if issubclass(kind, Model | HttpRequest | OperationView)
        )

    def served() -> None:
        environ = RequestFactory().get(path, headers={"Host": "127.0.0.1", "ApiKey": presented}).environ
        assert list(application(environ, lambda *_head: None))

    served()
    gc.collect()
    gc.disable()
    try:
        before = left()
        served()
        assert left() == before
    finally:
        gc.enable()


_FIRST_PAGE = """
import sys
from django.test import RequestFactory
from portal.wsgi import application

before = set(sys.modules)
environ = RequestFactory().get("/healthz", headers={"Host": "127.0.0.1"}).environ
print(*application(environ, lambda *_head: None))
print(*set(sys.modules) - before, sep=chr(10))
"""


def test_the_first_page_loads_no_more_code_of_ours() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_PAGE], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    answer, *loaded = done.stdout.splitlines()
    assert "ok" in answer
    assert [name for name in loaded if name.startswith(("portal.", "keys.", "pumble_bridge."))] == []
