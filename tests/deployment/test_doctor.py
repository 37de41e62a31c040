"""doctor on the server of compose.yaml: nothing is wrong, and the faults that need real parts are found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.deployment import composition
from tests.deployment.stack import Deployment, front_door
from tests.environment import free_port


def problems(deployment: Deployment, **environment: str) -> list[str]:
    """Run doctor beside the portals, and return the checks that are not ok."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=deployment.folder,
        env=deployment.environment | {"SSL_CERT_FILE": str(deployment.certificate)} | environment,
        capture_output=True,
        text=True,
    )
    lines = json.loads(done.stdout)
    failed = [line for line in lines if line["status"] == "failure"]
    assert done.returncode == (1 if failed else 0), done.stderr
    return [line["check"] for line in lines if line["status"] != "ok"]


@pytest.fixture(scope="module", autouse=True)
def used_secrets(deployment: Deployment) -> None:
    """See each secret of the app in use, after `maintenance` has seen it first."""
    deployment.manage("maintenance")
    deployment.sign_in()  # uses the client secret
    deployment.type("ana@acme.test", "/api-keys help")  # is signed with the signing secret


def test_finds_nothing_on_a_good_server_and_names_what_redis_does_wrong(deployment: Deployment) -> None:
    assert problems(deployment) == []

    server = redis.Redis.from_url(deployment.redis.url)
    server.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert problems(deployment) == ["redis.eviction"]
    finally:
        server.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(
    ("good", "bad", "check"),
    [
        ("underscores_in_headers off", "underscores_in_headers on", "public_url.headers"),
        ("client_max_body_size 1m", "client_max_body_size 100k", "public_url.size"),
    ],
)
def test_names_what_nginx_does_wrong(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: str, bad: str, check: str
) -> None:
    template = tmp_path / "template"
    text = composition.TEMPLATE.read_text()
    assert good in text
    template.write_text(text.replace(good, bad))
    monkeypatch.setattr(composition, "TEMPLATE", template)
    https_port = free_port()
    public_url = f"https://localhost:{https_port}"
    places = deployment.places | {
        "PUBLIC_URL": public_url,
        "HTTP_PORT": str(free_port()),
        "HTTPS_PORT": str(https_port),
        "RUN_DIR": str(tmp_path / "run"),
        "SPOOL_DIR": str(tmp_path / "run"),
    }
    with front_door(places, tmp_path):
        assert problems(deployment, PUBLIC_URL=public_url) == [check]
