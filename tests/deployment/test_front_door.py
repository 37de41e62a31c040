"""The reverse proxy: client addresses, plain HTTP, slow clients."""

import contextlib
import json
import re
import socket
import threading
import time

import pytest
import requests

from portal.api import exceptions
from portal.api.urls import PATHS
from portal.mcp.urls import PATHS as MCP_PATHS
from tests.deployment import composition, wire
from tests.deployment.stack import Deployment

PATIENCE = 5.0


@pytest.fixture(scope="module")
def bound(deployment: Deployment) -> str:
    """A key that works from one address only."""
    arguments = [
        "--workspace=Globex",
        "--member=gita@globex.test",
        f"--name=bound {deployment.https_port}",
        "--ip=127.0.0.9",
        "--json",
    ]
    deployment.sign_in("gita@globex.test", "/pumble/install")
    return str(json.loads(deployment.manage("create_key", *arguments))["key"])


class TestTheClientAddress:
    def ask(self, deployment: Deployment, key: str, source: str, *headers: str) -> str:
        """How a call from `source` through the front door is answered."""
        lines = [
            "GET /keyInfo HTTP/1.1",
            f"Host: {deployment.a.host}",
            f"ApiKey: {key}",
            "Connection: close",
            *headers,
        ]
        with wire.connect(deployment.https_port, deployment.certificate, source) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            said = b""
            while piece := connection.recv(65536):
                said += piece
        body = json.loads(said.partition(b"\r\n\r\n")[2])
        return str(body.get("error", "let in"))

    def test_is_the_one_the_front_door_saw(self, deployment: Deployment, bound: str) -> None:
        assert self.ask(deployment, bound, "127.0.0.9") == "let in"
        assert "(127.0.0.8)" in self.ask(deployment, bound, "127.0.0.8")

    @pytest.mark.parametrize(
        "claim",
        [
            "X-Forwarded-For: 127.0.0.9",
            "X-Forwarded-For: 127.0.0.9, 127.0.0.1",
            "X-Real-IP: 127.0.0.9",
            "Forwarded: for=127.0.0.9",
            "X_Forwarded_For: 127.0.0.9",
        ],
    )
    def test_is_not_what_the_caller_says(self, deployment: Deployment, bound: str, claim: str) -> None:
        assert "(127.0.0.8)" in self.ask(deployment, bound, "127.0.0.8", claim)

    def test_is_the_proxys_where_somebody_goes_past_the_front_door(
        self, deployment: Deployment, bound: str
    ) -> None:
        honest = deployment.b.get("/keyInfo", bound, **{"X-Forwarded-For": "127.0.0.9"})
        underscored = deployment.b.get("/keyInfo", bound, X_Forwarded_For="127.0.0.9")

        assert honest.status_code == 200  # the tests call from the trusted proxy's address
        assert "(127.0.0.1)" in underscored.json()["error"]


