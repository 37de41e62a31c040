"""After `migrate`, an installation of the release before answers, and tells of its past, as it did."""

import json
import os
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests import pumble
from tests.environment import PROJECT, SANDBOX_PORT, free_port
from tests.upgrade import installation
from tests.upgrade.installation import RELEASE, Answer, Installation

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(180)]

SPARE = "spare"  # the one recorded key that a test changes
VENDOR = "postgresql" if "postgresql" in settings.DATABASES["default"]["ENGINE"] else "sqlite"


@dataclass(frozen=True)
class Upgraded(Installation):
    recorded: dict[str, Any]


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The data directory and the URL of a database with what the release wrote."""
    dump, data_dir = (RELEASE / f"{VENDOR}.sql").read_text(), tmp_path_factory.mktemp("upgrade")
    if VENDOR == "sqlite":
        with sqlite3.connect(data_dir / "portal.sqlite3") as database:
            database.executescript(dump)
        yield data_dir, ""
        return
    server = os.environ["DATABASE_URL"]
    own = f"{server.rpartition('/')[0]}/upgraded"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE upgraded")
        with psycopg.connect(own) as database:
            database.execute(dump)
        yield data_dir, own
        admin.execute("DROP DATABASE upgraded WITH (FORCE)")


@pytest.fixture(scope="module")
def upgraded(restored: tuple[Path, str], _pumble_process: None) -> Iterator[Upgraded]:
    """The installation, migrated and running."""
    data_dir, url = restored
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(SANDBOX_PORT)}
    own = installation.environment(data_dir, DATABASE_URL=url, **ports)
    recorded = json.loads((RELEASE / f"{VENDOR}.json").read_text())
    upgraded = Upgraded(sys.executable, PROJECT, own, recorded)
    upgraded.manage("migrate", "-v0")
    pumble.act("reset")
    with upgraded.running("-m", "gunicorn", "-c", "portal/gunicorn.conf.py", urls=[upgraded.portal]):
        yield upgraded


@pytest.fixture(scope="module")
def before(upgraded: Upgraded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The release before, running on the same database beside the new one."""
    source = tmp_path_factory.mktemp("before")
    with tarfile.open(RELEASE / "source.tar.xz") as archive:
        archive.extractall(source, filter="data")
    (source / "static").mkdir()
    before = Installation(sys.executable, source, upgraded.environment | {"PORT": str(free_port())})
    listen = f"--listen=127.0.0.1:{before.environment['PORT']}"
    with before.running("-m", "waitress", listen, "portal.wsgi:application", urls=[before.portal]):
        yield before


# Members of an answer that may differ: extras of a refusal, and when the bot last wrote to the key's owner.
MAY_DIFFER = {"hint", "fields", "help", "lastMessageTimestamp", "lastMessageTimestampMilli"}


def comparable(body: Any) -> Any:
    """Leave out what may differ, also flags that are null, and the words of a refusal, which has a reason."""
    if isinstance(body, list):
        return [comparable(one) for one in body]
    if isinstance(body, dict):
        left_out = MAY_DIFFER | ({"error"} if "reason" in body else set())
        return {
            name: comparable(value)
            for name, value in body.items()
            if name not in left_out and value is not None
        }
    return body


class TestAnUpgradedInstallation:
    def test_answers_the_keys_it_has_as_before(self, upgraded: Upgraded) -> None:
        for case in upgraded.recorded["answers"]:
            call = (case["key"], case["operation"], case["query"])
            before = Answer(case["status"], comparable(case["body"]))

            now = upgraded.call(upgraded.recorded["keys"][case["key"]], *call[1:])

            assert (call, Answer(now.status, comparable(now.body))) == (call, before)

    def test_lists_them_as_before(self, upgraded: Upgraded) -> None:
        listed, before = (
            {key["id"]: key | {"lastUsedAt": None} for key in keys if key["name"] != SPARE}
            for keys in (upgraded.listed(), upgraded.recorded["listed"])
        )

        assert {key_id: listed[key_id] for key_id in before} == before

    def test_exports_the_events_it_has_as_before(self, upgraded: Upgraded) -> None:
        exported = [event for event in upgraded.events() if event["number"]]
        before = [event for event in upgraded.recorded["events"] if event["number"]]

        assert len(before) > 20
        assert [event for event in exported if event in before] == before

    def test_verifies_them_and_what_comes_after(self, upgraded: Upgraded) -> None:
        create = ["create_key", "--workspace=Acme", "--member=ana@acme.test", "--name=new", "--json"]
        created = json.loads(upgraded.manage(*create))
        assert upgraded.call(created["key"], "myInfo", {}).status == 200

        upgraded.manage("revoke_key", created["id"], "--reason=done")

        assert upgraded.call(created["key"], "myInfo", {}).body["reason"] == "key_revoked"
        assert "(Acme)" in upgraded.manage("audit_verify")  # it fails where a chain is broken

    def test_still_revokes_a_key_it_had(self, upgraded: Upgraded) -> None:
        (spare,) = [key["id"] for key in upgraded.listed() if key["name"] == SPARE]

        upgraded.manage("revoke_key", spare, "--reason=done")

        assert upgraded.call(upgraded.recorded["keys"][SPARE], "myInfo", {}).body["reason"] == "key_revoked"


class TestTheReleaseBeforeBesideIt:
    def create(self, installation: Installation, name: str, *options: str) -> tuple[str, str]:
        """Return the id and the key."""
        member = ["create_key", "--workspace=Acme", "--member=ana@acme.test", f"--name={name}", "--json"]
        created = json.loads(installation.manage(*member, *options))
        return created["id"], created["key"]

    def test_answers_as_before(self, upgraded: Upgraded, before: Installation) -> None:
        for case in upgraded.recorded["answers"]:
            call = (case["key"], case["operation"], case["query"])
            expected = Answer(case["status"], comparable(case["body"]))

            now = before.call(upgraded.recorded["keys"][case["key"]], *call[1:])

            assert (call, Answer(now.status, comparable(now.body))) == (call, expected)

    @pytest.mark.parametrize("old_first", [True, False], ids=["from old to new", "from new to old"])
    def test_shares_keys_and_their_ends_with_it(
        self, upgraded: Upgraded, before: Installation, old_first: bool
    ) -> None:
        one, other = (before, upgraded) if old_first else (upgraded, before)
        key_id, key = self.create(one, f"shared {old_first}", "--scope=user:read", "--expires-days=30")

        answers = [place.call(key, "myInfo", {}).status for place in (other, one)]
        narrow = [place.call(key, "listChannels", {}).body["reason"] for place in (other, one)]
        one.manage("revoke_key", key_id, "--reason=done")
        ends = [place.call(key, "myInfo", {}).body["reason"] for place in (other, one)]

        assert (answers, narrow, ends) == ([200, 200], ["scope_missing"] * 2, ["key_revoked"] * 2)

    def test_does_nothing_with_a_key_that_it_cannot_know(
        self, upgraded: Upgraded, before: Installation
    ) -> None:
        _key_id, key = self.create(upgraded, "of the workspace", "--workspace-key")
        assert upgraded.call(key, "listChannels", {}).status == 200

        answer = before.call(key, "listChannels", {})

        assert (answer.status, answer.body["reason"]) == (403, "owner_not_authorized")

    def test_lists_maintains_and_verifies_what_both_wrote(
        self, upgraded: Upgraded, before: Installation
    ) -> None:
        for place in (before, upgraded):
            place.manage("maintenance")
            assert "(Acme)" in place.manage("audit_verify")

        old, new = ({key["id"]: key["state"] for key in place.listed()} for place in (before, upgraded))
        assert old == new
