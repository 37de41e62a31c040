"""Events from before there were chains become chains."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.environment import PROJECT

SCRIPT = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

before = ("keys", "0005_more_events")
call_command("migrate", *before, verbosity=0)
apps = MigrationExecutor(connection).loader.project_state([before]).apps
make = lambda model, **fields: apps.get_model("keys", model).objects.create(**fields)
now = timezone.now()
rights = {"allowed_addresses": ["203.0.113.0/24"]}
for letter in "ab":
    acme = make("Workspace", pumble_id=letter * 24, name=letter, created_at=now)
    ben = make("Member", workspace=acme, pumble_user_id="1" * 24, username=letter, name="Ben")
    key = make("ApiKey", key_id=letter * 12, owner=ben, name="ci", digest=b"d", pepper_number=1, last_four="0000",
               scopes=[], created_at=now)
    for _ in range(700):
        make("AuditEvent", workspace=acme, type="key.narrowed", surface="WEB", actor=ben, member=ben, key=key,
             detail={"before": rights, "after": rights}, address="203.0.113.7", at=now)
call_command("migrate", verbosity=0)
call_command("audit_verify")
from keys.models import AuditEvent
event = AuditEvent.objects.get(number=700, chain="b" * 24)
print(event.address, event.detail_with_addresses["after"], event.actor_ref, event.key_ref)
"""


@pytest.fixture
def empty_database(tmp_path: Path, db: None) -> Iterator[str]:
    """The URL of a database without tables, of the kind that the tests run on."""
    if connection.vendor == "sqlite":
        yield ""  # a file in the data directory
        return
    import psycopg

    database = connection.settings_dict
    server = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE before_chains")
        yield f"{server}/before_chains"
        admin.execute("DROP DATABASE before_chains WITH (FORCE)")


@pytest.mark.slow
def test_brings_events_of_before_into_chains_that_verify(empty_database: str, tmp_path: Path) -> None:
    own = {
        "DATABASE_URL": empty_database,
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=PROJECT, env=os.environ | own, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert f"{'a' * 24} (a): 700 events, unchanged\n{'b' * 24} (b): 700 events, unchanged\n" in done.stdout
    rights = "203.0.113.7 {'allowed_addresses': ['203.0.113.0/24']}"
    assert f"{rights} {'1' * 24} {'b' * 12}" in done.stdout
