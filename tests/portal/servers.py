"""The portal in its own process, configured as in production, beside the local Pumble; and a browser."""

import base64
import contextlib
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptography.fernet import Fernet
from django.test import override_settings

from pumble_bridge import manifest
from tests import pumble
from tests.environment import PROJECT, free_port

PUBLIC_URL = "https://keys.example.test"


@dataclass
class ProductionServer:
    """
    Attributes:
        marked: secrets that must not be stored elsewhere, by their kind.
    """

    url: str
    data_dir: Path
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    marked: dict[str, str]

    def ask(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        """Send a request as the reverse proxy does."""
        headers = {"Host": "keys.example.test", "Referer": PUBLIC_URL + "/"} | options.pop("headers", {})
        return requests.request(
            method, self.url + path, headers=headers, timeout=15, allow_redirects=False, **options
        )

    def manage(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
        )

    def dump(self) -> str:
        """Return the database as SQL."""
        with contextlib.closing(sqlite3.connect(self.data_dir / "portal.sqlite3")) as database:
            return "\n".join(database.iterdump())

    def stored_bytes(self) -> bytes:
        """Return all files below DATA_DIR, and the log."""
        left = [self.log.read_bytes()]
        for path in self.data_dir.rglob("*"):
            if path.is_file() and "static" not in path.parts:
                with contextlib.suppress(FileNotFoundError):  # SQLite tidies up behind its last reader
                    left.append(path.read_bytes())
        return b"\n".join(left)

    def wait_for_usage(self, key_id: str, calls: int) -> None:
        """Wait until this number of calls of the key is written. The server writes them once a second."""
        query = "SELECT count(*) FROM keys_requestlog WHERE key_id = (SELECT id FROM keys_apikey WHERE key_id = ?)"
        until = time.monotonic() + 15
        with contextlib.closing(sqlite3.connect(self.data_dir / "portal.sqlite3")) as database:
            while database.execute(query, [key_id]).fetchone()[0] < calls:
                assert time.monotonic() < until, "uses were not written within 15 s"
                time.sleep(0.05)


@dataclass
class Visitor:
    """A browser. It keeps cookies, also secure ones."""

    served: ProductionServer
    cookies: dict[str, str] = field(default_factory=dict)
    answers: list[requests.Response] = field(default_factory=list)

    def open(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        answer = self.served.ask(path, method, headers=headers | options.pop("headers", {}), **options)
        self.cookies |= answer.cookies.get_dict()
        self.answers.append(answer)
        return answer

    def send(self, path: str, on: str = "/", **form: str) -> requests.Response:
        """Send a form of the page `on`."""
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|nonce)" value="([^"]+)"', self.open(on).text))
        return self.open(path, "POST", data=hidden | form)

    def sign_in(self, person: pumble.Person, act: str = "authorize") -> dict[str, str]:
        """Sign in with Pumble. Return the state and code of the flow."""
        left = self.open("/pumble/install" if act == "install" else "/pumble/signin")
        state = query_of(left.headers["Location"])["state"]
        app_id = self.served.environment["PUMBLE_APP_ID"]
        back = pumble.act(act, userId=person.id, appId=app_id, state=state)["redirectUrl"]
        landed = self.open(back.removeprefix(PUBLIC_URL))
        assert landed.status_code == 302, landed.text
        return query_of(back)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@contextlib.contextmanager
def serving(folder: Path, **variables: str) -> Iterator[ProductionServer]:
    """Run a portal until the block ends, with its own database and its own app at the local Pumble."""
    with override_settings(PUBLIC_URL=PUBLIC_URL):
        app = pumble.act("apps", manifest=manifest.build())
    port, data_dir, log = free_port(), folder / "data", folder / "log"
    own = {
        "LOCAL_PUMBLE": "false",
        "PUBLIC_URL": PUBLIC_URL,
        "PORT": str(port),
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": "",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEY_PEPPERS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "METRICS_TOKEN": secrets.token_urlsafe(32),
        "PUMBLE_APP_ID": app["id"],
        "PUMBLE_APP_KEY": app["appKey"],
        "PUMBLE_APP_CLIENT_SECRET": app["clientSecret"],
        "PUMBLE_APP_SIGNING_SECRET": app["signingSecret"],
        "PUMBLE_API_URL": pumble.BASE,
        "PUMBLE_CONSENT_SCREEN_URL": f"{pumble.BASE}/access-request",
        "PUMBLE_FILEUPLOAD_URL": pumble.BASE,
    }
    environment = os.environ | own | variables
    names = [name for name in own if name.startswith(("SECRET", "TOKEN", "METRICS", "PUMBLE_APP_"))]
    names.remove("PUMBLE_APP_ID")
    marked = {name: own[name] for name in names} | {"KEY_PEPPERS": own["KEY_PEPPERS"][2:]}
    # At once: each takes a while.
    preparing = [
        subprocess.Popen([sys.executable, "manage.py", *command, "-v0"], cwd=PROJECT, env=environment)
        for command in (["migrate"], ["collectstatic", "--noinput"])
    ]
    assert [one.wait(60) for one in preparing] == [0, 0]
    command = [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    served = ProductionServer(f"http://127.0.0.1:{port}", data_dir, log, environment, process, marked)
    try:
        until = time.monotonic() + 60
        while not _answers(served):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield served
    finally:
        process.terminate()
        process.wait(30)


def _answers(served: ProductionServer) -> bool:
    try:
        return requests.get(f"{served.url}/healthz", timeout=1).ok
    except requests.RequestException:
        return False