class TestUnencryptedCalls:
    KEY = "pmb_HinAcQ2ncH7E_WHNGLINUhpFhAPuurB5ErjiSo2w70s0m3iihb4"

    def ask(
        self, deployment: Deployment, method: str, path: str, headers: dict[str, str] | None = None
    ) -> requests.Response:
        url, given = f"http://127.0.0.1:{deployment.http_port}{path}", {"Host": deployment.a.host}
        body = b'{"channel": "general", "text": "x"}' if method == "POST" else None
        return requests.request(
            method, url, data=body, headers=given | (headers or {}), allow_redirects=False, timeout=5
        )

    @pytest.mark.parametrize(
        ("method", "path", "headers"),
        [
            ("POST", "/sendMessage", {"ApiKey": KEY}),
            ("GET", "/listChannels", {"ApiKey": KEY}),
            ("DELETE", "/deleteMessage?messageId=x", {"Authorization": f"Bearer {KEY}"}),
            ("GET", "/myInfo", {}),
            ("GET", "/myInfo/", {}),
            ("GET", "//keyInfo", {"Api-Key": KEY}),
            ("GET", "/my%49nfo", {}),
            ("POST", "/mcp", {}),
            ("POST", "/sendmessage", {"X-API-Key": KEY}),
            ("GET", "/api-docs/openapi.json", {"apikey": KEY}),
            ("GET", "/", {"Authorization": f"bearer {KEY}"}),
            ("GET", f"/keys/?key={KEY}", {}),
        ],
    )
    def test_are_told_to_come_by_https_and_to_rotate_the_key(
        self, deployment: Deployment, method: str, path: str, headers: dict[str, str]
    ) -> None:
        answer = self.ask(deployment, method, path, headers)

        body = exceptions.error_body(exceptions.HttpsRequired(), answer.headers["X-Request-Id"])
        del body["help"]  # the portal has not seen the request, so no page explains it
        assert (answer.status_code, answer.json()) == (403, body)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert "Location" not in answer.headers
        assert self.KEY not in str(answer.headers)

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/", {}),
            ("/api-docs/?x=1", {}),
            ("/keys/new", {"Authorization": "Basic eDp5"}),
            ("/sendMessages", {}),
        ],
    )
    def test_are_no_pages_which_lead_to_https(
        self, deployment: Deployment, path: str, headers: dict[str, str]
    ) -> None:
        answer = self.ask(deployment, "GET", path, headers)

        assert (answer.status_code, answer.headers["Location"]) == (301, deployment.public_url + path)

    def raw(self, deployment: Deployment, line: str) -> bytes:
        lines = (f"{line} HTTP/1.1", f"Host: {deployment.a.host}", f"ApiKey: {self.KEY}", "Connection: close")
        return "\r\n".join([*lines, "", ""]).encode()

    def test_are_told_so_at_the_port_of_https_too(self, deployment: Deployment) -> None:
        (answer,) = wire.unencrypted(deployment, self.raw(deployment, "GET /myInfo"), deployment.https_port)

        assert (answer.status, json.loads(answer.body)["reason"]) == (403, "https_required")

    @pytest.mark.parametrize(
        ("line", "status", "reason"),
        [
            ("GET /" + "a" * 9000, 414, "too_large"),
            ("TRACE /myInfo", 405, "method_not_allowed"),
            ("GET /.front-door/https-required", 404, "not_found"),
        ],
    )
    def test_that_make_no_sense_are_refused_like_others(
        self, deployment: Deployment, line: str, status: int, reason: str
    ) -> None:
        (answer,) = wire.unencrypted(deployment, self.raw(deployment, line))

        assert (answer.status, json.loads(answer.body)["reason"]) == (status, reason)

    def test_are_known_by_every_address_of_the_api(self) -> None:
        template = composition.TEMPLATE.read_text()
        names = re.search(r"\^http\\ /\(\?:([\w\s|]+)\)", template)
        assert names

        assert {name.strip() for name in names[1].split("|")} == {
            path.strip("/") for path in PATHS | MCP_PATHS
        }


class TestInternalUrls:
    def test_stays_there(self, deployment: Deployment) -> None:
        scraper = {"Authorization": f"Bearer {deployment.environment['METRICS_TOKEN']}"}

        assert deployment.get("/metrics").status_code == 404
        assert deployment.call("GET", "/metrics", headers=scraper).status_code == 200


class TestSlowClients:
    """Five hundred that send a byte a second."""

    @pytest.mark.parametrize("part", ["head", "body"])
    def test_do_not_delay_other_clients(self, deployment: Deployment, part: str) -> None:
        key = deployment.new_key(f"beside slow {part}s")
        head = f"POST /sendMessage HTTP/1.1\r\nHost: {deployment.a.host}\r\nApiKey: {key}\r\n"
        began = head if part == "head" else f"{head}Content-Length: 1000\r\n\r\n{{"
        stopped = threading.Event()
        with contextlib.ExitStack() as connections:
            slow = [
                connections.enter_context(wire.connect(deployment.https_port, deployment.certificate))
                for _ in range(500)
            ]
            for connection in slow:
                connection.sendall(began.encode())
            dripping = threading.Thread(target=drip, args=(slow, stopped))
            dripping.start()
            try:
                took = []
                for _ in range(10):
                    before = time.monotonic()
                    assert deployment.get("/keyInfo", key).status_code == 200
                    took.append(time.monotonic() - before)
            finally:
                stopped.set()
                dripping.join()

        assert max(took) < PATIENCE / 2


class TestAnIncompleteRequest:
    """Past the front door, which is the only one that gives up on it."""

    @pytest.mark.parametrize("rest", [b"ApiKey: x", b"Content-Length: 1000\r\n\r\n{"])
    def test_holds_a_thread_only_until_its_client_is_gone(self, deployment: Deployment, rest: bytes) -> None:
        head = f"POST /sendMessage HTTP/1.1\r\nHost: {deployment.b.host}\r\n".encode()
        with contextlib.ExitStack() as connections:
            for _ in range(40):  # more than the portal has threads
                connections.enter_context(wire.connect(deployment.b.port)).sendall(head + rest)

        began = time.monotonic()
        assert deployment.b.get("/healthz").status_code == 200
        assert time.monotonic() - began < PATIENCE


def drip(connections: list[socket.socket], stopped: threading.Event) -> None:
    while not stopped.wait(1):
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.sendall(b"x")
