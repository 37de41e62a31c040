"""The recipes of the guide to rotation, run as they stand there against the portal, also where an answer is cut off."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from django.utils import timezone

from keys import lifecycle, scopes
from keys.audit import OPERATOR
from keys.models import ApiKey
from tests.contract.wire import Api, issue, success
from tests.environment import PROJECT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("deliveries"),
]

RECIPES = PROJECT / "docs/recipes"
ROTATING = {
    "sh": ["sh", str(RECIPES / "rotate-key.sh")],
    "python": [sys.executable, str(RECIPES / "rotate_key.py")],
}
WEEK = 7 * 24 * 3600


class Cutting(ThreadingHTTPServer):
    """Passes requests on to the portal, and cuts the first answer off in the middle."""

    def __init__(self, portal: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.portal, self.cut = portal, list[bytes]()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Passing(BaseHTTPRequestHandler):
    server: Cutting

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {"ApiKey": self.headers["ApiKey"]}
        answer = requests.post(self.server.portal + self.path, data=body, headers=headers, timeout=20)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.server.cut:
            self.wfile.write(answer.content)
        else:
            self.server.cut.append(answer.content)
            self.wfile.write(answer.content[: len(answer.content) // 2])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Say nothing."""


@pytest.fixture
def cutting(portal: str) -> Iterator[Cutting]:
    with Cutting(portal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def key_file(portal: str, tmp_path: Path) -> Path:
    """A file with a key that was written eight days ago."""
    path = tmp_path / "key"
    path.write_text(issue("ana@acme.test", "user:read") + "\n")
    os.utime(path, (time.time() - WEEK - 24 * 3600,) * 2)
    return path


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*map(str, command)], env=os.environ | environment, capture_output=True, text=True, timeout=100
    )
    assert "pmb_" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("language", ROTATING)
class TestTheWeeklyRotation:
    def test_replaces_the_key_in_its_file(self, portal: str, key_file: Path, language: str) -> None:
        old = key_file.read_text().strip()

        done = run(*ROTATING[language], key_file, portal)

        new = key_file.read_text().strip()
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert new != old
        assert (
            success(Api(portal, new).get("keyInfo"))["name"]
            == success(Api(portal, old).get("keyInfo"))["name"]
        )
        assert key_file.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in key_file.parent.iterdir()] == ["key"]

    def test_waits_until_a_week_has_passed(self, portal: str, key_file: Path, language: str) -> None:
        os.utime(key_file, (time.time() - WEEK + 24 * 3600,) * 2)
        old = key_file.read_text()

        assert run(*ROTATING[language], key_file, portal).returncode == 0
        assert key_file.read_text() == old

    def test_survives_an_answer_that_is_cut_off(
        self, cutting: Cutting, key_file: Path, language: str
    ) -> None:
        done = run(*ROTATING[language], key_file, cutting.url)

        assert done.returncode == 0, done.stderr
        assert len(cutting.cut) == 1
        new = Api(cutting.portal, key_file.read_text().strip())
        assert new.headers["ApiKey"].encode() not in cutting.cut[0]
        success(new.get("keyInfo"))
        assert ApiKey.objects.filter(revoked_at=None, retires_at=None).count() == 1

    def test_keeps_the_old_key_where_it_is_refused(self, portal: str, key_file: Path, language: str) -> None:
        old = key_file.read_text()
        cutting = Cutting("http://127.0.0.1:1")
        cutting.server_close()  # nobody answers there
        quick = key_file.parent / "quick"
        source = Path(ROTATING[language][1]).read_text()
        quick.write_text(source.replace("--retry 5", "--retry 0").replace("(2, 2, 60, 60, 0)", "(0, 0)"))

        done = run(ROTATING[language][0], quick, key_file, cutting.url)

        assert done.returncode != 0
        assert key_file.read_text() == old

    def test_fails_without_the_file(self, portal: str, tmp_path: Path, language: str) -> None:
        assert run(*ROTATING[language], tmp_path / "missing", portal).returncode != 0

    def test_says_why_the_portal_refuses(self, portal: str, key_file: Path, language: str) -> None:
        key = ApiKey.objects.get(key_id=key_file.read_text()[4:16])
        lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())
        quick = key_file.parent / "quick"
        source = Path(ROTATING[language][1]).read_text()
        quick.write_text(source.replace("--retry 5", "--retry 0").replace("(2, 2, 60, 60, 0)", "(0,)"))

        done = run(ROTATING[language][0], quick, key_file, portal)

        assert done.returncode != 0
        assert "key_disabled" in done.stderr


class TestAKeyForOneJob:
    @pytest.fixture
    def environment(self, portal: str, api: Api) -> dict[str, str]:
        success(api.post("createChannel", {"name": "deploys", "type": "PUBLIC"}))
        return {"MANAGING_KEY": issue("ana@acme.test", "messages:write", scopes.MANAGE), "CI_JOB_ID": "42"}

    def job(self, portal: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run("sh", RECIPES / "with-key.sh", portal, "deploys", *command, **environment)

    def test_works_in_its_channel_for_an_hour_and_ends_with_the_job(
        self, portal: str, environment: dict[str, str]
    ) -> None:
        send = f'curl -sS {portal}/sendMessage -H "ApiKey: $PUMBLE_API_KEY"'
        script = f"""{send} -d '{{"channel":"deploys","text":"x"}}'; {send} -d '{{"channel":"general","text":"x"}}'"""

        done = self.job(portal, "sh", "-c", script, **environment)

        assert done.returncode == 0, done.stderr
        assert '"channelId"' in done.stdout
        assert '"channel_not_allowed"' in done.stdout
        key = ApiKey.objects.get(name="job 42")
        assert key.revoked_reason == ApiKey.RevokeReason.BY_KEY
        assert key.expires_at is not None
        assert 3500 < (key.expires_at - key.created_at).total_seconds() <= 3600

    def test_ends_where_the_job_fails_and_the_failure_stays_one(
        self, portal: str, environment: dict[str, str]
    ) -> None:
        assert self.job(portal, "sh", "-c", "exit 7", **environment).returncode == 7
        assert ApiKey.objects.get(name="job 42").revoked_at is not None

    def test_shows_the_job_no_managing_key(self, portal: str, environment: dict[str, str]) -> None:
        done = self.job(portal, "sh", "-c", "echo ${MANAGING_KEY-none}", **environment)

        assert done.stdout == "none\n"

    def test_runs_nothing_without_a_key(self, portal: str, environment: dict[str, str]) -> None:
        key = ApiKey.objects.get(key_id=environment["MANAGING_KEY"][4:16])
        lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())

        done = self.job(portal, "echo", "ran", **environment)

        assert done.returncode != 0
        assert "ran" not in done.stdout
