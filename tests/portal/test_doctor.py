"""doctor against an installation in which all is well, and against one fault at a time."""

import base64
import contextlib
import io
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
import redis
import requests
import time_machine
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.core.signing import TimestampSigner
from django.utils import timezone
from pytest_django import Settings

from keys import audit
from keys.audit import PUMBLE
from keys.ip_networks import parse_network
from keys.models import Member, Workspace
from portal.doctor import areas, probe, public_url, results
from portal.doctor.findings import Finding, Status, failure, ok
from pumble_bridge.models import AcceptedHook, Installation, MaintenanceRun
from tests.environment import PROJECT, free_port
from tests.portal import front_door
from tests.portal.dashboard import make_key, words
from tests.portal.doctor_faults import FAULTS, World, trusting
from tests.portal.front_door import FrontDoor
from tests.portal.test_admin_matrix import PASSWORD
from tests.portal.test_admin_matrix import browser as admin_browser


@pytest.fixture
def healthy(portal: str, settings: Settings) -> str:
    """An installation in which all is well: the portal's URL."""
    settings.PUBLIC_URL = portal
    MaintenanceRun.record(every=60, failed=[], now=timezone.now())
    return portal


@pytest.fixture
def door(
    healthy: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FrontDoor]:
    """The same behind a proxy with TLS."""
    settings.TRUSTED_PROXIES = [parse_network("127.0.0.1")]
    with trusting(tmp_path, monkeypatch), front_door.running(healthy, tmp_path) as running:
        settings.PUBLIC_URL = running.url
        yield running


def problems() -> dict[str, str]:
    """Run doctor, and return what is not ok: check and text. No text has a secret, also without its redaction."""
    with mock.patch("portal.doctor.findings.redact_own_secrets", lambda text: text):
        found: list[Finding] = list(areas.run())
        said = json.dumps([[finding.to_dict(), finding.to_row()] for finding in found])
    for secret in configured_secrets():
        assert secret not in said
    return {finding.check: finding.text for finding in found if finding.status is not Status.OK}


