"""The faults that doctor must find: each plants one mistake, and names the check that must tell."""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from keys.audit import PUMBLE
from keys.models import Member, Workspace
from portal.doctor import probe
from pumble_bridge import app_scopes, http, installations, oauth, secret_checks, tokens
from pumble_bridge.models import AcceptedHook, Authorization, Installation, MaintenanceRun
from tests import pumble
from tests.environment import free_port
from tests.portal import front_door
from tests.portal.dashboard import make_key
from tests.portal.front_door import FrontDoor

MIB = 1024 * 1024


@contextlib.contextmanager
def trusting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the certificate in the folder."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "fullchain.pem"))
    http._adapter.cache_clear()
    try:
        yield
    finally:
        http._adapter.cache_clear()


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


Plant = Callable[[World], None]
FAULTS: dict[str, tuple[list[str], Plant]] = {}
CLOCKS = ["pumble.clock"] if connection.vendor == "sqlite" else ["database.clock", "pumble.clock"]


def fault(*checks: str) -> Callable[[Plant], Plant]:
    """Register a fault that these checks must name, and no others."""

    def register(plant: Plant) -> Plant:
        FAULTS[plant.__name__] = list(checks), plant
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
def a_data_folder_that_is_a_file(world: World) -> None:
    world.settings.DATA_DIR = world.folder / "file"
    world.settings.DATA_DIR.touch(mode=0o600)


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


@fault(*CLOCKS)
def a_clock_that_is_behind(world: World) -> None:
    world.undo.enter_context(time_machine.travel(timezone.now() - timedelta(minutes=10), tick=True))
    MaintenanceRun.record(every=60, failed=[], now=timezone.now())


@fault(*CLOCKS)
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
