"""Broken connections and ambiguous headers, under the servers that run the portal."""

import contextlib
import dataclasses
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.wsgi import application
from pumble_bridge import hints
from pumble_bridge.hints import Hint
from tests import pumble
from tests.contract.wire import issue
from tests.environment import PROJECT, free_port

SERVERS = {
    "gunicorn": ["gunicorn", "-c", "portal/gunicorn.conf.py"],
    "gunicorn without our settings": ["gunicorn", "portal.wsgi", "--threads=4", "--bind=127.0.0.1:{port}"],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", "portal.wsgi:application"],
}


@dataclasses.dataclass(frozen=True)
class Server:
    """Attributes: key: one that works from 127.0.0.9 only, and where nothing is said of addresses, from everywhere."""

    name: str
    port: int
    log: Path
    keys: dict[str, str]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, *lines: str, body: bytes = b"") -> dict[str, Any]:
        """The JSON of the answer to a request that consists of these lines."""
        with self.connect() as connection:
            connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
            return body_of(connection)

    def lines(self, request_id: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if request_id in line]


def body_of(connection: socket.socket) -> dict[str, Any]:
    said = b""
    while piece := connection.recv(65536):
        said += piece
    found: dict[str, Any] = json.loads(said.partition(b"\r\n\r\n")[2])
    return found


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, _pumble_process: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    pumble.act("reset")
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    environment = os.environ | {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "DATABASE_URL": "",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }

    def manage(*arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True
        ).stdout

    manage("migrate", "-v0")
    manage("seed")
    create = ("create_key", "--workspace=Acme", "--member=ana@acme.test", "--json")
    keys = {
        "bound": json.loads(manage(*create, "--name=bound", "--ip=127.0.0.9"))["key"],
        "free": json.loads(manage(*create, "--name=free"))["key"],
    }
    command = [part.format(port=port) for part in SERVERS[request.param]]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=PROJECT, env=environment, stdout=output, stderr=output
        )
    try:
        until = time.monotonic() + 40
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield Server(request.param, port, log, keys)
    finally:
        process.terminate()
        process.wait(30)
    pumble.settle()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


