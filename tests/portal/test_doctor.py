"""doctor against an installation in which all is well, and against one fault at a time."""

import contextlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
import requests
import time_machine
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.core.signing import TimestampSigner
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from keys import audit
from keys.audit import PUMBLE
from keys.ip_networks import parse_network
from keys.models import Member, Workspace
from portal.doctor import areas, probe, public_url, results
from portal.doctor.findings import Finding, Status, failure, ok
from pumble_bridge import app_scopes, http, installations, oauth, secret_checks, tokens
from pumble_bridge.models import AcceptedHook, Authorization, Installation, MaintenanceRun
from tests import pumble
from tests.environment import PROJECT, free_port
from tests.portal import front_door
from tests.portal.dashboard import make_key, words
from tests.portal.front_door import FrontDoor
from tests.portal.test_admin_matrix import PASSWORD
from tests.portal.test_admin_matrix import browser as admin_browser

MIB = 1024 * 1024


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


@contextlib.contextmanager
def trusting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the certificate in the folder."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "fullchain.pem"))
    http._adapter.cache_clear()
    try:
        yield
    finally:
        http._adapter.cache_clear()


def problems() -> dict[str, str]:
    """Run doctor, and return what is not ok: check and text. No text has a secret."""
    found: list[Finding] = list(areas.run())
    said = json.dumps(
        [finding.to_dict() for finding in found] + [finding.to_row() for finding in found], default=str
    )
    for secret in configured_secrets():
        assert secret not in said
    return {finding.check: finding.text for finding in found if finding.status is not Status.OK}


def configured_secrets() -> list[str]:
    from portal.redaction import _own_secrets

    _own_secrets.cache_clear()
    return list(_own_secrets())


@dataclass
class World:
    """What a fault is planted in."""

    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    folder: Path
    door: FrontDoor
    undo: contextlib.ExitStack

    @property
    def acme(self) -> Workspace:
        return Workspace.objects.get(name="Acme")

    @property
    def ana(self) -> Member:
        return Member.objects.get(email="ana@acme.test")


@pytest.fixture
def world(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, door: FrontDoor
) -> Iterator[World]:
    with contextlib.ExitStack() as undo:
        yield World(settings, monkeypatch, tmp_path, door, undo)


Plant = Callable[[World], None]
FAULTS: dict[str, tuple[str, Plant]] = {}


def fault(check: str) -> Callable[[Plant], Plant]:
    """Register a fault that this check must name, and no other check."""

    def register(plant: Plant) -> Plant:
        FAULTS[plant.__name__] = check, plant
        return plant

    return register


@fault("secrets.peppers")
def another_pepper(world: World) -> None:
    make_key(world.ana)
    secret_checks.record(now=timezone.now())
    world.settings.KEY_PEPPERS = dict.fromkeys(world.settings.KEY_PEPPERS, secrets.token_bytes(32))


@fault("secrets.peppers")
def a_pepper_removed_too_early(world: World) -> None:
    make_key(world.ana)
    world.settings.KEY_PEPPERS = {7: secrets.token_bytes(32)}


@fault("secrets.encryption_keys")
def another_encryption_key(world: World) -> None:
    world.settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]


@fault("secrets.strength")
def a_weak_former_secret_key(world: World) -> None:
    world.settings.SECRET_KEY_FALLBACKS = ["letmein-letmein"]


@fault("secrets.files")
def a_file_of_a_secret_that_others_read(world: World) -> None:
    path = world.folder / "redis-url"
    path.write_text("redis://127.0.0.1")
    path.chmod(0o644)
    world.monkeypatch.setenv("REDIS_URL_FILE", str(path))


@fault("settings")
def a_data_folder_that_others_read(world: World) -> None:
    world.settings.DATA_DIR = world.folder / "data"
    world.settings.DATA_DIR.mkdir(mode=0o755)


@fault("disk.DATA_DIR")
def no_data_folder(world: World) -> None:
    world.settings.DATA_DIR = world.folder / "gone"


@fault("disk.DATA_DIR")
def a_disk_with_little_space(world: World) -> None:
    real, full = shutil.disk_usage, Path(world.settings.DATA_DIR)
    world.monkeypatch.setattr(
        "portal.doctor.disk.shutil.disk_usage",
        lambda path: real(path)._replace(free=MIB) if path == full else real(path),
    )


@fault("disk.DATA_DIR")
def a_full_disk(world: World) -> None:
    a_disk_with_little_space(world)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = ON")  # writes fail, as they do on a full disk
        world.undo.callback(connection.close)


@fault("database.migrations")
def a_missing_migration(world: World) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("portal", "0002_doctor_run")
    world.undo.callback(recorder.record_applied, "portal", "0002_doctor_run")


@fault("database.migrations")
def a_database_of_a_newer_version(world: World) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("keys", "9999_later")
    world.undo.callback(recorder.record_unapplied, "keys", "9999_later")


@fault("maintenance")
def maintenance_that_died(world: World) -> None:
    MaintenanceRun.record(every=60, failed=[], now=timezone.now() - timedelta(hours=2))


@fault("maintenance")
def a_part_of_maintenance_that_fails(world: World) -> None:
    MaintenanceRun.record(every=60, failed=["notices sent"], now=timezone.now())


@fault("maintenance")
def no_maintenance(world: World) -> None:
    MaintenanceRun.objects.all().delete()


@fault("public_url.certificate")
def an_expired_certificate(world: World) -> None:
    world.undo.enter_context(renewed_door(world, ends_in_days=-1))


@fault("public_url.certificate")
def a_certificate_that_ends_soon(world: World) -> None:
    world.undo.enter_context(renewed_door(world, ends_in_days=5))


