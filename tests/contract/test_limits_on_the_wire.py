"""Limits over HTTP: headers of every response, and a 429 that names the limit and the time to wait."""

import socket
from urllib.parse import urlsplit

import pytest
import redis
import requests
from prometheus_client import REGISTRY
from pytest_django import Settings

from keys import key_format, limits
from keys.models import ApiKey
from pumble_bridge import resilience
from pumble_bridge.resilience import ConcurrencyLimit
from tests import pumble
from tests.authentication import budget_of_call
from tests.contract.test_rights import key_of
from tests.contract.wire import Api, assert_legacy, success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

HELLO = {"channel": "general", "text": "x"}


def limit_headers(answer: requests.Response) -> tuple[int, int]:
    assert 1 <= int(answer.headers["X-RateLimit-Reset"]) <= 60
    return int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


def test_every_answer_reports_the_most_restrictive_limit(api: Api) -> None:
    assert limit_headers(api.get("keyInfo")) == (1000, 999)
    assert limit_headers(api.get("myInfo")) == (1000, 998)
    assert limit_headers(api.post("sendMessage", HELLO)) == (80, 71)
    assert limit_headers(api.post("sendMessage", {"channel": "nowhere", "text": "x"}))[0] == 1000


def test_a_key_is_held_to_its_own_limit(portal: str) -> None:
    slow = Api(portal, key_of("ana@acme.test", calls_per_minute=2))
    success(slow.get("keyInfo"))
    assert limit_headers(slow.get("keyInfo")) == (2, 0)

    answer = slow.get("keyInfo")

    assert_legacy(answer, "rate_limited", 429)
    assert limit_headers(answer) == (2, 0)
    assert answer.headers["Retry-After"] == answer.headers["X-RateLimit-Reset"]
    seconds = answer.headers["Retry-After"]
    assert answer.json()["error"] == f"Limit reached: 2 a minute, this API key; try again in {seconds} s"


def test_what_is_wrong_with_a_call_does_not_exempt_it(portal: str) -> None:
    slow = Api(portal, key_of("ana@acme.test", calls_per_minute=2))

    wrong = [slow.post("sendMessage", {}) for _ in range(2)]
    answer = slow.post("sendMessage", {})

    assert [one.json()["reason"] for one in wrong] == ["validation"] * 2
    assert limit_headers(wrong[1]) == (2, 0)
    assert_legacy(answer, "rate_limited", 429)


def test_over_the_limit_no_body_is_read(portal: str) -> None:
    key = key_of("ana@acme.test", calls_per_minute=1)
    success(Api(portal, key).get("myInfo"))
    where = urlsplit(portal)
    head = (
        f"POST /sendMessage HTTP/1.1\r\nHost: {where.netloc}\r\nApiKey: {key}\r\nContent-Length: 1000\r\n\r\n"
    )

    with socket.create_connection((where.hostname, where.port), timeout=5) as client:
        client.sendall(head.encode())
        answer = client.recv(1000)

    assert answer.startswith(b"HTTP/1.1 429 ")


def test_over_the_limit_a_call_waits_for_no_slot(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resilience, "CALLS", ConcurrencyLimit("one", total=1, per_workspace=1))
    slow = Api(portal, key_of("ana@acme.test", calls_per_minute=1))
    success(slow.get("myInfo"))

    with resilience.CALLS.slot("somebody else"):
        answer = slow.get("myInfo")

    assert_legacy(answer, "rate_limited", 429)
    assert REGISTRY.get_sample_value("portal_pumble_crowded_total", {"places": "one"}) is None


def test_pumbles_quota_is_kept_before_pumble_has_to_say_no_and_leaves_room_for_others(
    api: Api, ben_api: Api
) -> None:
    def status(holder: Api) -> int:
        return holder.post("sendMessage", HELLO).status_code

    hogged = [status(api) for _ in range(75)]
    refused = api.post("sendMessage", HELLO)

    assert hogged.count(200) == 72
    assert_legacy(refused, "rate_limited", 429)
    assert "new messages of the app in this workspace" in refused.json()["error"]
    assert [status(ben_api) for _ in range(9)] == [200] * 8 + [429]
    calls = [call for call in pumble.api_calls() if call["method"] == "POST"]
    assert all(call["status"] == 200 for call in calls), "Pumble itself never said no"
    assert success(api.get("listMessages", channel="general", limit=1))


def test_two_keys_of_one_person_are_told_what_each_can_still_get(portal: str) -> None:
    busy, other = (Api(portal, key_of("ana@acme.test")) for _ in range(2))
    for key, calls in zip(ApiKey.objects.order_by("pk"), (798, 99), strict=True):
        for _ in range(calls):
            budget_of_call(key).hit_pumble_quota(None)

    message = [limit_headers(busy.get("myInfo")) for _ in range(3)]
    refused = busy.get("myInfo")

    assert message == [(1000, 2), (1000, 1), (1000, 0)]
    assert_legacy(refused, "rate_limited", 429)
    assert refused.json()["error"].startswith(
        "This API key has had its share of a limit: 1000 a minute, the key's owner at Pumble; "
    )
    assert limit_headers(refused) == (1000, 0)
    assert limit_headers(other.get("myInfo")) == (1000, 99)


def test_wrong_keys_are_limited_and_right_ones_are_not(portal: str, api: Api) -> None:
    wrong = Api(portal, key_format.generate().text)

    reasons = [wrong.get("myInfo").json()["reason"] for _ in range(61)]

    assert reasons == ["key_unknown"] * 60 + ["rate_limited"]
    answer = wrong.get("myInfo")
    assert_legacy(answer, "rate_limited", 429)
    assert int(answer.headers["Retry-After"]) >= 1
    success(api.get("myInfo"))


def test_without_its_redis_the_portal_goes_on_and_says_degraded(
    portal: str, api: Api, settings: Settings, redis_url: str
) -> None:
    settings.REDIS_URL = redis_url
    limits.backend.cache_clear()
    redis.Redis.from_url(redis_url).flushall()
    assert requests.get(f"{portal}/readyz", timeout=5).json()["status"] == "ok"
    assert limit_headers(api.get("keyInfo")) == (1000, 999)

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits.backend.cache_clear()

    assert limit_headers(api.get("keyInfo")) == (1000, 999)
    ready = requests.get(f"{portal}/readyz", timeout=5)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")


def test_a_refused_call_is_a_call(portal: str) -> None:
    reader = Api(portal, key_of("ana@acme.test", scopes=["user:read"], calls_per_minute=2))

    reasons = [reader.post("sendMessage", HELLO).json()["reason"] for _ in range(3)]

    assert reasons == ["scope_missing", "scope_missing", "rate_limited"]
