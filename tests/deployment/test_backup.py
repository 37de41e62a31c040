"""Backup and restore: the restored database works, is complete, and reactivates no key."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deployment import stack
from tests.deployment.stack import Deployment
from tests.environment import PROJECT, free_port


def run(script: str, *arguments: str | Path, **environment: str) -> str:
    command = [str(PROJECT / "deploy" / script), *map(str, arguments)]
    own = {"PYTHON": sys.executable}
    done = subprocess.run(command, env=environment | own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def states(listed: str) -> dict[str, str]:
    return {one["name"]: one["state"] for one in json.loads(listed)}


class TestABackupOfPostgres:
    @pytest.fixture
    def tools(self, deployment: Deployment) -> dict[str, str]:
        """PostgreSQL's own, and the deployment's environment."""
        path = f"{deployment.postgres.binaries}:{deployment.environment['PATH']}"
        return deployment.environment | {"PATH": path}

    def test_is_restored_without_the_keys_that_ended_since(
        self, deployment: Deployment, tools: dict[str, str], tmp_path: Path
    ) -> None:
        kept, gone = deployment.new_key("kept"), deployment.new_key("gone since")
        run("backup.sh", tmp_path / "last night", **tools)
        files = sorted((tmp_path / "last night").iterdir())
        assert [one.suffix for one in files] == [".dump", ".jsonl"]
        assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
        deployment.type("ana@acme.test", f"/api-keys delete {gone}")
        run("backup.sh", tmp_path / "today", **tools)
        export = next((tmp_path / "today").glob("*.jsonl"))

        said = run("restore.sh", files[0], export, "copy", **tools)

        assert "Stopped again: 1" in said
        assert "unchanged" in said
        port, address = free_port(), deployment.postgres.url.rsplit("/", 1)[0] + "/copy"
        copy = replace(
            deployment.b,
            port=port,
            environment=deployment.b.environment
            | {"DATABASE_URL": address, "PORT": str(port), "DATA_DIR": str(tmp_path / "data")},
            log=tmp_path / "copy.log",
            process=None,
        )
        copy.start()
        try:
            assert copy.get("/listChannels", kept).status_code == 200
            assert copy.get("/keyInfo", gone).json()["reason"] == "key_revoked"
        finally:
            copy.stop()


class TestABackupOfSqlite:
    def test_is_restored_without_the_keys_that_ended_since(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        data.mkdir()
        bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        production = bare | stack.new_env("https://keys.example.com") | {"DATA_DIR": str(data)}
        production |= {
            f"PUMBLE_APP_{name}": name * 3 for name in ("ID", "KEY", "CLIENT_SECRET", "SIGNING_SECRET")
        }

        def manage(*arguments: str, **more: str) -> str:
            command = [sys.executable, "manage.py", *arguments]
            done = subprocess.run(command, cwd=PROJECT, env=production | more, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout

        manage("migrate", "--verbosity=0")
        people = """
from django.utils import timezone
from keys import membership
from keys.models import Member, Workspace
now = timezone.now()
acme = Workspace.objects.create(pumble_id="a" * 24, name="Acme", installed_at=now, created_at=now)
Member.objects.create(workspace=acme, pumble_user_id="b" * 24, username="ana", name="Ana", email="ana@acme.test", authorized_at=now)
"""
        manage("shell", "-c", people)
        create = ["create_key", "--workspace=Acme", "--member=ana@acme.test", "--json"]
        manage(*create, "--name=kept")
        gone = json.loads(manage(*create, "--name=gone since"))["id"]
        run("backup.sh", tmp_path / "last night", **production)
        manage("revoke_key", gone, "--reason=leaked")
        run("backup.sh", tmp_path / "today", **production)
        export = next((tmp_path / "today").glob("*.jsonl"))
        dump = next((tmp_path / "last night").glob("*.dump"))

        said = run("restore.sh", dump, export, tmp_path / "copy", **production)

        assert "Stopped again: 1" in said
        listed = manage("list_keys", "--all", "--json", DATA_DIR=str(tmp_path / "copy"))
        assert states(listed)["gone since"] == "revoked"
        assert states(listed)["kept"] != "revoked"