def configured_secrets() -> Iterator[str]:
    yield from (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    yield from (base64.b64encode(pepper).decode() for pepper in django_settings.KEY_PEPPERS.values())
    yield from django_settings.TOKEN_ENCRYPTION_KEYS
    yield from (django_settings.PUMBLE_APP_KEY, django_settings.PUMBLE_APP_CLIENT_SECRET)
    yield from django_settings.PUMBLE_APP_SIGNING_SECRETS
    yield from filter(None, [urlsplit(django_settings.REDIS_URL).password])
    yield from filter(None, [row.bot_token for row in Installation.objects.all()])


@pytest.fixture
def world(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, door: FrontDoor
) -> Iterator[World]:
    with contextlib.ExitStack() as undo:
        yield World(settings, monkeypatch, tmp_path, door, undo)


class TestAFault:
    @pytest.mark.parametrize("name", FAULTS)
    def test_is_named_and_nothing_else(self, world: World, name: str) -> None:
        checks, plant = FAULTS[name]
        plant(world)

        assert list(problems()) == checks


class TestDoctor:
    def test_finds_nothing_behind_a_good_proxy(self, door: FrontDoor) -> None:
        assert problems() == {}

    def test_names_what_redis_must_not_do(self, healthy: str, settings: Settings, redis_url: str) -> None:
        settings.REDIS_URL = redis_url
        server = redis.Redis.from_url(redis_url)
        assert problems() == {}
        try:
            server.config_set("maxmemory-policy", "allkeys-lru")
            assert list(problems()) == ["redis.eviction"]
            server.config_set("maxmemory-policy", "noeviction")
            server.config_set("maxmemory", int(server.info("memory")["used_memory"] * 1.02))
            assert list(problems()) == ["redis.memory"]
            server.config_set("maxmemory", 0)
            server.replicaof("127.0.0.1", str(free_port()))
            assert list(problems()) == ["redis.mode"]
        finally:
            server.replicaof("NO", "ONE")
            server.config_set("maxmemory", 0)
            server.config_set("maxmemory-policy", "noeviction")

    def test_warns_of_a_redis_that_tells_nothing(
        self, healthy: str, settings: Settings, redis_url: str
    ) -> None:
        server = redis.Redis.from_url(redis_url)
        server.acl_setuser(
            "portal", enabled=True, nopass=True, keys="*", categories=["+@all"], commands=["-info"]
        )
        settings.REDIS_URL = redis_url.replace("redis://", "redis://portal:any-password@")
        try:
            assert list(problems()) == ["redis"]
        finally:
            server.acl_deluser("portal")

    def test_names_a_redis_that_is_away(self, healthy: str, settings: Settings) -> None:
        settings.REDIS_URL = f"redis://:redis-password-1234@127.0.0.1:{free_port()}"

        assert list(problems()) == ["redis"]

    def test_goes_on_after_a_check_that_raises(self, healthy: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr("portal.doctor.disk.MIN_FREE")
        monkeypatch.setattr("portal.doctor.disk.LOW_FREE", 2**63)

        assert problems() == {"disk": "This check ended with an error (NameError)."}

    def test_knows_a_pepper_from_its_first_maintenance_on(self, healthy: str, settings: Settings) -> None:
        make_key(Member.objects.get(email="ana@acme.test"))
        call_command("maintenance", stdout=io.StringIO())
        settings.KEY_PEPPERS = dict.fromkeys(settings.KEY_PEPPERS, secrets.token_bytes(32))
        call_command("maintenance", stdout=io.StringIO())

        assert list(problems()) == ["secrets.peppers"]

    def test_accepts_a_new_pepper_and_a_new_encryption_key_beside_the_old_ones(
        self, healthy: str, settings: Settings
    ) -> None:
        make_key(Member.objects.get(email="ana@acme.test"))
        settings.KEY_PEPPERS = {9: secrets.token_bytes(32)} | settings.KEY_PEPPERS
        settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_ENCRYPTION_KEYS]
        assert problems() == {}

        call_command("rotate_secrets", stdout=io.StringIO())
        settings.TOKEN_ENCRYPTION_KEYS = settings.TOKEN_ENCRYPTION_KEYS[:1]
        assert problems() == {}

    def test_learns_that_the_secrets_of_the_app_work(self, healthy: str, settings: Settings) -> None:
        settings.PUMBLE_APP_CLIENT_SECRET = "xpcls-another-client-secret"
        settings.PUMBLE_APP_SIGNING_SECRETS = ["xpss-another-signing-secret"]
        assert list(problems()) == ["pumble.client_secret", "pumble.signing_secret"]

        AcceptedHook.remember(["after"], now=timezone.now())
        member = Member.objects.get(email="ana@acme.test")
        audit.record(
            audit.Type.MEMBER_SIGNED_IN,
            workspace=member.workspace,
            member=member,
            by=PUMBLE,
            now=timezone.now(),
        )
        assert problems() == {}

    def test_accepts_another_pepper_where_no_key_was_made(self, healthy: str, settings: Settings) -> None:
        settings.KEY_PEPPERS = dict.fromkeys(settings.KEY_PEPPERS, secrets.token_bytes(32))

        assert problems() == {}


class TestCallsOverHttp:
    @pytest.mark.parametrize(
        ("answer", "accepted"),
        [
            ((403, b'{"error": "HTTPS is required", "reason": "https_required"}', {}), True),
            ((400, b"The plain HTTP request was sent to HTTPS port", {}), True),
            ((301, b"", {"Location": "https://keys.example.com/listUsers"}), False),
            ((403, b'{"error": "API key is missing", "reason": "key_missing"}', {}), False),
            ((200, b"[]", {}), False),
        ],
    )
    def test_must_be_refused(self, answer: tuple[int, bytes, dict[str, str]], accepted: bool) -> None:
        with front_door.running("") as door:
            door.answer = answer

            assert (public_url.check_plain_http(door.url).status is Status.OK) is accepted

    def test_may_find_nobody(self) -> None:
        assert public_url.check_plain_http(f"http://127.0.0.1:{free_port()}").status is Status.OK


class TestTheProbe:
    def ask(self, portal: str, token: str | None, method: str = "POST") -> requests.Response:
        headers = {} if token is None else {probe.TOKEN_HEADER: token}
        return requests.request(method, portal + probe.PATH, headers=headers, data=b"x" * 5, timeout=10)

    def test_tells_what_the_portal_sees(self, portal: str) -> None:
        assert self.ask(portal, probe.sign()).json() == {
            "address": "127.0.0.1",
            "peer": "127.0.0.1",
            "peerIsTrusted": False,
            "forwardedFor": "",
            "scheme": "http",
            "underscoredHeader": False,
            "bytes": 5,
        }

    def test_does_not_exist_for_strangers(self, portal: str) -> None:
        token = probe.sign()
        with time_machine.travel(timezone.now() - timedelta(seconds=probe.MAX_AGE + 2), tick=True):
            old = probe.sign()
        foreign = TimestampSigner(key="another-key", salt="portal.doctor.probe").sign("x")
        unknown = requests.post(f"{portal}/doctor/nothing", data=b"x" * 5, timeout=10)

        for answer in (
            *(self.ask(portal, wrong) for wrong in (None, "", "x", token + "x", "a:b:c", old, foreign)),
            self.ask(portal, token, "PUT"),
            self.ask(portal, None, "GET"),
        ):
            assert answer.status_code == unknown.status_code == 404
            assert without_request(answer) == without_request(unknown)
        assert self.ask(portal, token).status_code == 200


def without_request(answer: requests.Response) -> dict[str, Any]:
    """Return body and headers of the answer, without what differs from request to request."""
    body = {name: value for name, value in answer.json().items() if name not in {"requestId", "help"}}
    ignored = {"X-Request-Id", "Date", "Content-Length"}
    return body | {name: value for name, value in answer.headers.items() if name not in ignored}


class TestTheCommand:
    def run(self, *arguments: str) -> tuple[str, str]:
        """Return what it wrote, and the reason with which it ended."""
        out, reason = io.StringIO(), ""
        try:
            call_command("doctor", *arguments, stdout=out, stderr=out)
        except CommandError as error:
            reason = str(error)
            assert error.returncode == 1
        return out.getvalue(), reason

    def test_prints_a_line_for_each_check(self, healthy: str) -> None:
        output, reason = self.run()

        assert reason == ""
        assert all(line.startswith("ok  ") for line in output.splitlines())
        assert "ok       public_url " in output

    def test_fails_after_a_failure_and_names_the_cure(self, healthy: str) -> None:
        MaintenanceRun.record(every=60, failed=["notices sent"], now=timezone.now())

        output, reason = self.run()

        assert reason == "checks that failed: 1"
        assert [line for line in output.splitlines() if not line.startswith("ok  ")] == [
            "failure  maintenance              Parts of maintenance failed: notices sent. "
            "The log has the errors: search it for maintenance.failed."
        ]

    def test_prints_json(self, healthy: str) -> None:
        MaintenanceRun.objects.all().delete()

        output, reason = self.run("--json")

        lines = json.loads(output)
        assert reason == ""  # beside the local Pumble, nothing needs maintenance
        assert [line for line in lines if line["status"] != "ok"] == [
            {
                "check": "maintenance",
                "status": "warning",
                "message": "maintenance has never run.",
                "cure": "Run the command maintenance with --every 60 under a supervisor.",
            }
        ]

    def test_tells_what_it_can_without_database_and_portal(self, tmp_path: Path) -> None:
        password = "a-password-of-postgres"
        environment = os.environ | {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": f"postgres://portal:{password}@127.0.0.1:{free_port()}/portal",
            "PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "doctor", "--json"],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
        )

        failed = {
            line["check"]: line["message"] for line in json.loads(done.stdout) if line["status"] == "failure"
        }
        assert (done.returncode, list(failed)) == (1, ["database", "public_url", "pumble"])
        assert "Connection refused" in failed["database"]
        assert "Traceback" not in done.stderr
        for secret in (password, *json.loads((tmp_path / "secrets.json").read_text()).values()):
            assert secret not in done.stdout + done.stderr


class TestTheLastResult:
    @pytest.fixture
    def result(self, portal: str) -> None:
        """Acme's bot lacks a permission, Globex's bot works, and Redis is away."""
        acme = Workspace.objects.get(name="Acme")
        results.store(
            [
                failure(
                    "redis",
                    "Redis cannot be reached (%(error)s).",
                    "Check REDIS_URL, and that Redis runs.",
                    error="TimeoutError",
                ),
                replace(
                    failure(
                        "installation.scopes",
                        "The bot in %(workspace)s lacks permissions: %(scopes)s.",
                        "Run doctor again when Pumble answers.",
                        workspace="Acme",
                        scopes="users:list",
                    ),
                    workspace=acme.pumble_id,
                ),
                replace(
                    ok("installation.token", "The bot's token of %(workspace)s works.", workspace="Acme"),
                    workspace=acme.pumble_id,
                ),
                replace(
                    ok("installation.token", "The bot's token of %(workspace)s works.", workspace="Globex"),
                    workspace="9" * 24,
                ),
            ],
            now=timezone.now(),
        )

    @pytest.mark.usefixtures("result")
    def test_is_shown_to_operators(self) -> None:
        root = admin_browser(Member.objects.create_superuser("root", PASSWORD))

        page = words(root.get("/admin/installation/"))
        assert "Last doctor run just now . 2 problems found" in page
        assert (
            "redis failure Redis cannot be reached (TimeoutError). Check REDIS_URL, and that Redis runs."
            in page
        )
        assert "installation.token ok The bot's token of Globex works." in page
        assert "Last doctor run" in words(root.get("/admin/"))

    @pytest.mark.usefixtures("result")
    def test_is_shown_in_spanish(self) -> None:
        root = admin_browser(Member.objects.create_superuser("root", PASSWORD))

        page = words(root.get("/admin/installation/", headers={"Accept-Language": "es"}))
        assert "redis fallo No se puede acceder a Redis (TimeoutError)." in page

    @pytest.mark.usefixtures("result")
    def test_shows_owners_their_own_installation_alone(self) -> None:
        owner = admin_browser(Member.objects.get(email="ana@acme.test"))

        page = words(owner.get("/admin/"))
        assert "The bot in Acme lacks permissions: users:list. Run doctor again" in page
        assert "The bot's token of Acme works." in page
        assert "Globex" not in page
        assert "Redis cannot" not in page
        assert owner.get("/admin/installation/").status_code == 404
