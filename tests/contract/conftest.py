import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command

from portal import key_delivery
from tests import pumble
from tests.contract.wire import Api, issue
from tests.pumble import Person

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Acme:
    """The ids of Acme: its channels by name, its people by name, and the app's bot."""

    id: str
    channels: dict[str, str]
    people: dict[str, str]
    bot: str


@pytest.fixture
def acme(portal: str) -> Acme:
    (workspace,) = [result for result in pumble.seed() if result["name"] == "Acme"]
    people = {user["email"].partition("@")[0]: user["id"] for user in workspace["users"] if user["email"]}
    return Acme(
        id=workspace["id"],
        channels={result["name"]: result["id"] for result in workspace["channels"] if result["name"]},
        people=people,
        bot=next(user["id"] for user in workspace["users"] if user["name"] == "API"),
    )


@pytest.fixture
def deliveries(portal: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """New keys are confirmed after their answers; at the end of a test that is over."""
    begun, ended = list[bytes](), list[bytes]()
    stream = key_delivery._stream

    def counted(body: bytes, *args: Any) -> Iterator[bytes]:
        begun.append(body)
        try:
            yield from stream(body, *args)
        finally:
            ended.append(body)

    monkeypatch.setattr(key_delivery, "_stream", counted)
    yield
    until = time.monotonic() + 10
    while len(ended) < len(begun) and time.monotonic() < until:
        time.sleep(0.005)
    assert len(ended) == len(begun)


@pytest.fixture
def api(portal: str) -> Api:
    """With a key of Ana, who owns Acme."""
    return Api(portal, issue("ana@acme.test"))


@pytest.fixture
def ben_api(portal: str) -> Api:
    """With a key of Ben, an administrator."""
    return Api(portal, issue("ben@acme.test"))


@pytest.fixture
def carla_api(portal: str, carla: Person) -> Api:
    """With a key of Carla, a member who is in no private channel."""
    pumble.act("authorize", userId=carla.id)
    call_command("seed", stdout=io.StringIO())
    return Api(portal, issue(carla.email))


@pytest.fixture
def later() -> int:
    """Epoch milliseconds of a moment in the next hour."""
    return int(time.time()) * 1000 + HOUR_MS


@pytest.fixture
def thread(api: Api) -> tuple[str, list[str]]:
    """In `random`: the id of a root, and those of its 25 replies, oldest first."""
    root = api.post("sendMessage", {"channel": "random", "text": "root"}).json()["id"]
    replies = [
        api.post("sendReply", {"channel": "random", "messageId": root, "text": f"r{n}"}).json()["id"]
        for n in range(25)
    ]
    return root, replies
