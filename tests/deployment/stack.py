"""The deployment as compose.yaml has it, as processes of this machine: front door, two portals, PostgreSQL, Redis.

It is set up as docs/operate.md says, and works with the local Pumble, where it is registered like any other app.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from keys import key_format
from tests import services
from tests.deployment import certificate, composition
from tests.environment import PROJECT, free_port

BIN = Path(sys.executable).parent
TRUSTED = "127.0.0.1"
NO_PROXY = "unix:"  # an address from which nobody connects


@dataclass
class Portal:
    """One portal: a server with its worker processes."""

    port: int
    host: str
    command: list[str]
    folder: Path
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Until it answers; one that runs goes on."""
        if self.process and self.process.poll() is None:
            return
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
        wait_for(self.answers, f"the portal on {self.port}: {self.log}")

    def stop(self, seconds: float = 30) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            return self.get("/readyz").status_code == 200
        except requests.ConnectionError:
            return False

    def get(self, path: str, key: str = "", **headers: str) -> requests.Response:
        return self.call("GET", path, key, headers=headers)

    def call(
        self, method: str, path: str, key: str = "", *, headers: dict[str, str] | None = None, **options: Any
    ) -> requests.Response:
        """A call as the front door makes it: under the public name."""
        own = {"Host": self.host, "Connection": "close"} | ({"ApiKey": key} if key else {})
        return requests.request(method, self.url + path, headers=own | (headers or {}), timeout=30, **options)


