"""One installation, of the release before or of this one: its settings, its commands, and how it answers calls."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

RELEASE = Path(__file__).parent / "release"
# They open the dumps of tests, and nothing else.
SECRETS = {
    "SECRET_KEY": "for the dumps of tests only, and long enough for the check of its length",
    "KEY_PEPPERS": "1:" + "Zm9yIHRoZSBkdW1wcyBvZiB0ZXN0cyBvbmx5LCAzMis=",
    "TOKEN_ENCRYPTION_KEYS": "Zm9yIHRoZSBkdW1wcyBvZiB0ZXN0cyBvbmx5ISEhISE=",
}
START_SECONDS = 60

# A key by its name, the operation, and its query. They read, so that each may come at any time.
CALLS: list[tuple[str, str, dict[str, str]]] = [
    ("full", "keyInfo", {}),
    ("full", "myInfo", {}),
    ("full", "listChannels", {}),
    ("full", "getChannel", {"channel": "general"}),
    ("full", "getChannel", {"channel": "board"}),
    ("full", "getChannel", {"channel": "nowhere"}),
    ("full", "listUsers", {}),
    ("full", "listUserGroups", {}),
    ("full", "listMessages", {"channel": "general", "limit": "3"}),
    ("full", "listMessages", {"channel": "general", "limit": "many"}),
    ("full", "fetchMessage", {}),
    ("full", "sendMessages", {}),
    ("ben", "keyInfo", {}),
    ("ben", "myInfo", {}),
    ("reads users", "listUsers", {}),
    ("reads users", "listChannels", {}),
    ("one channel", "keyInfo", {}),
    ("one channel", "getChannel", {"channel": "general"}),
    ("one channel", "getChannel", {"channel": "random"}),
    ("one network", "myInfo", {}),
    ("rotated", "myInfo", {}),
    ("disabled", "myInfo", {}),
    ("revoked", "myInfo", {}),
]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any

    @classmethod
    def of(cls, answer: requests.Response) -> "Answer":
        body = answer.json()
        if isinstance(body, dict):
            body.pop("requestId", None)
        return cls(answer.status_code, body)


@dataclass(frozen=True)
class Installation:
    python: str
    source: Path
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a command, and return what it prints."""
        done = subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.source,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def pumble(self) -> str:
        return f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}"

    def call(self, key: str, operation: str, query: dict[str, str]) -> Answer:
        address = f"{self.portal}/{operation}"
        return Answer.of(requests.get(address, params=query, headers={"ApiKey": key}, timeout=15))

    def listed(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self.manage("list_keys", "--all", "--json"))
        return listed

    def events(self) -> list[dict[str, Any]]:
        """Return the audit export."""
        return [json.loads(line) for line in self.manage("audit_export").splitlines()]

    @contextlib.contextmanager
    def running(self, *command: str, urls: list[str]) -> Iterator[None]:
        """Run a command until the block ends. The block begins when each of the URLs is healthy."""
        log = Path(self.environment["DATA_DIR"]) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.python, *command], cwd=self.source, env=self.environment, stdout=output, stderr=output
            )
        try:
            until = time.monotonic() + START_SECONDS
            while not all(map(_is_healthy, urls)):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Return the environment of an installation that works with the local Pumble."""
    own = {"LOCAL_PUMBLE": "true", "DATA_DIR": str(data_dir), "SANDBOX_LIMITS": "off"}
    return os.environ | SECRETS | own | more
