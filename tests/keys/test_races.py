"""What happens when several do it at once. Real transactions on real connections."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from keys import audit, erasure, idempotency, lifecycle, membership, policies, usage
from keys.audit import OPERATOR, Actor, Surface, verification
from keys.exceptions import (
    IdempotencyInProgress,
    KeyBeingReplaced,
    KeyNotFound,
    KeyRevoked,
    KeysError,
    RotationUnderway,
    TooManyKeys,
)
from keys.models import ApiKey, AuditChain, AuditEvent, HourlyUse, IdempotentCall, LastUse, Member, Workspace
from tests.conftest import NOW, make_workspace_key

pytestmark = pytest.mark.django_db(transaction=True)


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def at_once(times: int, do: Callable[[int], Any]) -> list[Any]:
    """What each of `times` threads got from `do`, or the KeysError it ended with; all start together."""
    results: list[Any] = []
    start = threading.Barrier(times)

    def run(number: int) -> None:
        start.wait()
        try:
            results.append(do(number))
        except KeysError as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == times, "a thread failed"
    return results


def live_key(owner: Member, name: str = "a") -> ApiKey:
    key, _ = lifecycle.issue(owner=owner, name=name, by=OPERATOR, now=NOW)
    return lifecycle.confirm(key=key, by=OPERATOR, now=NOW)


def test_twenty_at_the_cap_make_as_many_keys_as_it_allows(alice: Member, olivia: Member) -> None:
    assert alice.workspace is not None
    terms = policies.PolicyValues(max_keys=5)
    policies.change_policy(workspace=alice.workspace, values=terms, by=web(olivia), now=NOW)

    results = at_once(20, lambda _: lifecycle.issue(owner=alice, name=None, by=web(alice), now=NOW))

    assert sum(isinstance(result, TooManyKeys) for result in results) == 15
    assert sorted(ApiKey.objects.values_list("name", flat=True)) == [f"key-{n}" for n in range(1, 6)]


def test_of_two_rotations_one_goes_through(alice: Member) -> None:
    key = live_key(alice)

    results = at_once(2, lambda _: lifecycle.rotate(key=key, grace=timedelta(0), by=web(alice), now=NOW))

    assert sum(isinstance(result, RotationUnderway) for result in results) == 1
    assert key.successors.count() == 1


def test_a_rotation_and_a_revocation_at_once_leave_nothing_that_works(alice: Member, olivia: Member) -> None:
    for round_number in range(10):
        key = live_key(alice, f"round {round_number}")

        def rotate_and_confirm(key: ApiKey) -> None:
            successor, _ = lifecycle.rotate(key=key, grace=timedelta(days=7), by=web(alice), now=NOW)
            lifecycle.confirm(key=successor, by=web(alice), now=NOW)

        def revoke(key: ApiKey) -> None:
            for member_of_chain in (key, *key.successors.all()):
                reason = ApiKey.RevokeReason.BY_ADMINISTRATOR
                lifecycle.revoke(key=member_of_chain, by=web(olivia), reason=reason, now=NOW)

        results = at_once(2, lambda number, key=key: (rotate_and_confirm, revoke)[number](key))  # type: ignore[misc]

        refused = [result for result in results if result is not None]
        assert all(isinstance(error, KeyNotFound | KeyBeingReplaced) for error in refused)
        key.refresh_from_db()
        assert key.revoked_at is not None


def test_confirming_and_revoking_a_successor_at_once_wait_for_no_one_for_ever(alice: Member) -> None:
    for round_number in range(10):
        key = live_key(alice, f"round {round_number}")
        successor, _ = lifecycle.rotate(key=key, grace=timedelta(0), by=web(alice), now=NOW)

        def act(number: int, key: ApiKey = key, successor: ApiKey = successor) -> ApiKey:
            if number == 0:
                return lifecycle.confirm(key=successor, by=web(alice), now=NOW)
            reason = ApiKey.RevokeReason.BY_HOLDER
            return lifecycle.revoke(key=(key, successor)[number % 2], by=web(alice), reason=reason, now=NOW)

        at_once(4, act)

        assert not ApiKey.objects.filter(name=key.name).live(NOW).exists()


def test_a_revoked_key_leaves_none_that_it_is_just_creating(alice: Member) -> None:
    scopes = ["user:read", "keys:manage"]
    manager, _ = lifecycle.issue(owner=alice, name="m", by=OPERATOR, now=NOW, scopes=scopes)
    manager = lifecycle.confirm(key=manager, by=OPERATOR, now=NOW)
    by = Actor(alice, Surface.API, key=manager)
    reason = ApiKey.RevokeReason.BY_OPERATOR

    def create_or_revoke(number: int) -> Any:
        if number == 3:
            return lifecycle.revoke(key=manager, by=OPERATOR, reason=reason, now=NOW)
        key, _ = lifecycle.issue(owner=alice, name=None, by=by, now=NOW, scopes=["user:read"])
        return lifecycle.confirm(key=key, by=by, now=NOW)

    results = at_once(8, create_or_revoke)

    assert all(isinstance(result, ApiKey | KeyRevoked) for result in results)
    assert not ApiKey.objects.filter(revoked_at=None).exists()


def test_a_key_that_repeats_its_rotation_several_times_at_once_gets_one_successor(alice: Member) -> None:
    old = live_key(alice)
    by = Actor(alice, Surface.API, key=old)
    lost, _ = lifecycle.rotate(key=old, grace=timedelta(days=1), by=by, now=NOW)
    lifecycle.confirm(key=lost, by=by, now=NOW)

    results = at_once(4, lambda _: lifecycle.rotate(key=old, grace=timedelta(days=1), by=by, now=NOW))

    assert sum(isinstance(result, RotationUnderway) for result in results) == 3
    (found,) = [result[0] for result in results if isinstance(result, tuple)]
    lifecycle.confirm(key=found, by=by, now=NOW)
    lost.refresh_from_db()
    assert lost.revoked_reason == ApiKey.RevokeReason.NOT_DELIVERED
    assert old.successors.filter(revoked_at=None).count() == 1


def test_of_fifty_beginnings_with_one_idempotency_key_one_is_the_first(alice: Member) -> None:
    key = live_key(alice)

    results = at_once(50, lambda _: idempotency.begin(key.pk, "v", b"r", now=NOW))

    assert sum(isinstance(result, idempotency.Started) for result in results) == 1
    assert sum(isinstance(result, IdempotencyInProgress) for result in results) == 49
    assert IdempotentCall.objects.count() == 1


@pytest.mark.parametrize("outcome", ["ok", "scope_missing"])
def test_counts_of_several_processes_add_up(alice: Member, outcome: str) -> None:
    key = live_key(alice)
    call = usage.CallRecord(key.pk, NOW, "sendMessage", outcome, 200, 1, "r", None, "")

    def flush(_number: int) -> None:
        recorder = usage.Recorder()
        for _ in range(10):
            recorder.record(call)
        while (
            recorder.has_queued()
        ):  # where another process writes of the key, this one waits for its next turn
            recorder.flush()

    at_once(8, flush)

    assert HourlyUse.objects.get().count == 80


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="a transaction of SQLite has everything to itself"
)
def test_uses_of_a_key_that_somebody_holds_keep_no_others_waiting(alice: Member) -> None:
    held, free = live_key(alice, "held"), live_key(alice, "free")
    recorder = usage.Recorder()
    for key in (held, free):
        recorder.record(usage.CallRecord(key.pk, NOW, "sendMessage", "ok", 200, 1, "r", None, ""))
    holds, written = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            ApiKey.objects.select_for_update(no_key=True).get(pk=held.pk)
            holds.set()
            assert written.wait(10)
        connections.close_all()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert holds.wait(10)
        recorder.flush()
        meanwhile = list(HourlyUse.objects.values_list("key_id", flat=True))
    finally:
        written.set()
        holding.join()
    recorder.flush()

    assert meanwhile == [free.pk]
    assert {row.key_id: row.count for row in HourlyUse.objects.all()} == {held.pk: 1, free.pk: 1}
    assert not recorder.has_queued()


def test_no_address_is_written_of_somebody_who_is_erased_meanwhile(
    alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = live_key(alice)
    Member.objects.update(authorized_at=None)
    recorder = usage.Recorder()
    recorder.record(
        usage.CallRecord(key.pk, NOW, "sendMessage", "ok", 200, 1, "r", "203.0.113.77", "alices-laptop")
    )

    def erase() -> None:
        erasure.anonymize(alice, by=OPERATOR, now=NOW)
        connections.close_all()

    erasing = threading.Thread(target=erase)
    write = usage._write_last_uses

    def write_while_erasing(uses: Any) -> None:
        erasing.start()
        erasing.join(0.5)  # it ends now, or it waits for this
        write(uses)

    monkeypatch.setattr("keys.usage._write_last_uses", write_while_erasing)
    recorder.flush()
    erasing.join()

    alice.refresh_from_db()
    assert alice.erased_at == NOW
    assert list(LastUse.objects.values_list("address", "agent")) == [(None, "")]


def test_tidying_up_and_revoking_a_rotated_key_do_not_wait_for_each_other(alice: Member) -> None:
    for round_number in range(10):
        key = live_key(alice, f"round {round_number}")
        successor, _ = lifecycle.rotate(key=key, grace=timedelta(0), by=web(alice), now=NOW)
        later = NOW + lifecycle.PENDING_TIMEOUT

        def act(
            number: int, key: ApiKey = key, successor: ApiKey = successor, later: datetime = later
        ) -> object:
            if number == 0:
                return lifecycle.revoke_stale_pending(now=later)
            if number == 1:
                return lifecycle.confirm(key=successor, by=web(alice), now=later)
            reason = ApiKey.RevokeReason.BY_HOLDER
            return lifecycle.revoke(key=key, by=web(alice), reason=reason, now=later)

        at_once(3, act)

        key.refresh_from_db()
        assert key.revoked_at is not None


@pytest.mark.parametrize("attempt", range(5))
def test_no_key_is_handed_to_a_person_who_is_just_leaving(
    acme: Workspace, alice: Member, bob: Member, attempt: int
) -> None:
    key = make_workspace_key(acme, alice)

    def change(number: int) -> Any:
        if number:
            return membership.end_authorization(member=bob, by=audit.PUMBLE, now=NOW)
        return lifecycle.replace_responsible(key=key, responsible=bob, by=OPERATOR, now=NOW)

    at_once(2, change)

    current = ApiKey.objects.select_related("responsible").get(pk=key.pk)
    assert current.responsible in {alice, None}
    assert current.state(NOW) == ApiKey.State.ACTIVE


class TestSeveralRunnersOfMaintenance:
    def test_delete_old_events_behind_one_checkpoint(self, alice: Member, settings: Settings) -> None:
        settings.AUDIT_RETENTION_DAYS = 30
        for number in range(20):
            lifecycle.issue(owner=alice, name=f"key {number}", by=OPERATOR, now=NOW)
        later = NOW + timedelta(days=40)

        deleted = at_once(3, lambda _number: audit.delete_expired(later))

        assert max(deleted) > 0
        left = list(AuditEvent.objects.filter(workspace=alice.workspace).values_list("type", flat=True))
        assert left == [AuditEvent.Type.AUDIT_CHECKPOINT]
        assert alice.workspace is not None
        chain = AuditChain.objects.get(pk=alice.workspace.pumble_id)
        assert verification.verify_chain(chain).events == 1

    def test_revoke_a_key_that_nobody_received_once(self, alice: Member) -> None:
        for number in range(5):
            lifecycle.issue(owner=alice, name=f"key {number}", by=OPERATOR, now=NOW)
        later = NOW + timedelta(minutes=20)

        at_once(3, lambda _number: lifecycle.revoke_stale_pending(now=later))

        assert ApiKey.objects.filter(revoked_at=later).count() == 5
        assert AuditEvent.objects.filter(type=AuditEvent.Type.KEY_REVOKED).count() == 5
