"""A portal that is told to stop ends what it began, takes nothing new, forgets nothing, and is gone in time."""

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
    def test_answers_what_is_under_way_lets_nobody_else_in_and_forgets_no_call(
        self, deployment: Deployment, slow_pumble: None
    ) -> None:
        key = deployment.new_key("in flight")
        answers: list[requests.Response] = []
        calling = threading.Thread(target=lambda: answers.append(deployment.b.get("/listChannels", key)))
        calling.start()
        wait_for(lambda: self.is_asked(deployment), "a call to Pumble")
        began = time.monotonic()
        try:
            assert deployment.b.process
            deployment.b.process.terminate()
            wait_for(lambda: self.is_closed(deployment), "a shut door", 2)
            assert not answers
            status = deployment.b.process.wait(30)
            calling.join()
        finally:
            deployment.b.start()

        assert (status, answers[0].status_code) == (0, 200)
        assert len(answers[0].json()) > 3
        assert time.monotonic() - began < 15
        listed = json.loads(deployment.manage("list_keys", "--json"))
        assert next(one["lastUsedAt"] for one in listed if one["name"] == "in flight")

    def is_asked(self, deployment: Deployment) -> bool:
        """Whether Pumble has a question that it has not answered."""
        traffic = requests.get(f"{deployment.pumble}/act/traffic", timeout=5).json()
        return any(entry["kind"] != "hook" and entry["durationMs"] is None for entry in traffic)

    def is_closed(self, deployment: Deployment) -> bool:
        try:
            requests.get(f"{deployment.b.url}/readyz", headers={"Host": deployment.b.host}, timeout=0.2)
        except requests.ConnectionError:
            return True
        except requests.Timeout:
            return False
        return False

    def test_is_missed_by_a_whole_answer(self, deployment: Deployment) -> None:
        """Who comes through the front door while no portal is there."""
        deployment.a.stop()
        try:
            answer = deployment.get("/myInfo")
        finally:
            deployment.a.start()

        assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
