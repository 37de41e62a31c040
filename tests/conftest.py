import datetime
import io
import logging
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.management import call_command
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from keys import audit, key_cache, lifecycle, limits, membership, usage
from keys.models import ApiKey, Member, Workspace
from portal.logging import ConsoleFormatter
from pumble_bridge import resilience
from tests import database, pumble, services
from tests.pumble import Person

USES_DATABASE = {"db", "transactional_db", "live_server"}
ONE_CASE = ("tests/portal/", "tests/pumble_bridge/")

BOT_USER_ID = "0b07" * 6  # in the workspaces that tests make without Pumble
NOW = datetime.datetime(2026, 12, 31, 23, 59, 58, tzinfo=datetime.UTC)


def pytest_configure() -> None:
    """Change the settings for tests.

    Notices of the bot are sent when a test asks for it, also those of a late event of the test before. Tables are emptied
    after each test. SQLite does not wait for the disk, and passwords have a fast hash.
    """
    django_settings.SEND_NOTICES_IN_BACKGROUND = False
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    options = django_settings.DATABASES["default"]["OPTIONS"]
    if "init_command" in options:
        options["init_command"] += "PRAGMA synchronous=OFF;"
    if pool := options.get("pool"):
        pool["max_size"] = (
            64  # the test server has a thread for each of its clients, and tests have up to fifty
        )
    TransactionTestCase._fixture_teardown = lambda _case: database.empty()  # type: ignore[attr-defined]


def pytest_addoption(parser: pytest.Parser) -> None:
    meaning = "leave out what another database does not change; what stays is in CONTRIBUTING.md"
    parser.addoption("--second-database", action="store_true", help=meaning)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give browser tests more time: one may be the first of its module, for which the whole stack starts."""
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(180))
    if config.getoption("second_database"):
        chosen = set(on_second_database(items))
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = [item for item in items if item in chosen]


def on_second_database(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests that also run on a second database, by the rule in CONTRIBUTING.md."""
    seen: set[str] = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        in_database = item.get_closest_marker("django_db") or USES_DATABASE & set(
            getattr(item, "fixturenames", ())
        )
        if (
            item.get_closest_marker("both_databases")
            or (in_database and test.startswith("tests/keys/"))
            or (in_database and test.startswith(ONE_CASE) and test not in seen)
        ):
            yield item
            seen.add(test)


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Pages name their assets without a build of the hashed names; the browser tests run against the real ones."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def nobody_spoke_before() -> None:
    """The language of whoever was answered last stays with the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def nobody_called_before(settings: Settings) -> Iterator[None]:
    """No call was counted yet, none failed, and what is noted of calls is written when a test says so."""
    resilience.reset()
    settings.WRITE_USAGE_IN_BACKGROUND = False
    limits.backend.cache_clear()
    key_cache.local_cache.clear()
    yield
    usage.recorder = usage.Recorder()


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What the portal writes to its log during the test, as the log has it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ConsoleFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A running Redis."""
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server")
    with services.redis() as url:
        yield url


@pytest.fixture(scope="session")
def _pumble_process() -> Iterator[None]:
    with pumble.running():
        yield


@pytest.fixture(scope="session")
def _seeded_rows() -> database.Rows:
    """What `seed` leaves behind; filled in by the first test that has a portal."""
    return {}


@pytest.fixture
def portal(
    _pumble_process: None, live_server: LiveServer, settings: Settings, _seeded_rows: database.Rows
) -> Iterator[str]:
    """The portal's address: on real HTTP, beside a freshly seeded local Pumble, and in line with it."""
    pumble.act("reset")
    pumble.seed()
    for name in settings.CACHES:
        caches[name].clear()
    if _seeded_rows:
        database.fill(_seeded_rows)
    else:
        call_command("seed", stdout=io.StringIO())
        _seeded_rows |= database.rows()
    yield str(live_server.url)
    pumble.settle()


@pytest.fixture
def ana(portal: str) -> Person:
    """Owner of Acme; authorised."""
    return pumble.person("ana@acme.test")


@pytest.fixture
def ben(portal: str) -> Person:
    """Administrator of Acme; authorised."""
    return pumble.person("ben@acme.test")


@pytest.fixture
def carla(portal: str) -> Person:
    """A member of Acme who has not authorised the app."""
    return pumble.person("carla@acme.test")


@pytest.fixture
def general(ana: Person) -> str:
    return pumble.channel(ana.workspace_id, "general")


@pytest.fixture
def acme(db: None) -> Workspace:
    return Workspace.objects.create(pumble_id="a" * 24, name="Acme", installed_at=NOW, created_at=NOW)


def make_member(workspace: Workspace, name: str, role: str = "USER") -> Member:
    """The smallest member who may have keys."""
    return Member.objects.create(
        workspace=workspace,
        pumble_user_id=name.encode().hex().ljust(24, "0")[:24],
        username=f"{workspace.pumble_id}.{name}",
        name=name,
        email=f"{name}@{workspace.name}.test".lower(),
        role=role,
        authorized_at=NOW,
    )


def make_workspace_key(
    workspace: Workspace, responsible: Member | None, *, name: str = "ci", **options: Any
) -> ApiKey:
    """A live workspace key that the operator created."""
    bot = membership.record_bot(workspace=workspace, user_id=BOT_USER_ID, now=NOW)
    key, _plaintext = lifecycle.issue(
        owner=bot, responsible=responsible, name=name, by=audit.OPERATOR, now=NOW, **options
    )
    return lifecycle.confirm(key=key, by=audit.OPERATOR, now=NOW)


@pytest.fixture
def alice(acme: Workspace) -> Member:
    """Owns keys."""
    return make_member(acme, "alice")


@pytest.fixture
def bob(acme: Workspace) -> Member:
    """Shares Alice's workspace."""
    return make_member(acme, "bob")


@pytest.fixture
def olivia(acme: Workspace) -> Member:
    """Owner of Alice's workspace."""
    return make_member(acme, "olivia", role="OWNER")


@pytest.fixture
def mallory(db: None) -> Member:
    """Owner of another workspace."""
    other = Workspace.objects.create(pumble_id="b" * 24, name="Other", installed_at=NOW, created_at=NOW)
    return make_member(other, "mallory", role="OWNER")
