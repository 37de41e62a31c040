"""The real server while Pumble does not answer: only the calls that need Pumble wait or are refused."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings

from keys import key_format
from tests.browser.conftest import Stack
from tests.environment import PROJECT

pytestmark = pytest.mark.browser

HANGS_SECONDS = 4
CALLERS = 3 * settings.THREADS
PLACES = 3 * settings.THREADS // 8  # for the calls of one workspace


@pytest.fixture(scope="module")
def key(stack: Stack) -> str:
    made = subprocess.run(
        [
            *(sys.executable, "manage.py", "create_key", "--workspace=Acme"),
            *("--member=ana@acme.test", "--name=hanging", "--json"),
        ],
        cwd=PROJECT,
        env=os.environ | {"DATA_DIR": str(stack.data_dir), "PORT": str(urlsplit(stack.portal).port)},
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(made.stdout)["key"])


def my_info(stack: Stack, key: str) -> requests.Response:
    return requests.get(f"{stack.portal}/myInfo", headers={"ApiKey": key}, timeout=20)


@contextlib.contextmanager
def everybody_asking(stack: Stack, key: str) -> Iterator[list[Future[requests.Response]]]:
    """Three times as many calls as the server has threads, while Pumble takes its time for each."""
    hangs = [{"match": "GET /v1/workspaceUsers/*", "do": f"delay:{HANGS_SECONDS}", "times": CALLERS}]
    requests.post(f"{stack.pumble}/act/faults", json=hangs, timeout=5).raise_for_status()
    with ThreadPoolExecutor(CALLERS) as pool:
        asked = [pool.submit(my_info, stack, key) for _ in range(CALLERS)]
        while not in_pumble(stack):
            pass
        yield asked
    requests.delete(f"{stack.pumble}/act/faults", timeout=5).raise_for_status()


def in_pumble(stack: Stack) -> int:
    """How many calls of people's own data Pumble has not answered yet."""
    traffic = requests.get(f"{stack.pumble}/act/traffic", timeout=5).json()
    return sum("/v1/workspaceUsers/" in one["url"] and one["durationMs"] is None for one in traffic)


def test_pages_refusals_health_and_chat_do_not_wait(stack: Stack, key: str) -> None:
    workspaces = requests.get(f"{stack.pumble}/act/workspaces", timeout=5).json()
    acme = next(one for one in workspaces if one["name"] == "Acme")
    ana = next(user["id"] for user in acme["users"] if user["email"] == "ana@acme.test")
    general = next(channel["id"] for channel in acme["channels"] if channel["name"] == "general")
    typed = {"userId": ana, "channelId": general, "text": "/api-keys list"}
    stranger = {"ApiKey": key_format.generate().text}

    with everybody_asking(stack, key) as asked:
        began = time.monotonic()
        assert requests.get(f"{stack.portal}/healthz", timeout=20).status_code == 200
        assert requests.get(f"{stack.portal}/api-docs/", timeout=20).status_code == 200
        refused = requests.get(f"{stack.portal}/myInfo", headers=stranger, timeout=20)
        assert refused.json()["reason"] == "key_unknown"
        screen = requests.post(f"{stack.pumble}/act/message", json=typed, timeout=20).json()["screen"]
        assert "hanging" in screen["ephemeral"][-1]["text"]
        assert time.monotonic() - began < HANGS_SECONDS - 1

    answers = [one.result() for one in asked]
    assert Counter(answer.status_code for answer in answers) == {200: PLACES, 503: CALLERS - PLACES}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["reason"] == "pumble_unavailable"
            assert answer.headers["Retry-After"] == "1"


def test_afterwards_all_calls_work_again(stack: Stack, key: str) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(lambda _n: my_info(stack, key), range(CALLERS)))

    assert {answer.status_code for answer in answers} == {200}