@fault("public_url.certificate")
def a_certificate_that_nobody_trusts(world: World) -> None:
    world.monkeypatch.delenv("SSL_CERT_FILE")
    http._adapter.cache_clear()


@fault("public_url")
def no_proxy(world: World) -> None:
    world.settings.PUBLIC_URL = f"https://localhost:{free_port()}"


@fault("public_url")
def an_unknown_name(world: World) -> None:
    world.settings.PUBLIC_URL = "https://keys.invalid"


@fault("public_url")
def a_proxy_that_leads_elsewhere(world: World) -> None:
    world.door.answer = 200, b"<h1>It works!</h1>", {}


@fault("public_url")
def another_installation_behind_the_proxy(world: World) -> None:
    world.monkeypatch.setattr(probe, "sign", lambda: "signed:elsewhere:x")


@fault("public_url")
def a_proxy_whose_portal_is_down(world: World) -> None:
    world.door.answer = 502, b"<h1>Bad Gateway</h1>", {}


@fault("public_url")
def a_proxy_that_changes_the_host(world: World) -> None:
    world.door.host = "upstream.internal"


@fault("public_url.clock")
def a_portal_whose_clock_is_ahead(world: World) -> None:
    later = format_datetime(timezone.now() + timedelta(minutes=10), usegmt=True)
    world.door.answer = 404, b"{}", {"Date": later}


@fault("public_url.size")
def a_proxy_with_a_small_limit(world: World) -> None:
    world.door.max_body = MIB // 2


@fault("public_url.address")
def a_proxy_that_is_not_trusted(world: World) -> None:
    world.settings.TRUSTED_PROXIES = []


@fault("public_url.address")
def a_proxy_that_hides_the_client(world: World) -> None:
    world.door.forwarded_for = "drop"


@fault("public_url.address")
def a_proxy_that_lets_clients_forge_their_address(world: World) -> None:
    world.door.forwarded_for = "pass"


@fault("public_url.headers")
def a_proxy_that_passes_underscores(world: World) -> None:
    world.door.passes_underscores = True


@fault("pumble")
def no_pumble(world: World) -> None:
    world.settings.PUMBLE_API_URL = f"http://127.0.0.1:{free_port()}"


@fault("pumble")
def a_pumble_that_fails(world: World) -> None:
    pumble.faults({"match": "GET /oauth2/me", "do": "status:500", "times": 1})


@fault("pumble.clock")
def a_clock_that_is_behind(world: World) -> None:
    world.undo.enter_context(time_machine.travel(timezone.now() - timedelta(minutes=10), tick=True))
    MaintenanceRun.record(every=60, failed=[], now=timezone.now())


@fault("pumble.clock")
def a_clock_that_is_ahead(world: World) -> None:
    world.undo.enter_context(time_machine.travel(timezone.now() + timedelta(minutes=10), tick=True))


@fault("pumble.client_secret")
def a_client_secret_that_nobody_used(world: World) -> None:
    world.settings.PUMBLE_APP_CLIENT_SECRET = "xpcls-another-client-secret"


@fault("pumble.signing_secret")
def a_signing_secret_that_nobody_used(world: World) -> None:
    AcceptedHook.remember(["before"], now=timezone.now())
    world.settings.PUMBLE_APP_SIGNING_SECRETS = ["xpss-another-signing-secret"]


@fault("pumble.app_key")
def no_installation(world: World) -> None:
    installations.remove_installation(world.acme, by=PUMBLE, now=timezone.now())


@fault("installation.token")
def a_wrong_app_key(world: World) -> None:
    world.settings.PUMBLE_APP_KEY = "another-app-key-that-is-wrong"


@fault("installation.token")
def a_bot_token_that_pumble_no_longer_accepts(world: World) -> None:
    row = Installation.objects.get(workspace=world.acme)
    row.encrypted_bot_token = tokens.encrypt(
        "an-old-token", workspace_id=world.acme.pumble_id, user_id=row.bot_user_id, kind="bot"
    )
    row.save()


@fault("installation.scopes")
def a_permission_that_was_not_granted(world: World) -> None:
    granted = [f"bot:{scope}" for scope in app_scopes.BOT_SCOPES if scope != "users:list"]
    answer = pumble.act("reinstall", userId=world.ana.pumble_user_id, scopes=granted)
    code = parse_qs(urlsplit(answer["redirectUrl"]).query)["code"][0]
    installations.store_grant(oauth.exchange(code), by=PUMBLE, now=timezone.now())


@fault("installation.scopes")
def an_installation_from_before_a_permission(world: World) -> None:
    Installation.objects.update(granted_scopes=["messages:read", "users:list"])


@fault("installation.people")
def an_authorization_from_before_a_permission(world: World) -> None:
    Authorization.objects.update(granted_scopes=None)


@fault("installation.people")
def a_person_with_a_key_who_left(world: World) -> None:
    make_key(world.ana)
    Member.objects.filter(pk=world.ana.pk).update(authorized_at=None)


@contextlib.contextmanager
def renewed_door(world: World, *, ends_in_days: float) -> Iterator[None]:
    with front_door.running(world.door.portal, world.folder, ends_in_days=ends_in_days) as door:
        world.settings.PUBLIC_URL = door.url
        with trusting(world.folder, world.monkeypatch):
            yield


class TestAFault:
    @pytest.mark.parametrize("name", FAULTS)
    def test_is_named_and_nothing_else(self, world: World, name: str) -> None:
        check, plant = FAULTS[name]
        plant(world)

        assert list(problems()) == [check]


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
