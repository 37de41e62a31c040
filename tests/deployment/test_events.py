"""Events over two portals with three processes: who wakes whom, and the bot of the guide."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import requests

from tests.deployment.stack import Deployment, Portal, wait_for
from tests.deployment.test_two_portals import ana, key_id
from tests.environment import PROJECT
from tests.pumble_bridge import hooks

BOT = PROJECT / "docs/examples/ping_bot.py"
_numbers = itertools.count()


@pytest.fixture
def key(deployment: Deployment) -> str:
    return deployment.new_key(f"listener {next(_numbers)}")


def bot_id(deployment: Deployment) -> str:
    for workspace in requests.get(f"{deployment.pumble}/act/workspaces", timeout=10).json():
        for user in workspace["users"]:
            if workspace["name"] == "Acme" and user["name"] == "API" and user["isBot"]:
                return str(user["id"])
    raise LookupError("bot")


def say(deployment: Deployment, portal: Portal, text: str) -> None:
    """A message of Ben's in general, reported to this portal."""
    person, author = ana(deployment), deployment.person("ben@acme.test")
    body = hooks.message_body(author["general"], author["id"], text)
    named = [person.id, bot_id(deployment)]
    answer = hooks.send(
        portal.url,
        hooks.raw(hooks.hook(person.workspace_id, named, "NEW_MESSAGE", body)),
        secret=deployment.environment["PUMBLE_APP_SIGNING_SECRET"],
        Host=portal.host,
    )
    assert answer.status_code == 200, answer.text


class Waiting:
    """A call that waits at a portal, or at the front door."""

    def __init__(self, at: Portal | Deployment, key: str, cursor: str = "", seconds: int = 20) -> None:
        cursor = cursor or at.get("/listEvents", key).json()["cursor"]
        self.answer: requests.Response
        self._call = threading.Thread(
            target=self._ask, args=(at, key, f"/listEvents?wait={seconds}&cursor={cursor}")
        )
        self._began = time.monotonic()
        self._call.start()

    def _ask(self, at: Portal | Deployment, key: str, path: str) -> None:
        self.answer = at.get(path, key)
        self.seconds = time.monotonic() - self._began

    def end(self) -> requests.Response:
        self._call.join(30)
        return self.answer


def until_waiting(deployment: Deployment, count: int) -> None:
    """So many calls wait in all processes."""

    def waiting() -> int:
        total = 0.0
        for portal in (deployment.a, deployment.b):
            token = {"Authorization": f"Bearer {deployment.environment['METRICS_TOKEN']}"}
            for line in portal.get("/metrics", **token).text.splitlines():
                if line.startswith("portal_events_waiting_calls "):
                    total += float(line.split()[1])
        return int(total)

    wait_for(lambda: waiting() == count, f"{count} waiting calls", 10)


