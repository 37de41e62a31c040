"""The local Pumble as the tests meet it: a real process, driven as a person at a screen drives it."""

import contextlib
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
    """Somebody of the seed, at their screen."""

    id: str
    name: str
    email: str
    workspace_id: str

    def type(self, channel: str, text: str, **more: Any) -> dict[str, Any]:
        """Type a line in a channel of theirs; the screen afterwards."""
        screen: dict[str, Any] = act("message", userId=self.id, channelId=channel, text=text, **more)[
            "screen"
        ]
        return screen

    def screen(self, channel: str) -> dict[str, Any]:
        screen: dict[str, Any] = get("screen", userId=self.id, channelId=channel)
        return screen

    def whispers(self, channel: str) -> list[str]:
        """The texts of what only they can see there, oldest first."""
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
    """Make the local Pumble misbehave: `{match, do, times}` each."""
    answer = requests.post(f"{BASE}/act/faults", json=list(rules), timeout=15)
    assert answer.ok, answer.text


def api_calls() -> list[dict[str, Any]]:
    """What reached Pumble's REST API since the last reset."""
    return [entry for entry in get("traffic") if entry.get("kind", entry.get("type")) != "hook"]


def settle(at_least: int = 0) -> None:
    """Wait until so many hooks were sent and every one has ended: nothing of them outlives the test."""
    until = time.monotonic() + 10
    while True:
        hooks = [entry for entry in get("traffic") if entry["kind"] == "hook"]
        if len(hooks) >= at_least and all(entry["durationMs"] is not None for entry in hooks):
            return
        assert time.monotonic() < until, "a hook did not end within 10 s"
        time.sleep(0.02)


def person(email: str) -> Person:
    for workspace in get("workspaces"):
        for user in workspace["users"]:
            if user["email"] == email:
                return Person(user["id"], user["name"], email, workspace["id"])
    raise LookupError(email)


def channel(workspace_id: str, name: str) -> str:
    """The id of a named channel."""
    for workspace in get("workspaces"):
        if workspace["id"] == workspace_id:
            return next(str(found["id"]) for found in workspace["channels"] if found["name"] == name)
    raise LookupError(name)


@contextlib.contextmanager
def running(**environment: str) -> Iterator[None]:
    """The local Pumble, up until the block ends."""
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
