"""Recording: each workspace's events are one chain, whose past no statement changes."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from keys import audit, erasure, lifecycle, membership, policies
from keys.audit import MAINTENANCE, OPERATOR, PUMBLE, Actor, Surface, Type, triggers, verification
from keys.exceptions import CreationNotAllowed, NotAllowed
from keys.models import ApiKey, AuditAddress, AuditChain, AuditEvent, Member, Policy, Workspace
from tests.conftest import NOW
from tests.keys.chains import lengthen
from tests.keys.test_races import at_once

ADDRESS = "203.0.113.7"


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB, ADDRESS, "request-1")


def chain_of(workspace: Workspace | None) -> AuditChain:
    return AuditChain.objects.get(pk=workspace.pumble_id if workspace else AuditChain.INSTALLATION)


def sign_in(member: Member, times: int = 1) -> None:
    for _ in range(times):
        audit.record(
            Type.MEMBER_SIGNED_IN, workspace=member.workspace, member=member, by=web(member), now=NOW
        )


class TestRecording:
    def test_numbers_the_events_of_each_workspace_without_gaps(self, alice: Member, mallory: Member) -> None:
        for member in (alice, mallory, alice, mallory, alice):
            sign_in(member)
        audit.record(Type.SECRETS_ROTATED, workspace=None, by=OPERATOR, now=NOW)

        for workspace, numbers in ((alice.workspace, [1, 2, 3]), (mallory.workspace, [1, 2]), (None, [1])):
            chain = chain_of(workspace)
            events = chain.events.order_by("number")
            assert [event.number for event in events] == numbers
            assert [event.previous for event in events] == ["", *(event.digest for event in events)][:-1]
            assert (chain.number, chain.digest) == (numbers[-1], events[len(numbers) - 1].digest)

    def test_tells_in_texts_who_did_what_to_whom(self, alice: Member, olivia: Member) -> None:
        key, _ = lifecycle.issue(owner=alice, name="ci", by=web(alice), now=NOW)
        lifecycle.revoke(key=key, by=web(olivia), reason=ApiKey.RevokeReason.BY_ADMINISTRATOR, now=NOW)

        event = AuditEvent.objects.get(type="key.revoked")
        assert (event.actor_ref, event.member_ref) == (olivia.pumble_user_id, alice.pumble_user_id)
        assert (event.key_ref, event.surface, event.address) == (key.key_id, "WEB", ADDRESS)
        assert (event.request_id, event.at) == ("request-1", NOW)

    def test_tells_of_an_operator_by_the_name_they_sign_in_with(self, acme: Workspace) -> None:
        root = Member.objects.create_superuser("root", "a long enough password")

        event = audit.record(Type.OPERATOR_LOOKED, workspace=acme, by=Actor(root, Surface.ADMIN), now=NOW)

        assert event.actor_ref == "operator:root"

    def test_costs_two_queries_more_than_the_event(
        self, alice: Member, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        sign_in(alice)
        with django_assert_num_queries(3):
            sign_in(alice)

    def test_that_is_taken_back_leaves_no_gap(self, alice: Member) -> None:
        sign_in(alice)
        with transaction.atomic():
            sign_in(alice)
            transaction.set_rollback(True)
        sign_in(alice)

        assert verification.verify_chain(chain_of(alice.workspace)).number == 2

    def test_keeps_names_and_addresses_of_people_out_of_what_lasts(
        self, alice: Member, olivia: Member
    ) -> None:
        alice.name, alice.email = "Alice Wonder", "alice.wonder@acme.test"
        alice.save()
        terms = policies.PolicyValues(creators=Policy.Creators.CHOSEN, allowed_creators=[alice])
        assert alice.workspace is not None
        policies.change_policy(workspace=alice.workspace, values=terms, by=web(olivia), now=NOW)
        key, _ = lifecycle.issue(
            owner=alice, name="ci", by=web(alice), now=NOW, allowed_addresses=["198.51.100.0/24"]
        )
        lifecycle.revoke(key=key, by=web(olivia), reason=ApiKey.RevokeReason.BY_ADMINISTRATOR, now=NOW)
        membership.end_authorization(member=alice, by=PUMBLE, now=NOW)

        kept = repr(list(AuditEvent.objects.values()))
        for personal in ("Wonder", "alice", ADDRESS, "198.51.100"):
            assert personal not in kept
        assert AuditEvent.objects.get(type="key.issued").detail_with_addresses["allowed_addresses"] == [
            "198.51.100.0/24"
        ]

    def test_stands_hostile_texts(self, alice: Member) -> None:
        nasty: dict[str, Any] = {
            "a": "\x00\ud800 \u2028",
            "b": [("x", 1), None, True],
            "c": {"1": {"deep": []}},
        }
        assert alice.workspace is not None
        by = Actor(alice, Surface.WEB, "2001:db8::1")

        audit.record(Type.KEY_RENAMED, workspace=alice.workspace, by=by, now=NOW, **nasty)

        assert verification.verify_chain(chain_of(alice.workspace)).events == 1


class TestForgettingAddresses:
    def test_leaves_the_chain_sound_and_other_people_s_addresses(self, alice: Member, olivia: Member) -> None:
        key, _ = lifecycle.issue(
            owner=alice, name="ci", by=web(alice), now=NOW, allowed_addresses=["198.51.100.0/24"]
        )
        by = Actor(olivia, Surface.ADMIN, "192.0.2.1")
        lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.BY_ADMINISTRATOR, now=NOW)

        assert erasure.erase_audit_addresses(alice) == 2

        issued, revoked = AuditEvent.objects.order_by("number")
        assert (issued.address, revoked.address) == (None, "192.0.2.1")
        assert "198.51.100" not in repr(issued.detail_with_addresses)
        assert not AuditAddress.objects.filter(address__in=[ADDRESS, "198.51.100.0/24"]).exists()
        assert verification.verify_chain(chain_of(alice.workspace)).events == 2

    def test_covers_where_a_key_was_used(self, alice: Member) -> None:
        key, _plaintext = lifecycle.issue(owner=alice, name="ci", by=web(alice), now=NOW)
        lifecycle.confirm(key=key, by=Actor(None, Surface.API, "192.0.2.9"), now=NOW)

        erasure.erase_audit_addresses(alice)

        assert not AuditAddress.objects.exists()


STATEMENTS = [
    "UPDATE keys_auditevent SET type = 'key.enabled'",
    "UPDATE keys_auditevent SET number = number + 1",
    "DELETE FROM keys_auditevent",
    "DELETE FROM keys_auditevent WHERE number = 3",
    "UPDATE keys_auditchain SET number = number - 1",
    "UPDATE keys_auditchain SET number = 0, digest = ''",
    "UPDATE keys_auditchain SET name = 'elsewhere'",
    "UPDATE keys_auditchain SET pruned_number = 2, pruned_digest = digest",
    "DELETE FROM keys_auditchain",
    "INSERT INTO keys_auditchain VALUES ('elsewhere', 5, 'd', 0, '')",
    """
    INSERT INTO keys_auditevent (chain, number, previous, digest, type, surface, actor_ref, member_ref, key_ref, detail,
    address_mark, request_id, at) SELECT chain, 2, previous, digest, type, surface, actor_ref, member_ref, key_ref,
    detail, address_mark, request_id, at FROM keys_auditevent WHERE number = 2
    """,
]
IN_POSTGRESQL = [
    "TRUNCATE keys_auditevent CASCADE",
    "TRUNCATE keys_auditchain CASCADE",
    "TRUNCATE keys_workspace CASCADE",
    """
    CREATE TEMP TABLE keys_auditchain AS SELECT name, 1000 AS pruned_number FROM keys_auditchain;
    DELETE FROM keys_auditevent
    """,
]
IN_SQLITE = [
    """
    INSERT OR REPLACE INTO keys_auditevent (id, chain, number, previous, digest, type, surface, actor_ref, member_ref,
    key_ref, detail, address_mark, request_id, at) SELECT id, chain, 4, digest, 'made up', type, surface, actor_ref,
    member_ref, key_ref, detail, address_mark, request_id, at FROM keys_auditevent WHERE number = 3
    """,
    "INSERT OR REPLACE INTO keys_auditchain SELECT name, 0, '', 0, '' FROM keys_auditchain",
    "UPDATE OR REPLACE keys_auditevent SET number = 1 WHERE number = 2",
]


class TestTheDatabase:
    @pytest.mark.parametrize(
        "statement",
        STATEMENTS + (IN_POSTGRESQL if connection.vendor == "postgresql" else IN_SQLITE),
        ids=lambda statement: " ".join(statement.split())[:60],
    )
    def test_refuses_to_change_the_past(self, alice: Member, statement: str) -> None:
        sign_in(alice, 3)
        before = list(AuditEvent.objects.values())
        connection.check_constraints()

        with pytest.raises(IntegrityError, match=r"audit (event|chain)"), transaction.atomic():  # noqa: SIM117
            with connection.cursor() as cursor:
                cursor.execute(statement)

        assert list(AuditEvent.objects.values()) == before
        assert chain_of(alice.workspace).number == 3

    def test_that_lost_a_guard_is_noticed_and_gets_it_back_with_the_next_migration(
        self, alice: Member
    ) -> None:
        with connection.cursor() as cursor:
            on = " ON keys_auditevent" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER keys_audit_keep{on}")
        assert triggers.find_missing(connection) == ["keys_audit_keep"]

        call_command("migrate", verbosity=0)

        assert not triggers.find_missing(connection)


class TestRetention:
    @pytest.fixture(autouse=True)
    def thirty_days(self, settings: Settings) -> None:
        settings.AUDIT_RETENTION_DAYS = 30

    def test_removes_the_old_and_leaves_a_chain_that_verifies(self, acme: Workspace) -> None:
        lengthen(acme, 700, at=NOW - timedelta(days=60))
        lengthen(acme, 5)

        assert audit.delete_expired(NOW) == 700

        walk = verification.verify_chain(chain_of(acme))
        assert (walk.first, walk.number, walk.events) == (701, 706, 6)
        event = AuditEvent.objects.get(type="audit.checkpoint")
        assert (event.detail["number"], event.surface) == (700, "SYSTEM")
        assert audit.delete_expired(NOW + timedelta(hours=1)) == 0

    def test_goes_on_day_after_day(self, acme: Workspace) -> None:
        for day in range(5):
            now = NOW + timedelta(days=40 * day)
            audit.record(Type.APP_INSTALLED, workspace=acme, by=MAINTENANCE, now=now)
            audit.delete_expired(now)

        assert verification.verify_chain(chain_of(acme)).first > 1

    def test_does_nothing_unless_it_is_asked_for(self, acme: Workspace, settings: Settings) -> None:
        settings.AUDIT_RETENTION_DAYS = None
        lengthen(acme, 3, at=NOW - timedelta(days=4000))

        assert audit.delete_expired(NOW) == 0
        assert AuditEvent.objects.count() == 3

    def test_is_a_part_of_maintenance(self, acme: Workspace) -> None:
        lengthen(acme, 3, at=NOW - timedelta(days=4000))
        out = io.StringIO()

        call_command("maintenance", stdout=out)

        assert "audit events pruned: 3" in out.getvalue()

    def test_is_no_way_to_remove_more_than_a_checkpoint_tells(self, acme: Workspace) -> None:
        lengthen(acme, 10, at=NOW - timedelta(days=60))
        lengthen(acme, 5)
        audit.delete_expired(NOW)
        sixteenth = AuditEvent.objects.get(number=16)

        for number, digest in ((12, sixteenth.digest), (9, ""), (10, "made up")):
            with pytest.raises(IntegrityError), transaction.atomic():
                AuditChain.objects.update(pruned_number=number, pruned_digest=digest)
        with pytest.raises(IntegrityError), transaction.atomic():
            AuditEvent.objects.filter(number=11).delete()


class TestARefusalOfRights:
    def test_is_told_with_who_tried_what(self, alice: Member, olivia: Member) -> None:
        assert alice.workspace is not None
        terms = policies.PolicyValues(creators=Policy.Creators.ADMINISTRATORS)
        policies.change_policy(workspace=alice.workspace, values=terms, by=web(olivia), now=NOW)

        with pytest.raises(CreationNotAllowed):
            lifecycle.issue(owner=alice, name="ci", by=web(alice), now=NOW)

        event = AuditEvent.objects.get(type="rights.refused")
        assert event.detail == {"what": "issue", "why": "creation_not_allowed"}
        assert (event.actor, event.workspace, event.surface) == (alice, alice.workspace, "WEB")

    def test_of_an_attempt_on_another_s_key_names_the_key(self, alice: Member, bob: Member) -> None:
        key, _ = lifecycle.issue(owner=alice, name="ci", by=web(alice), now=NOW)

        with pytest.raises(NotAllowed):
            lifecycle.revoke(key=key, by=web(bob), reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW)

        event = AuditEvent.objects.get(type="rights.refused")
        assert (event.key_ref, event.member, event.actor) == (key.key_id, alice, bob)

    def test_fills_no_disk(self, alice: Member, bob: Member) -> None:
        key, _ = lifecycle.issue(owner=alice, name="ci", by=web(alice), now=NOW)
        for _ in range(25):
            with pytest.raises(NotAllowed):
                lifecycle.rename(key=key, name="mine", by=web(bob), now=NOW)

        events = AuditEvent.objects.filter(type="rights.refused").order_by("number")
        assert events.count() == audit.denials.MAX_PER_HOUR
        assert [event for event in events if "more_this_hour" in event.detail] == [events[9]]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_eight_threads_make_one_chain(self, alice: Member, bob: Member) -> None:
        at_once(8, lambda number: sign_in((alice, bob)[number % 2], 10))

        walk = verification.verify_chain(chain_of(alice.workspace))
        assert (walk.events, walk.number, walk.runs) == (80, 80, 1)

    def test_off_boarding_and_changes_of_single_keys_wait_for_no_one_for_ever(
        self, alice: Member, bob: Member
    ) -> None:
        for round_number in range(5):
            keys = [
                lifecycle.confirm(
                    key=lifecycle.issue(owner=owner, name=None, by=OPERATOR, now=NOW)[0], by=OPERATOR, now=NOW
                )
                for owner in (alice, bob, alice, bob)
            ]

            def act(number: int, keys: list[ApiKey] = keys) -> object:
                if number == 0:
                    return membership.end_authorization(member=alice, by=PUMBLE, now=NOW)
                if number == 1:
                    profile = membership.Profile(
                        bob.pumble_user_id or "", "Bob", "", "GUEST", is_active=False
                    )
                    assert bob.workspace is not None
                    return membership.record_profile(
                        workspace=bob.workspace, profile=profile, by=PUMBLE, now=NOW
                    )
                return lifecycle.disable(key=keys[number % 4], by=OPERATOR, now=NOW)

            at_once(6, act)

            assert not ApiKey.objects.filter(revoked_at=None).exists(), round_number
            Member.objects.update(authorized_at=NOW, is_active=True)
        verification.verify_chain(chain_of(alice.workspace))


@pytest.mark.django_db(transaction=True)
class TestAMigrationBesideARunningPortal:
    def test_leaves_every_chain_able_to_go_on(self, alice: Member) -> None:
        sign_in(alice)
        triggers.before_migrations(plan=[object()], using="default")
        sign_in(alice)
        triggers.after_migrations(using="default")
        sign_in(alice)

        chain = chain_of(alice.workspace)
        assert (chain.number, chain.events.count()) == (3, 3)
        assert verification.verify_chain(chain).events == 3
        assert triggers.find_missing(connection) == []
