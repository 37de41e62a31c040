"""The local Pumble: a process that tests drive like people at a screen."""

import contextlib
import functools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from tests.environment import PROJECT, SANDBOX_PORT

BASE = f"http://127.0.0.1:{SANDBOX_PORT}"


@dataclass(frozen=True)
class Person:
    """A person of the seed at their screen."""

    id: str
    name: str
    email: str
    workspace_id: str

    def type(self, channel: str, text: str, **more: Any) -> dict[str, Any]:
        """Type a line in a channel, and return the screen after it."""
        screen: dict[str, Any] = act("message", userId=self.id, channelId=channel, text=text, **more)[
            "screen"
        ]
        return screen

    def screen(self, channel: str) -> dict[str, Any]:
        screen: dict[str, Any] = get("screen", userId=self.id, channelId=channel)
        return screen

    def ephemerals(self, channel: str) -> list[str]:
        """Return the texts of ephemeral messages, oldest first."""
        return [message["text"] for message in self.screen(channel)["ephemeral"]]


def act(name: str, /, **body: Any) -> Any:
    answer = requests.post(f"{BASE}/act/{name}", json=body, timeout=15)
    assert answer.ok, f"/act/{name}: {answer.status_code} {answer.text[:300]}"
    return answer.json()


def get(name: str, **query: str) -> Any:
    answer = requests.get(f"{BASE}/act/{name}", params=query, timeout=15)
    assert answer.ok, f"/act/{name}: {answer.status_code} {answer.text[:300]}"
    return answer.json()


def faults(*rules: dict[str, Any]) -> None:
    """Let the local Pumble fail. Each rule is `{match, do, times}`."""
    answer = requests.post(f"{BASE}/act/faults", json=list(rules), timeout=15)
    assert answer.ok, answer.text


def api_calls() -> list[dict[str, Any]]:
    """Return the calls of Pumble's REST API since the last reset."""
    return [entry for entry in get("traffic") if entry.get("kind", entry.get("type")) != "hook"]


def settle(at_least: int = 0) -> None:
    """Wait until so many hooks were sent and all have ended, so that none reaches the next test."""
    until = time.monotonic() + 10
    while True:
        hooks = [entry for entry in get("traffic") if entry["kind"] == "hook"]
        if len(hooks) >= at_least and all(entry["durationMs"] is not None for entry in hooks):
            return
        assert time.monotonic() < until, "a hook did not end within 10 s"
        time.sleep(0.02)


@functools.cache
def seed() -> list[dict[str, Any]]:
    """Return the workspaces as each reset leaves them. The first call must follow a reset."""
    workspaces: list[dict[str, Any]] = get("workspaces")
    return workspaces


def person(email: str) -> Person:
    """Return a person by their e-mail address."""
    for workspace in _workspaces():
        for user in workspace["users"]:
            if user["email"] == email:
                return Person(user["id"], user["name"], email, workspace["id"])
    raise LookupError(email)


def channel(workspace_id: str, name: str) -> str:
    """Return the id of a channel."""
    for workspace in _workspaces():
        for found in workspace["channels"]:
            if (workspace["id"], found["name"]) == (workspace_id, name):
                return str(found["id"])
    raise LookupError(name)


def _workspaces() -> Iterator[dict[str, Any]]:
    """Yield those of the seed, which need no request, and then those that there are now."""
    yield from seed()
    yield from get("workspaces")


@contextlib.contextmanager
def running(**environment: str) -> Iterator[None]:
    """Run the local Pumble until the block ends."""
    command = [sys.executable, "manage.py", "sandbox"]
    process = subprocess.Popen(command, cwd=PROJECT, env=os.environ | environment)
    try:
        until = time.monotonic() + 30
        while not _is_up():
            assert process.poll() is None, "the local Pumble did not start"
            assert time.monotonic() < until, "the local Pumble took more than 30 s to start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _is_up() -> bool:
    try:
        return requests.get(f"{BASE}/healthz", timeout=1).ok
    except requests.ConnectionError:
        return False
