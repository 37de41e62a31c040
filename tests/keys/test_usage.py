import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from keys import lifecycle, policies, usage
from keys.audit import OPERATOR
from keys.models import ApiKey, AuditEvent, HourlyUse, KnownNetwork, LastUse, Member, RequestLog
from tests.conftest import NOW
from tests.queries import before_query


@pytest.fixture
def key(alice: Member) -> ApiKey:
    return lifecycle.issue(owner=alice, name="a", by=OPERATOR, now=NOW)[0]


def use(key: ApiKey, **changed: Any) -> usage.CallRecord:
    fields: dict[str, Any] = {
        "key_pk": key.pk,
        "at": NOW,
        "operation": "sendMessage",
        "outcome": "ok",
        "status": 200,
        "duration_ms": 12,
        "request_id": "request-1",
        "address": "192.0.2.1",
        "agent": "curl/8",
    }
    return usage.CallRecord(**fields | changed)


def written(*uses: usage.CallRecord) -> usage.Recorder:
    recorder = usage.Recorder()
    for call in uses:
        recorder.record(call)
    recorder.flush()
    return recorder


def test_says_when_from_where_and_with_what_a_key_was_last_used(key: ApiKey) -> None:
    later = NOW + timedelta(minutes=5)
    written(use(key, at=later, address="2001:db8::1", agent="x" * 500), use(key))

    last = LastUse.objects.get(key=key)
    assert (last.at, last.address, last.agent) == (later, "2001:db8::1", "x" * 120)


def test_the_last_use_never_goes_back(key: ApiKey) -> None:
    written(use(key, at=NOW + timedelta(seconds=3)))
    written(use(key))

    assert LastUse.objects.get(key=key).at == NOW + timedelta(seconds=3)


def test_a_refused_call_is_logged_and_counted_but_is_no_use(key: ApiKey) -> None:
    written(use(key, outcome="scope_missing", status=403))

    assert not LastUse.objects.exists()
    assert RequestLog.objects.get().outcome == "scope_missing"


def test_counts_by_hour_and_outcome(key: ApiKey) -> None:
    hour = NOW.replace(minute=0, second=0)
    written(use(key), use(key), use(key, outcome="key_expired"))
    written(use(key), use(key, at=NOW + timedelta(hours=1)))

    counted = {(row.hour, row.outcome): row.count for row in HourlyUse.objects.all()}
    assert counted == {
        (hour, "ok"): 3,
        (hour, "key_expired"): 1,
        (hour + timedelta(hours=1), "ok"): 1,
    }


def test_a_flood_of_refusals_is_counted_whole_and_logged_in_part(key: ApiKey) -> None:
    written(*[use(key, outcome="rate_limited", status=429)] * 500, *[use(key)] * 30)

    assert HourlyUse.objects.get(outcome="rate_limited").count == 500
    assert RequestLog.objects.filter(outcome="rate_limited").count() == usage.MAX_LOGGED_REFUSALS
    assert RequestLog.objects.filter(outcome="ok").count() == 30


def test_what_could_not_be_written_is_written_later(key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: object) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(usage, "_write", away)
        recorder = written(use(key))
    assert not RequestLog.objects.exists()
    recorder.flush()

    assert RequestLog.objects.count() == 1


def test_of_too_many_the_oldest_are_lost_and_that_is_said(
    key: ApiKey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "MAX_QUEUED", 3)

    written(*(use(key, request_id=f"r{number}") for number in range(5)))

    assert sorted(RequestLog.objects.values_list("request_id", flat=True)) == ["r2", "r3", "r4"]
    assert [(record.message, record.count) for record in caplog.records] == [("usage.lost", 2)]  # type: ignore[attr-defined]


def test_a_key_that_is_gone_does_not_cost_the_others_their_log(key: ApiKey) -> None:
    written(use(key, key_pk=key.pk + 1), use(key))

    assert RequestLog.objects.get().key == key


