"""Drives a real local Pumble over HTTP: as a person through `/act/`, as an app through the REST API."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent.parent
CREDENTIALS = json.loads((ROOT / "sandbox/app.json").read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Pumble:
    def __init__(self, data_dir: Path, public_url: str, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = requests.Session()
        self.credentials: dict[str, str] = CREDENTIALS
        self._environment = {
            **os.environ,
            "LOCAL_PUMBLE": "true",
            "SANDBOX_LIMITS": "on",
            "DATA_DIR": str(data_dir),
            "SANDBOX_PORT": str(self.port),
            "PUBLIC_URL": public_url,
            "DJANGO_SETTINGS_MODULE": "sandbox.settings",
            **environment,
        }
        self.start()

    def start(self) -> None:
        command = [
            "-m",
            "gunicorn",
            "-c",
            "sandbox/gunicorn.conf.py",
            "sandbox.wsgi",
        ]
        with (self.data_dir / "pumble.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self._environment, stderr=log
            )
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.http.get(f"{self.url}/healthz", timeout=1).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError("the local Pumble did not start: " + self.log())

    def stop(self) -> float:
        """Stop the process and return the seconds that it took."""
        begin = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=10)
        self.http.close()
        return time.monotonic() - begin

    def log(self) -> str:
        return (self.data_dir / "pumble.log").read_text()

    # as a person

    def post(self, act: str, body: Any = None, **fields: Any) -> requests.Response:
        return self.http.post(f"{self.url}/act/{act}", json=fields if body is None else body, timeout=20)

    def act(self, act: str, **fields: Any) -> Any:
        response = self.post(act, **fields)
        assert response.status_code == 200, response.text
        return response.json()

    def get(self, act: str, **query: Any) -> Any:
        response = self.http.get(f"{self.url}/act/{act}", params=query, timeout=20)
        assert response.status_code == 200, response.text
        return response.json()

    def person(self, key: str) -> str:
        """Return the id of the person with this e-mail name; `bot` is Acme's API bot."""
        users = [user for workspace in self.get("workspaces") for user in workspace["users"]]
        if key == "bot":
            return next(str(user["id"]) for user in users if user["isBot"])
        return next(str(user["id"]) for user in users if user["email"].startswith(f"{key}@"))

    def channel(self, name: str, workspace: str = "Acme") -> str:
        channels = next(item["channels"] for item in self.get("workspaces") if item["name"] == workspace)
        return next(str(item["id"]) for item in channels if item["name"] == name)

    def direct(self, *keys: str) -> str:
        wanted = {self.person(key) for key in keys}
        channels = [item for workspace in self.get("workspaces") for item in workspace["channels"]]
        return next(
            str(item["id"])
            for item in channels
            if item["channelType"] == "DIRECT" and set(item["users"]) == wanted
        )

    def screen(self, key: str, channel: str) -> Any:
        return self.get("screen", userId=self.person(key), channelId=channel)

    def send_message(self, key: str, channel: str, text: str, **more: str) -> Any:
        return self.act("message", userId=self.person(key), channelId=channel, text=text, **more)["screen"]

    # as an app

    def exchange(self, code: str, app: dict[str, str] | None = None) -> requests.Response:
        app = app or self.credentials
        fields = {"client-id": app["id"], "client-secret": app["clientSecret"], "code": code}
        parts = {name: (None, value) for name, value in fields.items()}
        return self.http.post(f"{self.url}/oauth2/access", files=parts, timeout=20)

    def grant(
        self, key: str, how: str = "authorize", app: dict[str, str] | None = None, **more: Any
    ) -> dict[str, str]:
        """Consent, exchange the code and return the tokens."""
        if app:
            more["appId"] = app["id"]
        redirect = self.act(how, userId=self.person(key), **more)["redirectUrl"]
        response = self.exchange(parse_qs(urlsplit(redirect).query)["code"][0], app)
        assert response.status_code == 200, response.text
        answer: dict[str, str] = response.json()
        return answer

    def token(self, key: str) -> str:
        return self.grant("ana")["botToken"] if key == "bot" else self.grant(key)["accessToken"]

    def rest(self, method: str, path: str, token: str, body: Any = None, **more: Any) -> requests.Response:
        headers = {
            "token": token,
            "x-app-token": self.credentials["appKey"],
            "content-type": "application/json",
        }
        headers |= more.pop("headers", {})
        data = None if body is None else json.dumps(body)
        return self.http.request(method, f"{self.url}{path}", headers=headers, data=data, timeout=20, **more)

    def call(self, method: str, path: str, token: str, body: Any = None, **more: Any) -> Any:
        response = self.rest(method, path, token, body, **more)
        assert response.status_code == 200, response.text
        return response.json() if response.content else None
