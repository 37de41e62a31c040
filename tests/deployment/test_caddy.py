"""Caddy before the reverse proxy: it adds certificates, and the promises of the reverse proxy stay."""

import contextlib
import dataclasses
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.deployment import composition, stack, test_front_door, wire
from tests.deployment.stack import Deployment
from tests.deployment.test_doctor import problems
from tests.environment import PROJECT, free_port

KEY = "pmb_HinAcQ2ncH7E_WHNGLINUhpFhAPuurB5ErjiSo2w70s0m3iihb4"
ADDRESS = "127.0.0.1"
bound = test_front_door.bound


@dataclasses.dataclass
class BehindCaddy(Deployment):
    caddy: dict[str, str] = dataclasses.field(default_factory=dict)


@contextlib.contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[None]:
    program, *options = composition.command("caddy")
    options[options.index("--config") + 1] = str(PROJECT / "deploy/Caddyfile")
    with log.open("wb") as output:
        process = subprocess.Popen([program, *options], env=environment, stdout=output, stderr=output)
    try:
        certificates = Path(environment["XDG_DATA_HOME"], "caddy/certificates")
        stack.wait_for(
            lambda: b"serving initial" in log.read_bytes() and any(certificates.rglob("*.crt")),
            f"Caddy: {log}",
            15,
        )
        yield
    finally:
        process.terminate()
        process.wait(15)


@pytest.fixture(scope="module")
def deployment(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BehindCaddy]:
    """The deployment, reached through Caddy. Its certificate is of Caddy's own authority."""
    folder = tmp_path_factory.mktemp("caddy")
    http_port, https_port, nginx_http, nginx_https = (free_port() for _ in range(4))
    public_url = f"https://localhost:{https_port}"
    places = {
        "PORTAL": f"127.0.0.1:{deployment.a.port}",
        "PUBLIC_URL": public_url,
        "HTTP_PORT": str(nginx_http),
        "HTTPS_PORT": str(nginx_https),
        "TLS_CERTIFICATE": str(deployment.certificate),
        "TLS_KEY": str(deployment.certificate.with_name("privkey.pem")),
        "RUN_DIR": str(folder / "front-door"),
        "SPOOL_DIR": str(folder / "front-door"),
        "OUTER_PROXY": ADDRESS,
    }
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        "PUBLIC_URL": public_url,
        "HTTP_PORT": str(http_port),
        "HTTPS_PORT": str(https_port),
        "FRONT_DOOR_HTTP": f"127.0.0.1:{nginx_http}",
        "FRONT_DOOR_HTTPS": f"127.0.0.1:{nginx_https}",
        "FRONT_DOOR_CERTIFICATE": str(deployment.certificate),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    assert environment.keys() >= composition.COMPOSE["services"]["caddy"]["environment"].keys()
    with stack.front_door(places, folder), running(environment, folder / "caddy.log"):
        authority = folder / "data/caddy/pki/authorities/local/root.crt"
        both = folder / "certificates.pem"
        both.write_bytes(deployment.certificate.read_bytes() + authority.read_bytes())
        behind = {"public_url": public_url, "http_port": http_port, "certificate": both}
        yield BehindCaddy(**vars(deployment) | behind, caddy=environment)


class TestTheClientAddress(test_front_door.TestTheClientAddress):
    """As without Caddy."""


class TestDoctor:
    def test_finds_nothing_wrong_with_the_way_through_caddy(self, deployment: BehindCaddy) -> None:
        checks = problems(deployment, PUBLIC_URL=deployment.public_url)

        assert [check for check in checks if check.startswith("public_url")] == []


class TestUnencryptedCalls(test_front_door.TestUnencryptedCalls):
    """As without Caddy, but for the port of HTTPS, where Caddy answers by itself."""

    def test_are_told_so_at_the_port_of_https_too(self, deployment: Deployment) -> None:
        (answer,) = wire.unencrypted(deployment, self.raw(deployment, "GET /myInfo"), deployment.https_port)

        assert answer.status == 400
        assert "location" not in answer.headers


class TestACall:
    def test_sends_a_message_and_is_limited_in_size(self, deployment: Deployment) -> None:
        key = deployment.new_key("through Caddy")

        sent = deployment.call("POST", "/sendMessage", key, json={"channel": "general", "text": "x"})
        large = deployment.call("POST", "/sendMessage", key, data=b"{" + b" " * 2_000_000)

        assert sent.status_code == 200
        assert (large.status_code, large.json()["reason"]) == (413, "too_large")

    def test_with_an_underscored_key_has_none(self, deployment: Deployment) -> None:
        answer = deployment.get("/myInfo", Api_Key=KEY)

        assert answer.json()["reason"] == "key_missing"

    def test_of_another_host_is_refused_by_the_portal(self, deployment: Deployment) -> None:
        answer = deployment.get("/myInfo", KEY, Host="evil.test")

        assert (answer.status_code, "reason" in answer.json()) == (403, True)

    def test_is_answered_in_the_contracts_shape_while_nginx_is_away(
        self, deployment: BehindCaddy, tmp_path: Path
    ) -> None:
        http_port, https_port, nobody = (str(free_port()) for _ in range(3))
        alone = {
            "HTTP_PORT": http_port,
            "HTTPS_PORT": https_port,
            "PUBLIC_URL": f"https://localhost:{https_port}",
            "FRONT_DOOR_HTTP": f"127.0.0.1:{nobody}",
            "FRONT_DOOR_HTTPS": f"127.0.0.1:{nobody}",
        }
        with running(deployment.caddy | alone, tmp_path / "log"):
            answers = [
                requests.get(f"{url}/myInfo?key={KEY}", headers={"ApiKey": KEY}, timeout=5, verify=verify)
                for url, verify in (
                    (alone["PUBLIC_URL"], str(deployment.certificate)),
                    (f"http://127.0.0.1:{http_port}", None),
                )
            ]

        for answer in answers:
            assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
            assert answer.headers["Retry-After"] == "2"
        assert KEY not in (tmp_path / "log").read_text()


class TestSlowClients:
    def test_do_not_delay_other_clients(self, deployment: Deployment) -> None:
        key, stopped = deployment.new_key("beside slow clients at Caddy"), threading.Event()
        head = f"POST /sendMessage HTTP/1.1\r\nHost: {deployment.a.host}\r\nContent-Length: 1000\r\n\r\n{{"
        with contextlib.ExitStack() as connections:
            slow = [
                connections.enter_context(wire.connect(deployment.https_port, deployment.certificate))
                for _ in range(100)
            ]
            for connection in slow:
                connection.sendall(head.encode())
            dripping = threading.Thread(target=test_front_door.drip, args=(slow, stopped))
            dripping.start()
            try:
                began = time.monotonic()
                statuses = {deployment.get("/keyInfo", key).status_code for _ in range(5)}
                took = time.monotonic() - began
            finally:
                stopped.set()
                dripping.join()

        assert statuses == {200}
        assert took < test_front_door.PATIENCE / 2