def test_a_batch_that_comes_back_makes_way_for_what_came_meanwhile(
    key: ApiKey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "MAX_QUEUED", 3)
    recorder = usage.Recorder()

    def away(*_arguments: object) -> None:
        for number in range(3):
            recorder.record(use(key, request_id=f"new {number}"))
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(usage, "_write", away)
        recorder.record(use(key, request_id="old"))
        recorder.flush()
    recorder.flush()

    kept = sorted(RequestLog.objects.values_list("request_id", flat=True))
    assert kept == ["new 0", "new 1", "new 2"]
    assert "usage.lost" in [record.message for record in caplog.records]


def test_calls_are_kept_for_as_long_as_their_workspace_says(
    key: ApiKey, olivia: Member, mallory: Member
) -> None:
    theirs = lifecycle.issue(owner=mallory, name="theirs", by=OPERATOR, now=NOW)[0]
    for used in (key, theirs):
        for age in (4, 6, 89, 91):
            written(use(used, at=NOW - timedelta(days=age)))
    for owner, days in ((olivia, 5), (mallory, 100)):
        assert owner.workspace is not None
        terms = policies.PolicyValues(request_log_retention_days=days)
        policies.change_policy(workspace=owner.workspace, values=terms, by=OPERATOR, now=NOW)

    assert usage.delete_old_requests(now=NOW) == 3

    kept = RequestLog.objects.order_by("key__name", "at").values_list("key__name", "at")
    ages = [(name, (NOW - at).days) for name, at in kept]
    assert ages == [("a", 4), ("theirs", 91), ("theirs", 89), ("theirs", 6), ("theirs", 4)]
    assert HourlyUse.objects.count() == 8


def test_a_new_network_that_another_process_saw_first_is_told_of_by_that_one(key: ApiKey) -> None:
    written(use(key))
    elsewhere = {"key": key, "network": "198.51.100.0/24"}

    with before_query(
        r'SELECT .*FROM "keys_knownnetwork" WHERE .*"network" =',
        lambda: KnownNetwork.objects.create(**elsewhere, first_used_at=NOW),
    ):
        written(use(key, address="198.51.100.7"))

    assert not AuditEvent.objects.filter(type="key.used_elsewhere").exists()
    assert RequestLog.objects.filter(address="198.51.100.7").count() == 1


@pytest.mark.django_db(transaction=True)
class TestInTheBackground:
    @pytest.fixture(autouse=True)
    def in_the_background(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.WRITE_USAGE_IN_BACKGROUND = True
        monkeypatch.setattr(usage, "WRITE_EVERY_SECONDS", 0.01)

    def test_one_batch_that_cannot_be_written_costs_no_other(
        self, key: ApiKey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        recorder, dropped, done = usage.Recorder(), threading.Event(), threading.Event()
        write = usage._write

        def fail_once(batch: list[usage.CallRecord], sampler: usage.Sampler) -> None:
            if not dropped.is_set():
                dropped.set()
                raise ValueError("something about this batch")
            write(batch, sampler)
            done.set()

        monkeypatch.setattr(usage, "_write", fail_once)
        recorder.record(use(key, request_id="bad"))
        assert dropped.wait(5)
        recorder.record(use(key, request_id="good"))
        assert done.wait(5)
        recorder.stop()

        assert RequestLog.objects.get().request_id == "good"
        assert "usage.dropped" in [record.message for record in caplog.records]

    def test_a_stop_writes_what_is_left_and_ends_the_thread(
        self, key: ApiKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "WRITE_EVERY_SECONDS", 3600)
        recorder = usage.Recorder()
        for _ in range(3):
            recorder.record(use(key))
        assert not RequestLog.objects.exists()

        recorder.stop()

        assert RequestLog.objects.count() == 3
        assert "usage" not in [thread.name for thread in threading.enumerate()]

    def test_a_stop_does_not_wait_for_ever_for_a_database_that_is_away(
        self, key: ApiKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "WRITE_EVERY_SECONDS", 3600)
        tried = []

        def away(batch: list[usage.CallRecord], _sampler: usage.Sampler) -> None:
            tried.append(len(batch))
            raise OperationalError

        monkeypatch.setattr(usage, "_write", away)
        recorder = usage.Recorder()
        recorder.record(use(key))
        recorder.stop()

        assert tried == [1] * usage.STOP_ATTEMPTS