class TestAWaitingCall:
    def test_is_woken_by_a_hook_at_another_portal(self, deployment: Deployment, key: str) -> None:
        delays = []
        call = Waiting(deployment.b, key)
        for number in range(5):
            until_waiting(deployment, 1)
            began = time.monotonic()
            say(deployment, deployment.a, f"{number}")
            answer = call.end().json()
            delays.append(time.monotonic() - began)
            assert [event["data"]["text"] for event in answer["events"]] == [f"{number}"]
            call = Waiting(deployment.b, key, answer["cursor"], seconds=1)
        call.end()

        assert median(delays) < 0.5

    def test_is_answered_by_a_revocation_at_another_portal(self, deployment: Deployment, key: str) -> None:
        call = Waiting(deployment.b, key)
        until_waiting(deployment, 1)

        deployment.manage("revoke_key", key_id(key), "--reason", "test")

        assert call.end().json()["reason"] == "key_revoked"
        assert call.seconds < 10

    def test_ends_if_the_key_waits_at_another_portal(self, deployment: Deployment, key: str) -> None:
        first = Waiting(deployment.b, key)
        until_waiting(deployment, 1)
        second = Waiting(deployment.a, key)

        assert first.end().json()["events"] == []
        say(deployment, deployment.b, "for the second")
        assert [event["data"]["text"] for event in second.end().json()["events"]] == ["for the second"]

    def test_is_answered_at_once_when_its_portal_stops(self, deployment: Deployment, key: str) -> None:
        call = Waiting(deployment.b, key)
        until_waiting(deployment, 1)
        began = time.monotonic()
        try:
            assert deployment.b.stop() == 0
        finally:
            deployment.b.start()

        assert time.monotonic() - began < 25
        assert call.end().status_code == 200
        assert call.seconds < 10

    def test_loses_nothing_while_its_program_changes_portals(self, deployment: Deployment, key: str) -> None:
        """Sixty messages arrive at both portals. The program abandons calls, and goes on elsewhere with its cursor."""
        cursor = deployment.a.get("/listEvents", key).json()["cursor"]
        portals = itertools.cycle((deployment.a, deployment.b))

        def write() -> None:
            for number, portal in zip(range(60), portals, strict=False):
                say(deployment, portal, f"{number}")

        writer = threading.Thread(target=write)
        writer.start()
        heard: dict[str, str] = {}
        until = time.monotonic() + 40
        for turn in itertools.count():
            at = (deployment.b, deployment.a)[turn % 2]
            headers = {"Host": at.host, "ApiKey": key}
            url = f"{at.url}/listEvents?wait=5&cursor={cursor}"
            try:
                page = requests.get(url, headers=headers, timeout=0.02 if turn % 3 == 2 else 20).json()
            except requests.Timeout:
                continue
            cursor = page["cursor"]
            heard |= {event["id"]: event["data"]["text"] for event in page["events"]}
            if len(heard) == 60 or time.monotonic() > until:
                break
        writer.join()

        assert list(heard.values()) == [f"{number}" for number in range(60)]

    def test_hears_each_hook_that_a_killed_process_acknowledged(
        self, deployment: Deployment, key: str
    ) -> None:
        cursor = deployment.a.get("/listEvents", key).json()["cursor"]
        acknowledged = []
        for number in range(30):
            if number == 10:
                assert deployment.b.process
                children = Path(f"/proc/{deployment.b.process.pid}/task/{deployment.b.process.pid}/children")
                for pid in children.read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
            try:
                say(deployment, deployment.b, f"{number}")
            except requests.ConnectionError:
                continue
            acknowledged.append(f"{number}")

        events = deployment.a.get(f"/listEvents?cursor={cursor}", key).json()["events"]
        texts = [event["data"]["text"] for event in events]
        assert [text for text in texts if text in acknowledged] == acknowledged
        assert len(acknowledged) > 10

    def test_finds_an_event_by_itself_while_redis_is_away(self, deployment: Deployment, key: str) -> None:
        call = Waiting(deployment.b, key)
        until_waiting(deployment, 1)
        deployment.redis.stop()
        try:
            say(deployment, deployment.a, "without Redis")
            answer = call.end()
        finally:
            deployment.redis.start()

        assert [event["data"]["text"] for event in answer.json()["events"]] == ["without Redis"]
        assert call.seconds < 15

    def test_waits_through_the_front_door(self, deployment: Deployment, key: str) -> None:
        call = Waiting(deployment, key, seconds=25)
        until_waiting(deployment, 1)
        say(deployment, deployment.b, "through the door")

        assert [event["data"]["text"] for event in call.end().json()["events"]] == ["through the door"]


@contextlib.contextmanager
def bot(deployment: Deployment, key: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_URL": deployment.public_url,
        "PUMBLE_API_KEY": key,
        "REQUESTS_CA_BUNDLE": str(deployment.certificate),
    }
    process = subprocess.Popen([sys.executable, str(BOT)], cwd=folder, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


class TestTheBotOfTheGuide:
    def pongs(self, deployment: Deployment) -> int:
        person = deployment.person("ana@acme.test")
        query = {"userId": person["id"], "channelId": person["general"]}
        screen: dict[str, Any] = requests.get(
            f"{deployment.pumble}/act/screen", params=query, timeout=10
        ).json()
        return sum(message["text"] == "pong" for message in screen["messages"])

    def until(self, deployment: Deployment, pongs: int) -> None:
        wait_for(lambda: self.pongs(deployment) >= pongs, f"{pongs} pongs", 20)
        assert self.pongs(deployment) == pongs

    def test_answers_others_through_restarts_of_both_and_never_itself(
        self, deployment: Deployment, key: str, tmp_path: Path
    ) -> None:
        place = tmp_path / "ping_bot.cursor"
        with bot(deployment, key, tmp_path):
            until_waiting(deployment, 1)
            deployment.type("ben@acme.test", "Ping")
            self.until(deployment, 1)
            deployment.a.stop()
            deployment.a.start()
            deployment.type("ana@acme.test", "ping")
            deployment.type("ben@acme.test", "ping")
            self.until(deployment, 2)
            wait_for(lambda: bool(place.read_text()), "the bot keeps its place", 5)
            time_of_place = place.stat().st_mtime_ns
        deployment.type("ben@acme.test", "ping")
        with bot(deployment, key, tmp_path):
            self.until(deployment, 3)
            wait_for(lambda: place.stat().st_mtime_ns > time_of_place, "the bot goes on", 5)

    def test_stops_if_its_key_is_revoked(self, deployment: Deployment, key: str, tmp_path: Path) -> None:
        with bot(deployment, key, tmp_path) as process:
            until_waiting(deployment, 1)
            deployment.manage("revoke_key", key_id(key), "--reason", "test")

            assert process.wait(15) == 1