def closes_its_side(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


def closes(connection: socket.socket) -> None:
    connection.close()


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# The first is whole JSON: it must not be carried out either.
CUT = {
    "a body": ("Content-Length: 500", b'{"channel": "general", "text": "cut"}'),
    "a text": ("Content-Length: 500", b'{"channel": "general", "text": "c'),
    "a body of which nothing came": ("Content-Length: 2", b""),
    "chunks": ("Transfer-Encoding: chunked", b'25\r\n{"channel": "general", "text": "cut"}\r\n'),
    "a chunk": ("Transfer-Encoding: chunked", b'ff\r\n{"channel": "general", "text": "cut"}'),
    "a chunk's length": ("Transfer-Encoding: chunked", b"2"),
}


class TestABodyThatEndsEarly:
    @pytest.mark.parametrize("ends", [closes_its_side, closes, resets])
    @pytest.mark.parametrize("what", CUT)
    def test_is_the_clients_fault_in_one_line(
        self, server: Server, what: str, ends: Callable[[socket.socket], None]
    ) -> None:
        header, begun = CUT[what]
        request_id = re.sub(r"\W", "-", f"{what} {ends.__name__} id")
        head = (
            f"POST /sendMessage HTTP/1.1\r\nHost: 127.0.0.1\r\nApiKey: {server.keys['free']}\r\n"
            f"X-Request-Id: {request_id}\r\n{header}\r\n\r\n"
        )
        answer = None
        with server.connect() as connection:
            connection.sendall(head.encode() + begun)
            ends(connection)
            if ends is closes_its_side:
                with contextlib.suppress(json.JSONDecodeError):  # some servers say nothing, as nobody listens
                    answer = body_of(connection)

        if answer is not None:
            assert answer["reason"] == "validation"
            assert answer["hint"] == hints.english(Hint.CUT_SHORT)
        if server.name != "waitress":  # it waits for whole requests, and tells nobody of others
            until = time.monotonic() + 5
            while not (lines := server.lines(request_id)):
                assert time.monotonic() < until, server.log.read_text()[-2000:]
                time.sleep(0.02)
            assert len(lines) == 1
            assert "outcome=validation" in lines[0]
        assert server.ask("GET /healthz HTTP/1.1", "Host: 127.0.0.1") == {"status": "ok"}
        log = server.log.read_text()
        assert "Traceback" not in log
        assert " ERROR " not in log

    def test_is_not_carried_out(self, server: Server) -> None:
        assert [call["url"] for call in pumble.api_calls() if "/messages" in call["url"]] == []


class TestTheClientAddress:
    @pytest.mark.parametrize(
        "headers",
        [
            ["X_Forwarded_For: 127.0.0.9"],
            ["x_forwarded-for: 127.0.0.9"],
            ["X-Forwarded_For: 127.0.0.9"],
            ["X_FORWARDED_FOR: 127.0.0.9", "X-Forwarded-For: 127.0.0.1"],
            ["X-Forwarded-For: 127.0.0.1", "X_Forwarded_For: 127.0.0.9"],
        ],
    )
    def test_is_never_read_from_a_header_with_underscores(self, server: Server, headers: list[str]) -> None:
        key = f"ApiKey: {server.keys['bound']}"

        said = server.ask("GET /keyInfo HTTP/1.1", "Host: 127.0.0.1", key, *headers)

        assert "(127.0.0.1)" in said["error"]

    def test_is_read_from_the_header_of_a_trusted_proxy(self, server: Server) -> None:
        lines = ("Host: 127.0.0.1", f"ApiKey: {server.keys['bound']}", "X-Forwarded-For: 127.0.0.9")

        said = server.ask("GET /keyInfo HTTP/1.1", *lines)

        if server.name == "waitress":  # it drops the header until it is told of a proxy itself
            assert "(127.0.0.1)" in said["error"]
        else:
            assert said["name"] == "bound"


class TestAPathWithMoreSlashes:
    @pytest.mark.parametrize("path", ["//keyInfo", "///keyInfo", "//keyInfo/", "//keyInfo?x=//y"])
    def test_is_served(self, server: Server, path: str) -> None:
        lines = ("Host: 127.0.0.1", f"ApiKey: {server.keys['free']}")

        assert server.ask(f"GET {path} HTTP/1.1", *lines)["name"] == "free"

    def test_leads_nowhere_else(self, server: Server) -> None:
        with server.connect() as connection:
            lines = (
                "GET //evil.test/%2e%2e HTTP/1.1",
                "Host: 127.0.0.1",
                "Connection: close",
            )
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            with connection.makefile("rb") as answer:
                said = answer.read()

        assert said.startswith(b"HTTP/1.1 404 ")
        assert b"Location:" not in said


class Stream:
    """What a server hands over for a body that ends early."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, size: int = -1) -> bytes:
        raise self.error

    readline = read


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("length", [{"CONTENT_LENGTH": "40"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "reset"),
        TimeoutError("timed out"),
        BrokenPipeError(),
        OSError("no more data"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_body_that_cannot_be_read_on_is_the_clients_fault_under_every_server(
    portal: str, capfd: pytest.CaptureFixture[str], error: Exception, length: dict[str, str]
) -> None:
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/sendMessage",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_APIKEY": issue("ana@acme.test"),
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": Stream(error),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    } | length

    answer = json.loads(b"".join(application(environ, lambda status, _headers, *_rest: told.append(status))))

    assert told == ["403 Forbidden"]
    assert (answer["error"], answer["reason"]) == ("Invalid request parameters", "validation")
    assert answer["hint"] == hints.english(Hint.CUT_SHORT)
    assert "Traceback" not in capfd.readouterr().err
