"""What a call may cost: how often the database is asked before Pumble is, and what is left when it has its answer."""

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from typing import cast

import pytest
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from keys import keyformat
from portal.api.endpoint import Endpoint
from portal.wsgi import application
from tests.contract.wire import issue
from tests.environment import PROJECT

pytestmark = pytest.mark.django_db(transaction=True)


def call(path: str, key: str) -> HttpResponse:
    """In this process, where its queries can be counted."""
    client = Client(headers={"Host": "127.0.0.1", "ApiKey": key})
    return cast(HttpResponse, client.get(path))


@pytest.fixture
def key(portal: str) -> str:
    """One that was used before."""
    key = issue("ana@acme.test")
    assert call("/keyInfo", key).status_code == 200
    return key


@pytest.mark.parametrize("path", ["/keyInfo", "/myInfo", "/listChannels"])
def test_a_call_asks_the_database_once(key: str, path: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call(path, key)

    assert answer.status_code == 200
    assert len(queries) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans each statement anew")
def test_its_question_is_planned_once_for_all_calls(key: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    for _ in range(20):
        call("/keyInfo", key)

    connection.close()
    pool = connection.pool  # type: ignore[attr-defined]
    connections = [pool.getconn() for _ in range(pool.get_stats()["pool_size"])]
    try:
        planned = [
            each.execute("SELECT statement FROM pg_prepared_statements").fetchall() for each in connections
        ]
    finally:
        for each in connections:
            pool.putconn(each)
    assert {len(statements) for statements in planned} <= {0, 1}
    assert {"keys_apikey" in statement for statements in planned for (statement,) in statements} == {True}


@pytest.mark.parametrize("spoilt", [str.lower, lambda key: key[:-1], lambda key: f"{key[:-1]}-"])
def test_what_is_no_key_does_not_ask_it(key: str, spoilt: Callable[[str], str]) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call("/myInfo", spoilt(key))

    assert json.loads(answer.content)["reason"] == "key_malformed"
    assert len(queries) == 0


def test_a_stranger_costs_no_more_than_a_key(key: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call("/myInfo", keyformat.generate().text)

    assert json.loads(answer.content)["reason"] == "key_unknown"
    assert len(queries) <= 1


@pytest.mark.parametrize("path", ["/keyInfo", "/myInfo", "/listChannels", "/myInfo?refused"])
def test_nothing_of_a_call_waits_for_the_collector_of_garbage(key: str, path: str) -> None:
    presented = key[:-1] if "refused" in path else key

    def left() -> list[str]:
        kinds = [type(one) for one in gc.get_objects()]
        return sorted(kind.__name__ for kind in kinds if issubclass(kind, Model | HttpRequest | Endpoint))

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