@dataclass
class Deployment:
    public_url: str
    http_port: int
    certificate: Path
    a: Portal
    b: Portal
    pumble: str
    app_id: str
    environment: dict[str, str]
    folder: Path
    postgres: services.Postgres
    redis: services.Redis
    places: dict[str, str]
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def https_port(self) -> int:
        return int(self.public_url.rsplit(":", 1)[1])

    def browser(self) -> requests.Session:
        """Somebody's browser, which knows the certificate."""
        session = requests.Session()
        session.verify, session.trust_env = str(self.certificate), False
        session.headers["Accept"] = "text/html"
        return session

    def get(self, path: str, key: str = "", **headers: str) -> requests.Response:
        """A program's call through the front door."""
        return self.call("GET", path, key, headers=headers)

    def call(
        self, method: str, path: str, key: str = "", *, headers: dict[str, str] | None = None, **options: Any
    ) -> requests.Response:
        own = ({"ApiKey": key} if key else {}) | (headers or {})
        return requests.request(
            method, self.public_url + path, headers=own, verify=str(self.certificate), timeout=30, **options
        )

    def manage(self, *arguments: str) -> str:
        """A command beside the running portals."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def act(self, name: str, **body: Any) -> Any:
        return act(self.pumble, name, appId=self.app_id, **body)

    def person(self, email: str) -> dict[str, Any]:
        if not self.people:
            found = requests.get(f"{self.pumble}/act/workspaces", timeout=10).json()
            for workspace in found:
                for user in workspace["users"]:
                    home = next(one["id"] for one in workspace["channels"] if one["name"] == "general")
                    self.people[user["email"]] = user | {"general": home}
        return self.people[email]

    def type(self, email: str, text: str) -> list[str]:
        """What only this person sees after typing `text` in general, newest last."""
        person = self.person(email)
        screen = self.act("message", userId=person["id"], channelId=person["general"], text=text)["screen"]
        return [message["text"] for message in screen["ephemeral"]]

    def new_key(self, name: str, *, email: str = "ana@acme.test") -> str:
        """A key that this person made in chat."""
        said = self.type(email, f"/api-keys generate {name}")[-1]
        return key_format.find_in(said)[0].text

    def sign_in(self, email: str = "ana@acme.test", path: str = "/pumble/signin") -> requests.Session:
        browser = self.browser()
        left = browser.get(self.public_url + path, allow_redirects=False, timeout=30)
        state = parse_qs(urlsplit(left.headers["Location"]).query)["state"][0]
        verb = "install" if path.endswith("install") else "authorize"
        back = self.act(verb, userId=self.person(email)["id"], state=state)["redirectUrl"]
        assert browser.get(back, timeout=30).status_code == 200
        return browser


def act(pumble: str, name: str, **body: Any) -> Any:
    answer = requests.post(f"{pumble}/act/{name}", json=body, timeout=15)
    assert answer.ok, f"/act/{name}: {answer.status_code} {answer.text[:300]}"
    return answer.json()


def wait_for(true: Callable[[], bool], what: str, seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def new_env(public_url: str) -> dict[str, str]:
    """The settings that the guide begins with."""
    script = [str(PROJECT / "deploy/new-env.sh"), public_url]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in printed.splitlines() if not line.startswith("#"))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Deployment]:
    """From nothing to a workspace using it."""
    cert, private = certificate.make(folder)
    image, static = folder / "image", folder / "static"
    composition.lay_out(image)
    bare = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    bare["PATH"] = f"{BIN}:{os.environ['PATH']}"
    composition.collect_static(image, static, sys.executable)
    https_port, http_port, pumble_port, a_port, b_port = (free_port() for _ in range(5))
    host, pumble = f"localhost:{https_port}", f"http://127.0.0.1:{pumble_port}"
    binaries = services.find_postgres()
    assert binaries
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(services.postgres_server(binaries))
        redis = stack.enter_context(services.redis_server())
        stack.enter_context(_pumble(bare, pumble_port, cert, folder / "pumble"))

        env = new_env(f"https://{host}")
        printed = subprocess.run(
            [sys.executable, "manage.py", "manifest"],
            cwd=image,
            env=bare | env,
            capture_output=True,
            check=True,
        )
        app = act(pumble, "apps", manifest=json.loads(printed.stdout))
        environment = (
            bare
            | composition.environment("portal")
            | env
            | {
                "PUMBLE_APP_ID": app["id"],
                "PUMBLE_APP_KEY": app["appKey"],
                "PUMBLE_APP_CLIENT_SECRET": app["clientSecret"],
                "PUMBLE_APP_SIGNING_SECRET": app["signingSecret"],
                "PUMBLE_API_URL": pumble,
                "PUMBLE_CONSENT_SCREEN_URL": f"{pumble}/access-request",
                "PUMBLE_FILEUPLOAD_URL": pumble,
                "FILE_UPLOAD_TEMP_DIR": str(folder / "uploads"),
                "DATABASE_URL": postgres.url,
                "REDIS_URL": redis.url,
                "DATA_DIR": str(folder / "data"),
                "STATIC_ROOT": str(static),
                "BIND": "127.0.0.1",
                "TRUSTED_PROXIES": TRUSTED,
                "METRICS_TOKEN": "scrape-" + app["id"] * 2,
            }
        )
        subprocess.run(
            composition.command("migrate"), cwd=image, env=environment, check=True, stdout=subprocess.DEVNULL
        )
        portals = []
        for port, workers in ((a_port, 2), (b_port, 1)):
            own = environment | {
                "PORT": str(port),
                "WORKERS": str(workers),
                "DATA_DIR": str(folder / f"data-{port}"),  # as each container has one of its own
            }
            log = folder / f"portal-{port}.log"
            portal = Portal(port, host, composition.command("portal"), image, own, log)
            portals.append(portal)
            stack.callback(_end, portal)
        for portal in portals:
            portal.start()
        places = {
            "PORTAL": f"127.0.0.1:{a_port}",
            "PUBLIC_URL": env["PUBLIC_URL"],
            "HTTP_PORT": str(http_port),
            "HTTPS_PORT": str(https_port),
            "TLS_CERTIFICATE": str(cert),
            "TLS_KEY": str(private),
            "RUN_DIR": str(folder / "front-door"),
            "SPOOL_DIR": str(folder / "front-door"),
            "OUTER_PROXY": NO_PROXY,
        }
        stack.enter_context(front_door(places, folder))
        a, b = portals
        deployment = Deployment(
            *(env["PUBLIC_URL"], http_port, cert, a, b, pumble, app["id"]),
            *(environment, image, postgres, redis, places),
        )
        deployment.sign_in("ana@acme.test", "/pumble/install")
        yield deployment


def _end(portal: Portal) -> None:
    if portal.process and portal.process.poll() is None:
        portal.process.kill()
        portal.process.wait()


@contextlib.contextmanager
def _pumble(bare: dict[str, str], port: int, cert: Path, data: Path) -> Iterator[None]:
    environment = bare | {
        "LOCAL_PUMBLE": "true",
        "SANDBOX_PORT": str(port),
        "SANDBOX_LIMITS": "off",
        "DATA_DIR": str(data),
        "SSL_CERT_FILE": str(cert),
    }
    process = subprocess.Popen([sys.executable, "manage.py", "sandbox"], cwd=PROJECT, env=environment)
    try:
        wait_for(lambda: _answers(f"http://127.0.0.1:{port}/healthz"), "the local Pumble")
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def front_door(places: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    Path(places["RUN_DIR"]).mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(composition.front_door(places))
    program, *options = composition.command("front-door")
    options[options.index("-c") + 1] = str(configuration)
    if os.geteuid() == 0:
        options[options.index("-g") + 1] += " user root;"  # else its workers may not enter pytest's folders
    nginx = shutil.which(program) or "/usr/sbin/nginx"
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen([nginx, *options], stderr=log)
    try:
        wait_for(
            lambda: _answers(f"http://127.0.0.1:{places['HTTP_PORT']}/"), f"nginx: {folder / 'nginx.log'}", 10
        )
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1, allow_redirects=False).status_code < 500
    except requests.RequestException:
        return False
