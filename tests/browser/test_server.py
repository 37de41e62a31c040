"""The real server and application, tested with raw sockets. This folder has the stack; no browser is needed."""

import json
import os
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
import requests

from keys import key_format
from tests.browser.conftest import Stack
from tests.environment import PROJECT

pytestmark = pytest.mark.browser


def speak(stack: Stack, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send these bytes as they are; status, headers (in lower case) and body of what comes back."""
    address = urlsplit(stack.portal)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        raw = b""
        while piece := connection.recv(65536):
            raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(status.split()[1]), headers, body


class TestUnreadableRequests:
    @pytest.mark.parametrize(
        "request_head",
        [
            b"GET /myInfo HTTP/1.1\r\nHost: x\r\nApiKey {key}\r\n\r\n",
            b"GET /myInfo ApiKey {key} HTTP/1.1\r\n\r\n",
            b"{key}\r\n\r\n",
            b"GET /myInfo HTTP/1.1\r\nHost: x\r\nContent-Length: {key}\r\n\r\n",
        ],
    )
    def test_are_refused_and_no_key_reaches_the_log(self, stack: Stack, request_head: bytes) -> None:
        key = key_format.generate().text

        status, _, _ = speak(stack, request_head.replace(b"{key}", key.encode()))

        assert status == 400
        assert key[17:49] not in stack.log.read_text()


class TestBodies:
    def test_in_chunks_are_read(self, stack: Stack) -> None:
        pieces = iter([b'{"channel":', b'"general","text":"x"}'])

        answer = requests.post(f"{stack.portal}/sendMessage", data=pieces, timeout=5)

        assert answer.json()["reason"] == "key_missing"

    @pytest.mark.parametrize("path", ["/sendMessage", "/language", "/pumble/hook", "/nowhere"])
    def test_that_are_too_large_are_refused_with_and_without_a_key(self, stack: Stack, path: str) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000000\r\nConnection: close\r\n\r\n"

        status, _, body = speak(stack, head.encode())

        assert (status, json.loads(body)["reason"]) == (413, "too_large")

    def test_that_are_slightly_too_large_get_a_response(self, stack: Stack) -> None:
        answer = requests.post(f"{stack.portal}/sendMessage", data=b"x" * 2_000_000, timeout=5)

        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")


class TestMisplacedKey:
    def test_does_not_reach_the_log(self, stack: Stack) -> None:
        key = key_format.generate().text
        for path in (f"/{key}", f"/pmb_{key}", f"/x?ApiKey={key}", "/" + key.replace("_", "%255F")):
            requests.get(stack.portal + path, headers={"User-Agent": key, "X-Request-Id": key}, timeout=5)

        assert key[17:49] not in stack.log.read_text()


class TestAnotherProcess:
    """The command line beside the running portal."""

    def manage(self, stack: Stack, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=os.environ | {"DATA_DIR": str(stack.data_dir), "PORT": str(urlsplit(stack.portal).port)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def test_revokes_a_key_with_effect_on_the_next_call(self, stack: Stack) -> None:
        create = ["create_key", "--workspace=Acme", "--member=ana@acme.test", "--name=felt at once", "--json"]
        made = json.loads(self.manage(stack, *create))
        with requests.Session() as session:  # one kept connection, so one thread of the server
            session.headers["ApiKey"] = made["key"]
            assert session.get(f"{stack.portal}/keyInfo", timeout=5).status_code == 200

            self.manage(stack, "revoke_key", made["id"], "--reason=test")

            assert session.get(f"{stack.portal}/keyInfo", timeout=5).json()["reason"] == "key_revoked"

    def test_sees_the_last_use_within_two_seconds(self, stack: Stack) -> None:
        create = ["create_key", "--workspace=Acme", "--member=ana@acme.test", "--name=used", "--json"]
        made = json.loads(self.manage(stack, *create))
        requests.get(f"{stack.portal}/keyInfo", headers={"ApiKey": made["key"]}, timeout=5)

        until = time.monotonic() + 10
        while not self._last_use(stack, made["id"]):
            assert time.monotonic() < until

    def _last_use(self, stack: Stack, key_id: str) -> str | None:
        listed = json.loads(self.manage(stack, "list_keys", "--json"))
        return next(str(key["lastUsedAt"] or "") for key in listed if key["id"] == key_id)
