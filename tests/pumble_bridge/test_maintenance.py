"""`manage.py maintenance`: everything is done once, and its parts are independent."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from keys import batches
from keys.models import ApiKey, HourlyUse, KnownNetwork, RequestLog
from pumble_bridge.management.commands import maintenance
from pumble_bridge.models import Notice
from tests.environment import PROJECT
from tests.pumble import Person
from tests.pumble_bridge.received import DAY, messages_to, new_key

pytestmark = pytest.mark.django_db(transaction=True)


def run() -> str:
    output = io.StringIO()
    call_command("maintenance", stdout=output)
    return output.getvalue()


def call_at(key: ApiKey, at: datetime) -> None:
    RequestLog.objects.create(
        key=key, at=at, operation="myInfo", outcome="ok", status=200, duration_ms=1, request_id="r"
    )
    HourlyUse.objects.create(key=key, hour=at, outcome="ok", count=1)


class TestOneRun:
    def test_sends_expiry_notices_once(self, ana: Person) -> None:
        new_key(ana, "nightly", lives=90 * DAY, now=timezone.now() - 84 * DAY)

        first, second = run(), run()

        assert "expiry notices: 1; notices sent: 1" in first
        assert "expiry notices: 0; notices sent: 0" in second
        assert len(messages_to(ana)) == 1

    def test_keeps_calls_for_90_days_and_hours_for_400(self, ana: Person) -> None:
        key, _plaintext = new_key(ana)
        now = timezone.now()
        for age in (1, 89, 91, 399, 401):
            call_at(key, now - age * DAY)

        run()

        assert (RequestLog.objects.count(), HourlyUse.objects.count()) == (2, 4)

    def test_deletes_networks_of_keys_that_are_over(self, ana: Person) -> None:
        live, _ = new_key(ana, "live")
        over, _ = new_key(ana, "over", lives=DAY, now=timezone.now() - 2 * DAY)
        for key in (live, over):
            KnownNetwork.objects.create(key=key, network="203.0.113.0/24", first_used_at=timezone.now())

        run()

        assert list(KnownNetwork.objects.values_list("key__name", flat=True)) == ["live"]

    def test_deletes_notices_after_400_days(self, ana: Person) -> None:
        key, _plaintext = new_key(ana)
        for age in (399, 401):
            at = timezone.now() - age * DAY
            Notice.objects.create(
                member=key.owner, key=key, kind="LEAKED", dedup_key=f"{age}", created_at=at, state="SENT"
            )

        run()

        assert Notice.objects.get().dedup_key == "399"

    def test_deletes_expired_sessions(self, portal: str) -> None:
        for name, end in (("over", -DAY), ("open", DAY)):
            Session.objects.create(session_key=name, session_data="", expire_date=timezone.now() + end)

        run()

        assert Session.objects.get().session_key == "open"

    def test_deletes_more_than_one_batch(self, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "BATCH_SIZE", 10)
        key, _plaintext = new_key(ana)
        for number in range(25):
            call_at(key, timezone.now() - (91 * DAY if number else DAY) - number * timedelta(hours=1))

        assert "; calls pruned: 24;" in run()
        assert RequestLog.objects.count() == 1

    @pytest.mark.parametrize("broken", list(maintenance.PARTS))
    def test_continues_after_a_failed_part(
        self, portal: str, monkeypatch: pytest.MonkeyPatch, log_lines: io.StringIO, broken: str
    ) -> None:
        def fail(now: datetime) -> int:
            raise RuntimeError("out of order")

        done: list[str] = []

        def note(name: str, now: datetime) -> int:
            done.append(name)
            return 0

        for name in maintenance.PARTS:
            monkeypatch.setitem(maintenance.PARTS, name, partial(note, name))
        monkeypatch.setitem(maintenance.PARTS, broken, fail)

        with pytest.raises(CommandError, match=broken):
            run()

        assert done == [name for name in maintenance.PARTS if name != broken]
        assert "maintenance.failed" in log_lines.getvalue()

    def test_starts_no_part_after_a_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stopped, output = threading.Event(), io.StringIO()
        first, second, *_rest = maintenance.PARTS

        def stop(_now: datetime) -> int:
            stopped.set()
            return 1

        monkeypatch.setitem(maintenance.PARTS, first, stop)
        maintenance.Command(stdout=output).run_once(stopped)

        assert output.getvalue() == f"{first}: 1\n"
        assert second not in output.getvalue()


class TestTheLoop:
    @pytest.mark.parametrize("seconds", ["0", "-5"])
    def test_does_not_spin(self, seconds: str) -> None:
        with pytest.raises(CommandError, match="at least 1 second"):
            call_command("maintenance", f"--every={seconds}")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_ends_cleanly_when_told_to(self, tmp_path: Path, number: signal.Signals) -> None:
        environment = os.environ | {"DATA_DIR": str(tmp_path)}
        environment.pop("DATABASE_URL", None)
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], cwd=PROJECT, env=environment, check=True)
        process = subprocess.Popen(
            [*manage, "maintenance", "--every", "3600"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert "notices sent: 0" in process.stdout.readline()

        began = time.monotonic()
        process.send_signal(number)
        _out, err = process.communicate(timeout=10)

        assert (process.returncode, "Traceback" in err) == (0, False)
        assert time.monotonic() - began < 5
