"""The application under other WSGI servers: it needs no variable and nothing of gunicorn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.environment import PROJECT, free_port

SERVERS = {
    "gunicorn": ["gunicorn", "portal.wsgi", "--threads=4", "--no-control-socket", "--bind=127.0.0.1:{port}"],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", "portal.wsgi:application"],
}


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), "PUBLIC_URL": "https://keys.example.test"}
    command = [part.format(port=port) for part in SERVERS[request.param]]
    log = Path(folder / "log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=PROJECT, env=environment, stdout=output, stderr=output
        )
    try:
        until = time.monotonic() + 40
        while not _answers(f"http://127.0.0.1:{port}"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


class TestAnyServer:
    def test_serves_the_api(self, url: str) -> None:
        answer = requests.get(f"{url}/myInfo", headers={"Host": "127.0.0.1"}, timeout=5)

        assert (answer.status_code, answer.json()["reason"]) == (403, "key_missing")

    def test_has_bodies_in_chunks_read_like_any_other(self, url: str) -> None:
        pieces = iter([b"x" * 600_000, b"x" * 600_000])
        answer = requests.post(f"{url}/sendMessage", data=iter([b"{", b"}"]), timeout=5)
        too_large = requests.post(f"{url}/sendMessage", data=pieces, timeout=5)

        assert answer.json()["reason"] == "key_missing"
        assert (too_large.status_code, too_large.json()["reason"]) == (413, "too_large")

    @pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
    @pytest.mark.parametrize("has_length", [True, False])
    def test_has_ten_mebibytes_refused(self, url: str, method: str, has_length: bool) -> None:
        piece = b" " * 64 * 1024
        body = piece * 160 if has_length else iter([piece] * 160)
        answer = requests.request(method, f"{url}/sendMessage", data=body, timeout=10)

        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")

    def test_has_bodies_that_are_too_large_refused(self, url: str) -> None:
        answer = requests.post(f"{url}/sendMessage", data=b"x" * 1_100_000, timeout=5)

        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")

    def test_has_its_answers_say_that_people_come_by_https(self, url: str) -> None:
        answer = requests.get(f"{url}/healthz", timeout=5)

        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
