"""Shutdown: running requests complete, no new ones are accepted, usage is written, and it ends in time."""

import json
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.deployment.stack import Deployment, wait_for


@pytest.fixture
def slow_pumble(deployment: Deployment) -> Iterator[None]:
    """Its next list of channels takes two seconds."""
    faults = f"{deployment.pumble}/act/faults"
    rule = {"match": "GET /v1/channels", "do": "delay:2", "times": 1}
    assert requests.post(faults, json=[rule], timeout=5).ok
    yield
    requests.delete(faults, timeout=5)


class TestATerminatedPortal:
    def test_says_that_it_is_not_ready_answers_what_is_under_way_and_forgets_no_call(
        self, deployment: Deployment, slow_pumble: None
    ) -> None:
        key = deployment.new_key("in flight")
        answers: list[requests.Response] = []
        calling = threading.Thread(target=lambda: answers.append(deployment.b.get("/listChannels", key)))
        with requests.Session() as kept:
            kept.headers["Host"] = deployment.b.host
            assert kept.get(f"{deployment.b.url}/readyz", timeout=5).status_code == 200
            calling.start()
            wait_for(lambda: self.is_asked(deployment), "a call to Pumble")
            began = time.monotonic()
            try:
                assert deployment.b.process
                deployment.b.process.terminate()
                ready = self.ask_until_not_ready(kept, f"{deployment.b.url}/readyz")
                assert not answers
                status = deployment.b.process.wait(30)
                calling.join()
            finally:
                deployment.b.start()

        assert (ready.status_code, ready.json()["process"]) == (503, "stopping")
        assert (status, answers[0].status_code) == (0, 200)
        assert len(answers[0].json()) > 3
        assert time.monotonic() - began < 15
        listed = json.loads(deployment.manage("list_keys", "--json"))
        assert next(one["lastUsedAt"] for one in listed if one["name"] == "in flight")

    def is_asked(self, deployment: Deployment) -> bool:
        """Whether Pumble has a question that it has not answered."""
        traffic = requests.get(f"{deployment.pumble}/act/traffic", timeout=5).json()
        return any(entry["kind"] != "hook" and entry["durationMs"] is None for entry in traffic)

    def ask_until_not_ready(self, kept: requests.Session, url: str) -> requests.Response:
        """On one connection: whoever opens another one meanwhile waits for a process that accepts none."""
        until = time.monotonic() + 2
        while (answer := kept.get(url, timeout=2)).status_code == 200:
            assert time.monotonic() < until, "still ready after 2 s"
        return answer

    def test_gives_whoever_comes_through_the_front_door_meanwhile_a_whole_answer(
        self, deployment: Deployment, slow_pumble: None
    ) -> None:
        key = deployment.new_key("while it stops")
        answers: list[requests.Response] = []
        calling = threading.Thread(target=lambda: answers.append(deployment.get("/listChannels", key)))
        calling.start()
        wait_for(lambda: self.is_asked(deployment), "a call to Pumble")
        try:
            assert deployment.a.process
            deployment.a.process.terminate()
            late = [deployment.get("/keyInfo", key) for _ in range(3)]
            calling.join()
            assert deployment.a.process.wait(30) == 0
        finally:
            deployment.a.start()

        assert answers[0].status_code == 200
        for answer in late:
            assert answer.status_code == 200 or answer.json()["reason"] == "unavailable"

    def test_that_is_gone_is_answered_by_the_front_door(self, deployment: Deployment) -> None:
        """Who comes through the front door while no portal is there."""
        deployment.a.stop()
        try:
            answer = deployment.get("/myInfo")
        finally:
            deployment.a.start()

        assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
