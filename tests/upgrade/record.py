"""Record what a release wrote and answered: `python -m tests.upgrade.record CHECKOUT`. The docstring of the package has the steps."""

import json
import lzma
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests

from tests import services
from tests.environment import free_port
from tests.upgrade import installation
from tests.upgrade.installation import CALLS, RELEASE, Installation

Act = dict[str, Any]


def main() -> None:
    source = Path(sys.argv[1]).resolve()
    binaries = services.find_postgres()
    assert binaries, "there is no PostgreSQL"
    RELEASE.mkdir(exist_ok=True)
    archive_source(source)
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        record(source, Path(folder), "sqlite", "")
        with sqlite3.connect(Path(folder) / "portal.sqlite3") as database:
            (RELEASE / "sqlite.sql").write_text("\n".join(database.iterdump()) + "\n")
    with services.postgres(binaries) as url, tempfile.TemporaryDirectory(prefix="release-") as folder:
        record(source, Path(folder), "postgresql", url)
        dump = [str(binaries / "pg_dump"), "--inserts", "--no-owner", "--no-privileges", url]
        lines = subprocess.run(dump, check=True, capture_output=True, text=True).stdout.splitlines()
        # What begins with a backslash is for psql alone.
        (RELEASE / "postgresql.sql").write_text("".join(f"{line}\n" for line in lines if line[:1] != "\\"))


def archive_source(source: Path) -> None:
    """Keep the source of the release, which tests run beside this one."""
    parts = ["keys", "portal", "pumble_bridge", "templates", "manage.py", ":!*.po"]
    tar = subprocess.run(
        ["git", "archive", "HEAD", *parts], cwd=source, check=True, capture_output=True
    ).stdout
    (RELEASE / "source.tar.xz").write_bytes(lzma.compress(tar, preset=9 | lzma.PRESET_EXTREME))


def record(source: Path, folder: Path, database: str, url: str) -> None:
    """Run the release, let people work with it, and write what it answers."""
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    own = installation.environment(folder, DATABASE_URL=url, **ports)
    release = Installation(str(source / ".venv/bin/python"), source, own)
    with release.running("manage.py", "runlocal", urls=[release.portal, release.pumble]):
        release.manage("seed")
        keys = work(release)
        requests.post(f"{release.pumble}/act/reset", json={}, timeout=15).raise_for_status()
        answers = [
            {
                "key": key,
                "operation": operation,
                "query": query,
                **vars(release.call(keys[key], operation, query)),
            }
            for key, operation, query in CALLS
        ]
    recorded = {"keys": keys, "answers": answers, "listed": release.listed(), "events": release.events()}
    # One record a line.
    text = json.dumps(recorded, ensure_ascii=False).replace('}, {"', '},\n{"')
    (RELEASE / f"{database}.json").write_text(text + "\n")


def work(release: Installation) -> dict[str, str]:
    """Make keys of many kinds and change some of them; the keys by their names."""
    pumble = f"{release.pumble}/act"
    (acme,) = [
        found for found in requests.get(f"{pumble}/workspaces", timeout=15).json() if found["name"] == "Acme"
    ]
    ana = next(user["id"] for user in acme["users"] if user["email"] == "ana@acme.test")
    general = next(found["id"] for found in acme["channels"] if found["name"] == "general")
    keys: dict[str, str] = {}

    def create(name: str, *options: str, member: str = "ana") -> str:
        whose = ["--workspace=Acme", f"--member={member}@acme.test"]
        created = json.loads(release.manage("create_key", *whose, f"--name={name}", "--json", *options))
        keys[name] = created["key"]
        return str(created["id"])

    def type_line(text: str) -> None:
        line = {"userId": ana, "channelId": general, "text": f"/api-keys {text}"}
        requests.post(f"{pumble}/message", json=line, timeout=15).raise_for_status()

    create("full")
    create("ben", member="ben")
    create("reads users", "--scope=users:list", "--per-minute=60")
    create("one channel", f"--channel={general}=general")
    create("one network", "--ip=203.0.113.0/24")
    create("ends", "--expires-days=3650")
    for name in ("rotated", "disabled", "spare"):
        create(name)
    release.manage("revoke_key", create("revoked"), "--reason=it was in a ticket")
    type_line('rotate "rotated" --grace now')
    type_line('disable "disabled"')
    type_line('rename "ends" "ends soon"')
    for channel in ("general", "random"):
        body = {"channel": channel, "text": "hello"}
        headers = {"ApiKey": keys["full"], "Idempotency-Key": channel}
        requests.post(
            f"{release.portal}/sendMessage", json=body, headers=headers, timeout=15
        ).raise_for_status()
    return keys


if __name__ == "__main__":
    main()
