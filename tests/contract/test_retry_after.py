"""`Retry-After` of Pumble is passed on to the client."""

import pytest
from pytest_django import Settings

from tests.contract.wire import Api, assert_legacy
from tests.pumble_bridge.misbehaving_server import server, whole

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE = {"channelId": "6" * 24, "text": "x"}


@pytest.mark.parametrize(
    ("answer", "header", "status", "reason", "retry_after"),
    [
        ("503 Later", "Retry-After: 7\r\n", 503, "pumble_unavailable", "7"),
        ("503 Later", "Retry-After: Fri, 31 Dec 2099 23:59:59 GMT\r\n", 503, "pumble_unavailable", "3600"),
        ("502 Gate", "Retry-After: 0\r\n", 503, "pumble_unavailable", "1"),
        ("503 Later", "Retry-After: soon\r\n", 502, "pumble_unavailable", None),
        ("503 Later", "", 502, "pumble_unavailable", None),
        ("500 Oops", "", 502, "pumble_unavailable", None),
        ("429 Slow down", "Retry-After: 7\r\n", 429, "pumble_rate_limited", "7"),
        ("429 Slow down", "", 429, "pumble_rate_limited", "1"),
    ],
)
def test_the_wait_that_pumble_asks_for_is_passed_on(
    api: Api, settings: Settings, answer: str, header: str, status: int, reason: str, retry_after: str | None
) -> None:
    with server(whole(answer, headers=header)) as address:
        settings.PUMBLE_API_URL = address

        refused = api.post("sendMessage", MESSAGE)

    assert_legacy(refused, reason, status)
    assert refused.headers.get("Retry-After") == retry_after
