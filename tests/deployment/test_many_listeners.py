"""More keys that wait for events than one process lets wait."""

import threading
from collections.abc import Iterator

import pytest
import requests

from tests.deployment.stack import Deployment, Portal, wait_for

LISTENERS = 200
QUARTER = 16 // 4  # of the threads
WAIT = 25  # seconds
# One for the messages, and one for each listener. Written as rows: this is about what they do later.
MAKE_KEYS = f"""
from django.utils import timezone
from keys import rights
from keys.lifecycle.issuance import create_key
from keys.models import Member
owner, now = Member.objects.get(email="ana@acme.test"), timezone.now()
for number in range({LISTENERS} + 1):
    fields = dict(name=f"crowd {{number}}", created_at=now, confirmed_at=now)
    print(create_key(owner=owner, rights=rights.make(), **fields)[1].text)
"""
END_KEYS = """
from django.utils import timezone
from keys.models import ApiKey
from pumble_bridge.models import EventListener
EventListener.objects.filter(key__name__startswith="crowd ").delete()
ApiKey.objects.filter(name__startswith="crowd ").update(revoked_at=timezone.now(), revoked_reason="BY_OPERATOR")
"""


@pytest.fixture
def keys(deployment: Deployment) -> Iterator[list[str]]:
    yield deployment.manage("shell", "-v0", "-c", MAKE_KEYS).split()
    deployment.manage("shell", "-v0", "-c", END_KEYS)


class Call:
    """A call of `listEvents` with this key, which begins when all others do."""

    def __init__(self, portal: Portal, key: str, together: threading.Barrier) -> None:
        self.answer: requests.Response | None = None
        self._portal, self._key, self._together = portal, key, together
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        self._together.wait()
        self.answer = self._portal.get(f"/listEvents?wait={WAIT}", self._key)

    def end(self) -> requests.Response:
        self._thread.join(30)
        assert self.answer is not None
        return self.answer


def assert_told_to_come_back(answer: requests.Response) -> None:
    assert (answer.status_code, answer.json()["events"]) == (200, [])
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


def test_a_quarter_of_the_threads_waits_and_everything_else_is_answered(
    deployment: Deployment, keys: list[str]
) -> None:
    portal = deployment.b  # of one process
    sender, *listeners = keys
    together = threading.Barrier(LISTENERS)
    calls = [Call(portal, key, together) for key in listeners]

    wait_for(lambda: sum(call.answer is None for call in calls) <= QUARTER, "the others are answered", 15)
    waiting = [call for call in calls if call.answer is None]
    for _ in range(3):
        message = {"channel": "general", "text": "beside a crowd"}
        for answer in (
            portal.get("/healthz"),
            portal.call("POST", "/sendMessage", sender, json=message),
        ):
            assert answer.status_code == 200
            assert answer.elapsed.total_seconds() < 2
    for call in calls:
        if call not in waiting:
            assert_told_to_come_back(call.end())
    assert [call.answer for call in waiting] == [None] * QUARTER

    try:
        assert portal.stop(10) == 0
    finally:
        portal.start()
    for call in waiting:
        assert_told_to_come_back(call.end())
