"""The metrics, and access to them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from keys.ip_networks import parse_network
from keys.models import ApiKey
from tests.contract.wire import Api, issue
from tests.environment import PROJECT

TOKEN = "a-token-for-scrapers-that-is-long-enough"


def read(text: str) -> dict[str, float]:
    """`name{label="value"}` → value."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.django_db(transaction=True)
class TestMetrics:
    def numbers(self, portal: str) -> dict[str, float]:
        return read(requests.get(f"{portal}/metrics", timeout=5).text)

    def test_count_requests_calls_to_pumble_and_refusals(self, portal: str) -> None:
        api = Api(portal, issue("ana@acme.test", "user:read"))
        before = self.numbers(portal)

        api.get("myInfo")
        api.get("listChannels")

        now = self.numbers(portal)
        for name in (
            "portal_requests_total[('operation', 'myInfo'), ('outcome', 'ok')]",
            "portal_requests_total[('operation', 'listChannels'), ('outcome', 'scope_missing')]",
            "portal_request_seconds_count[('operation', 'myInfo')]",
        ):
            assert now[name] == before.get(name, 0) + 1, name
        assert any(
            name.startswith("portal_pumble_seconds_count")
            and "oauth2" not in name
            and now[name] > before.get(name, 0)
            for name in now
        )
        assert "portal_queue_length[('queue', 'notices')]" in now

    def test_count_a_call_beyond_a_limit_once(self, portal: str) -> None:
        key = issue("ana@acme.test")
        ApiKey.objects.update(calls_per_minute=1)
        limit = "portal_limits_hit_total[('limit', 'key')]"
        before = self.numbers(portal).get(limit, 0)

        statuses = [Api(portal, key).get("myInfo").status_code for _ in range(3)]

        assert (statuses, self.numbers(portal)[limit]) == ([200, 429, 429], before + 2)

    def test_have_no_name_for_what_is_not_there(self, portal: str) -> None:
        for path in ("a", "b", "sendMessage/x"):
            requests.get(f"{portal}/{path}", timeout=5)

        operations = {name for name in self.numbers(portal) if "portal_requests_total" in name}

        assert not any("/" in name or "'a'" in name for name in operations)


@pytest.mark.django_db
class TestAccessToMetrics:
    @pytest.fixture(autouse=True)
    def token(self, settings: Any) -> None:
        settings.METRICS_TOKEN = TOKEN

    @pytest.mark.parametrize(
        ("address", "headers", "opens"),
        [
            ("127.0.0.1", {}, True),
            ("::1", {}, True),
            ("203.0.113.9", {"authorization": f"Bearer {TOKEN}"}, True),
            ("203.0.113.9", {}, False),
            ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
            ("127.0.0.1", {"x-forwarded-proto": "https"}, False),
            ("127.0.0.1", {"x-real-ip": "127.0.0.1"}, False),
            ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, False),
            ("127.0.0.1", {"via": "1.1 door"}, False),
            ("127.0.0.1", {"x-forwarded-for": "203.0.113.9", "authorization": f"Bearer {TOKEN}"}, True),
            ("203.0.113.9", {"authorization": f"Bearer {TOKEN}x"}, False),
            ("203.0.113.9", {"authorization": "Bearer é"}, False),
            ("203.0.113.9", {"authorization": TOKEN}, False),
            ("", {}, False),
        ],
    )
    def test_is_granted_to_this_machine_and_to_the_token(
        self, client: Client, address: str, headers: dict[str, str], *, opens: bool
    ) -> None:
        answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)

        assert answer.status_code == (200 if opens else 404)

    def test_is_refused_to_a_trusted_proxy(self, client: Client, settings: Any) -> None:
        settings.TRUSTED_PROXIES = [parse_network("127.0.0.0/8")]

        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404

    def test_is_not_found_by_others_without_a_token(self, client: Client, settings: Any) -> None:
        settings.METRICS_TOKEN = ""

        answer = client.get("/metrics", headers={"authorization": "Bearer "}, REMOTE_ADDR="203.0.113.9")

        assert answer.json()["reason"] == "not_found"


class TestSeveralProcesses:
    def test_add_up_what_they_count_also_of_those_that_are_gone(self, tmp_path: Path) -> None:
        """As under the server: each process in a file of its own, and one that is asked."""
        count = "from keys import metrics; metrics.LIMITED.labels('key').inc(2); metrics.USAGE_WAITING.set(5)"
        gone = "; from prometheus_client.multiprocess import mark_process_dead as dead; import os; dead(os.getpid())"
        for code in (count, count, count + gone):
            done = run_counting(tmp_path, f"import django; django.setup(); {code}")
            assert done.returncode == 0, done.stderr

        asked = run_counting(
            tmp_path,
            "from prometheus_client import CollectorRegistry as R, generate_latest as g; r = R()\n"
            "from prometheus_client.multiprocess import MultiProcessCollector as M; M(r); print(g(r).decode())",
        )

        numbers = read(asked.stdout)
        assert numbers["portal_limits_hit_total[('limit', 'key')]"] == 6
        assert numbers["portal_usage_waiting[]"] == 10


def run_counting(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    own = {"PROMETHEUS_MULTIPROC_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=os.environ | own, capture_output=True, text=True
    )
