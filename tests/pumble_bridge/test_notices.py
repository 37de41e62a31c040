"""Notices about keys: each one sent once, in the direct channel, in spite of failures."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from keys import audit, key_format, lifecycle, membership, policies, usage
from keys.background import BackgroundTask
from keys.models import ApiKey, AuditEvent, Member
from keys.signals import audit_event_recorded
from pumble_bridge import installations
from pumble_bridge.chat import notices
from pumble_bridge.chat.blocks import Element
from pumble_bridge.chat.notices import sender, texts
from pumble_bridge.models import Installation, Notice
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.received import DAY, START, actor_for, direct_messages, member, messages_to, new_key
from tests.queries import before_query

pytestmark = pytest.mark.django_db(transaction=True)

POSTING = "POST /v1/channels/*/messages"
Reason = ApiKey.RevokeReason


def at(now: datetime) -> None:
    """What maintenance does for notices at that time."""
    notices.enqueue_missed(now)
    notices.enqueue_due(now)
    notices.send_queued(now)


def revoke(key: ApiKey, by: Person, *, note: str = "", now: datetime = START) -> None:
    lifecycle.revoke(key=key, by=actor_for(by), reason=Reason.BY_ADMINISTRATOR, note=note, now=now)


def use(key: ApiKey, address: str, *, now: datetime = START, outcome: str = usage.OK) -> None:
    one = usage.CallRecord(key.pk, now, "myInfo", outcome, 200, 5, "r-1", address, "curl/8")
    usage.recorder.record(one)
    usage.recorder.flush()


class TestAKeyThatExpires:
    def test_is_announced_seven_days_and_one_day_ahead_and_when_it_did(self, ana: Person) -> None:
        new_key(ana, "nightly", lives=90 * DAY)

        counts = []
        for day in (82.9, 83, 84, 88, 89, 89.5, 90, 91, 96):
            at(START + day * DAY)
            counts.append(len(messages_to(ana)))

        assert counts == [0, 1, 1, 1, 2, 2, 3, 3, 3]
        soon, sooner, over = messages_to(ana)
        assert "“nightly” expires in 7 days, on 30 May" in soon
        assert "“nightly” expires in 1 day, on 30 May" in sooner
        assert "“nightly” expired on 30 May" in over

    def test_says_what_to_do(self, ana: Person, settings: Settings) -> None:
        new_key(ana, lives=30 * DAY)

        at(START + 25 * DAY)

        (message,) = direct_messages(ana)
        assert "/api-keys renew " in message["text"]
        assert f"Open the portal: {settings.PUBLIC_URL}/" in message["text"]
        (link,) = message["blocks"][0]["elements"][-1]["elements"]
        assert (link["type"], link["text"]) == ("link", "Open the portal")
        assert link["url"].startswith(f"{settings.PUBLIC_URL}/")

    @pytest.mark.parametrize(
        ("lives", "before_the_end"),
        [(DAY, []), (2 * DAY, [1]), (7 * DAY, [1]), (13 * DAY, [1]), (14 * DAY, [1, 7])],
        ids=str,
    )
    def test_is_announced_in_the_second_half_of_its_life_only(
        self, ana: Person, lives: timedelta, before_the_end: list[int]
    ) -> None:
        key, _plaintext = new_key(ana, lives=lives)
        assert key.expires_at is not None

        told_at = []
        for days in range(14, 0, -1):
            if key.expires_at - days * DAY >= START:
                before = len(messages_to(ana))
                at(key.expires_at - days * DAY)
                told_at += [days] * (len(messages_to(ana)) - before)

        assert sorted(told_at) == before_the_end

    def test_is_announced_once_if_maintenance_missed_both_days(self, ana: Person) -> None:
        new_key(ana, lives=90 * DAY)

        at(START + 89.5 * DAY)

        assert len(messages_to(ana)) == 1

    def test_is_announced_again_for_a_new_expiry(self, ana: Person) -> None:
        key, _plaintext = new_key(ana, lives=90 * DAY)
        at(START + 84 * DAY)
        sooner = replace(key.rights, expires_at=START + 88 * DAY)

        lifecycle.narrow(key=key, rights=sooner, by=actor_for(ana), now=START + 84 * DAY)
        at(START + 87.5 * DAY)

        assert "expires in 1 day, on 28 May" in messages_to(ana)[-1]

    def test_causes_no_notice_if_revoked_disabled_replaced_or_not_delivered(self, ana: Person) -> None:
        revoked, _ = new_key(ana, "revoked", lives=30 * DAY)
        disabled, _ = new_key(ana, "disabled", lives=30 * DAY)
        replaced, _ = new_key(ana, "replaced", lives=30 * DAY)
        lifecycle.issue(
            owner=member(ana), name="pending", by=audit.OPERATOR, now=START, expires_at=START + 30 * DAY
        )
        lifecycle.revoke(key=revoked, by=actor_for(ana), reason=Reason.BY_HOLDER, now=START)
        lifecycle.disable(key=disabled, by=actor_for(ana), now=START)
        later = START + 29 * DAY
        successor, _ = lifecycle.rotate(key=replaced, grace=timedelta(0), by=actor_for(ana), now=later)
        lifecycle.confirm(key=successor, by=actor_for(ana), now=later)

        at(later)
        at(START + 29.5 * DAY)

        assert messages_to(ana) == []

    def test_causes_no_notice_while_its_owner_does_not_authorize_the_app(self, ben: Person) -> None:
        new_key(ben, lives=30 * DAY)
        membership.suspend_authorization(member=member(ben), by=audit.PUMBLE, now=START)

        at(START + 25 * DAY)
        at(START + 31 * DAY)

        assert set(Notice.objects.values_list("kind", flat=True)) == {Notice.Kind.REJECTED}

    def test_long_ago_is_not_news(self, ana: Person) -> None:
        new_key(ana, lives=DAY)

        at(START + 60 * DAY)

        assert messages_to(ana) == []


class TestAKeyThatAnotherMemberStopped:
    def test_causes_a_notice_with_actor_and_reason(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben, "deploy")

        revoke(key, ana, note="the build server was sold")
        notices.send_queued(START)

        (received,) = messages_to(ben)
        assert "Ana Kovač revoked your API key “deploy”" in received
        assert "“the build server was sold”" in received
        assert messages_to(ana) == []

    def test_by_the_operator_causes_a_notice(self, ben: Person) -> None:
        key, _plaintext = new_key(ben)

        lifecycle.revoke(key=key, by=audit.OPERATOR, reason=Reason.BY_OPERATOR, now=START)
        notices.send_queued(START)

        assert "The operator of the API app revoked your API key “ci”" in messages_to(ben)[0]
        assert "No reason was given" in messages_to(ben)[0]

    def test_by_disabling_it_names_whom_to_ask(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben)

        lifecycle.disable(key=key, by=actor_for(ana), note="being looked into", now=START)
        notices.send_queued(START)

        assert "Ana Kovač disabled your API key “ci”" in messages_to(ben)[0]
        assert "“being looked into”" in messages_to(ben)[0]
        assert "administrator" in messages_to(ben)[0]

    def test_causes_one_notice_if_its_predecessor_is_changed_too(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        successor, _ = lifecycle.rotate(key=key, grace=timedelta(days=7), by=actor_for(ben), now=START)
        lifecycle.confirm(key=successor, by=actor_for(ben), now=START)

        revoke(successor, ana)
        notices.send_queued(START)

        assert len(messages_to(ben)) == 1

    def test_causes_no_notice_if_its_owner_did_it_or_left(self, ana: Person, ben: Person) -> None:
        own, _plaintext = new_key(ben, "own")
        new_key(ben, "other")
        lifecycle.disable(key=own, by=actor_for(ben), now=START)
        lifecycle.revoke(key=own, by=actor_for(ben), reason=Reason.BY_HOLDER, now=START)
        installations.revoke_authorization(member(ben), by=audit.PUMBLE, now=START)

        at(START)

        assert (messages_to(ana), messages_to(ben)) == ([], [])

    def test_cannot_mention_anyone_nor_show_a_key_by_name_or_reason(self, ana: Person, ben: Person) -> None:
        key, plaintext = new_key(ben, f"<<@{ana.id}>>")

        revoke(key, ana, note=f"<<@{ana.id}>> {plaintext.text}")
        notices.send_queued(START)

        (received,) = messages_to(ben)
        assert "<<" not in received
        assert not key_format.contains_key_pattern(received)


class TestANonCompliantKey:
    def overtake(self, key: ApiKey, person: Person, **terms: Any) -> None:
        workspace = key.owner.workspace
        assert workspace is not None
        by, wanted = actor_for(person), policies.PolicyValues(**terms)
        revision = policies.change_policy(workspace=workspace, values=wanted, by=by, now=START).revision
        lifecycle.enforce_policy(key=key, revision=revision, by=by, now=START)

    def test_that_was_narrowed_causes_a_notice_with_rights_and_reason(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben, "deploy")

        self.overtake(key, ana, allowed_scopes=["messages:read"], max_lifetime=30 * DAY)
        notices.send_queued(START)

        (received,) = messages_to(ben)
        assert "Ana Kovač reduced the permissions of your API key “deploy”" in received
        assert "channels:write" in received
        assert "it expires more than 30 days from now" in received
        assert "It now has these permissions: Can read messages until 31 March" in received
        assert messages_to(ana) == []

    def test_that_was_disabled_causes_a_notice_with_what_to_do(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben, "deploy")

        self.overtake(key, ana, addresses_required=True)
        notices.send_queued(START)

        (received,) = messages_to(ben)
        assert "Ana Kovač disabled your API key “deploy”" in received
        assert "it may be used from every address" in received
        assert "Reduce its permissions until it complies" in received

    def test_causes_one_notice_if_its_predecessor_is_changed_too(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        successor, _ = lifecycle.rotate(key=key, grace=7 * DAY, by=actor_for(ben), now=START)
        lifecycle.confirm(key=successor, by=actor_for(ben), now=START)

        self.overtake(successor, ana, allows_no_expiry=False)
        notices.send_queued(START)

        assert len(messages_to(ben)) == 1


class TestAnUnusedKey:
    @pytest.fixture(autouse=True)
    def ten_days(self, ana: Person) -> None:
        workspace = member(ana).workspace
        assert workspace is not None
        terms = policies.PolicyValues(idle_days=10)
        policies.change_policy(workspace=workspace, values=terms, by=actor_for(ana), now=START)

    def test_causes_notices_three_days_before_and_when_it_is_disabled(self, ben: Person) -> None:
        new_key(ben, "deploy")

        at(START + 6.9 * DAY)
        assert messages_to(ben) == []
        at(START + 7 * DAY)
        at(START + 8 * DAY)
        lifecycle.disable_idle(now=START + 10 * DAY)
        notices.send_queued(START + 10 * DAY)

        before, after = messages_to(ben)
        assert "Your API key “deploy” has not been used for 7 days. It will be disabled on 11 March" in before
        assert "“deploy” was disabled because it had not been used for a long time" in after
        assert "enable it" in after

    def test_that_an_owner_disabled_causes_a_notice_with_the_actor(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben, "deploy")
        revision = policies.get_policy(key.owner.workspace).revision

        lifecycle.enforce_policy(key=key, revision=revision, by=actor_for(ana), now=START + 10 * DAY)
        notices.send_queued(START + 10 * DAY)

        (received,) = messages_to(ben)
        assert "Ana Kovač disabled your API key “deploy” because it had not been used" in received
        assert "enable it" in received

    def test_causes_no_notice_after_use(self, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        notices.enqueue_due(START + 7 * DAY)

        use(key, "198.51.100.7", now=START + 7 * DAY)
        notices.send_queued(START + 7 * DAY)

        assert messages_to(ben) == []

    def test_causes_no_notice_without_that_policy(self, ana: Person, ben: Person) -> None:
        new_key(ben)
        notices.enqueue_due(START + 7 * DAY)
        workspace = member(ana).workspace
        assert workspace is not None

        policies.change_policy(
            workspace=workspace, values=policies.PolicyValues(), by=actor_for(ana), now=START + 7 * DAY
        )
        notices.send_queued(START + 7 * DAY)

        assert messages_to(ben) == []


class TestANewNetwork:
    def test_causes_a_notice_at_the_first_call_from_it(self, ben: Person) -> None:
        key, _plaintext = new_key(ben, "deploy")

        for address in ("198.51.100.7", "198.51.100.200", "203.0.113.9", "203.0.113.10", "198.51.100.7"):
            use(key, address)
        notices.send_queued(START)

        (received,) = messages_to(ben)
        assert "“deploy” was used from a new network: 203.0.113.0/24" in received
        assert "revoke it at once" in received

    def test_is_as_wide_as_a_site_in_ipv6(self, ben: Person) -> None:
        key, _plaintext = new_key(ben)

        for address in ("2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1"):
            use(key, address)
        notices.send_queued(START)

        (received,) = messages_to(ben)
        assert "2001:db8:2::/48" in received

    def test_causes_no_notice_for_a_refused_call(self, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        use(key, "198.51.100.7")

        use(key, "203.0.113.9", outcome="ip_not_allowed")
        notices.send_queued(START)

        assert messages_to(ben) == []

    def test_is_in_the_audit(self, ben: Person) -> None:
        key, _plaintext = new_key(ben)

        use(key, "198.51.100.7")
        use(key, "203.0.113.9")

        event = AuditEvent.objects.get(type="key.used_elsewhere")
        assert (event.key, event.address, event.request_id) == (key, "203.0.113.9", "r-1")


class TestAKeyThatRotatedItself:
    @pytest.mark.parametrize("confirmed_by_use", [False, True])
    def test_causes_a_notice_with_the_address(self, ben: Person, confirmed_by_use: bool) -> None:
        key, _plaintext = new_key(ben, "deploy")
        itself = audit.Actor(member(ben), audit.Surface.API, "198.51.100.7", key=key)
        successor, _ = lifecycle.rotate(key=key, grace=DAY, by=itself, now=START)
        by = audit.Actor(None, audit.Surface.API, "203.0.113.9") if confirmed_by_use else itself
        lifecycle.confirm(key=successor, by=by, now=START)

        at(START)
        at(START + DAY)

        (received,) = messages_to(ben)
        assert "“deploy” rotated itself from 198.51.100.7" in received
        assert f"The new key is {successor.key_id}" in received
        assert "revoke it at once" in received

    def test_causes_no_notice_if_a_person_rotated_it_or_it_was_not_delivered(self, ben: Person) -> None:
        key, _plaintext = new_key(ben, "deploy")
        successor, _ = lifecycle.rotate(key=key, grace=DAY, by=actor_for(ben), now=START)
        lifecycle.confirm(key=successor, by=actor_for(ben), now=START)
        other, _plaintext = new_key(ben, "other")
        lifecycle.rotate(key=other, grace=DAY, by=replace(actor_for(ben), key=other), now=START)

        at(START)

        assert messages_to(ben) == []


class TestADeactivatedMember:
    def leave(self, person: Person) -> None:
        gone = member(person)
        assert gone.workspace is not None
        profile = membership.Profile(person.id, person.name, person.email, gone.role, is_active=False)
        membership.record_profile(workspace=gone.workspace, profile=profile, by=audit.PUMBLE, now=START)

    def test_causes_a_notice_to_the_owners_with_keys_and_last_use(self, ana: Person, ben: Person) -> None:
        used, _ = new_key(ben, "nightly")
        new_key(ben, "spare")
        use(used, "198.51.100.7", now=START - 3 * DAY)

        self.leave(ben)
        notices.send_queued(START)

        (received,) = messages_to(ana)
        assert "Ben Okafor was deactivated in Pumble, so their 2 API keys no longer work" in received
        assert f"• nightly · {used.masked} · last used 26 February 2027" in received
        assert "• spare · " in received
        assert "never used" in received
        assert messages_to(ben) == []

    def test_can_have_more_keys_than_a_notice_names(self, ana: Person, ben: Person) -> None:
        for number in range(22):
            new_key(ben, f"key-{number}")

        self.leave(ben)
        notices.send_queued(START)

        (received,) = messages_to(ana)
        assert "their 22 API keys no longer work" in received
        assert (received.count("• key-"), "and 2 more." in received) == (20, True)

    def test_without_keys_causes_no_notice(self, ana: Person, ben: Person) -> None:
        self.leave(ben)
        at(START)

        assert messages_to(ana) == []


class TestTheMessage:
    def test_speaks_the_language_of_its_reader(self, ana: Person, ben: Person) -> None:
        for person, language in ((ana, "es"), (ben, "")):
            membership.set_language(member(person), language)
            new_key(person, lives=30 * DAY)

        at(START + 25 * DAY)

        assert "30 de marzo" in messages_to(ana)[0] or "31 de marzo" in messages_to(ana)[0]
        assert "31 March" in messages_to(ben)[0]

    def test_opens_a_direct_channel_if_there_is_none(self, ana: Person, ben: Person) -> None:
        revoke(new_key(ben)[0], ana)
        pumble.faults({"match": "GET /v1/channels/direct", "do": "status:404", "times": 1})

        notices.send_queued(START)

        assert len(messages_to(ben)) == 1
        assert ("POST", "/v1/channels/direct") in [(one["method"], one["url"]) for one in pumble.api_calls()]

    def test_is_dropped_if_app_or_member_are_gone(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        revoke(key, ana)
        Member.objects.filter(pumble_user_id=ben.id).update(is_active=False)

        notices.send_queued(START)

        assert messages_to(ben) == []
        assert Notice.objects.get().state == "DROPPED"

    def test_is_not_sent_when_it_is_no_longer_true(self, ana: Person, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        lifecycle.disable(key=key, by=actor_for(ana), now=START)
        lifecycle.enable(key=key, by=actor_for(ana), now=START)

        notices.send_queued(START)

        assert messages_to(ben) == []


class TestEachFactOnce:
    def test_also_with_several_maintenance_runs_at_once(self, ana: Person, ben: Person) -> None:
        for number in range(3):
            revoke(new_key(ben, f"key-{number}")[0], ana, note=f"reason {number}")
            new_key(ana, f"key-{number}", lives=30 * DAY)
        together = threading.Barrier(4)

        def run(_number: int) -> None:
            together.wait(10)
            at(START + 6 * DAY)
            at(START + 25 * DAY)
            connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(run, range(4)))

        for reader in (ana, ben):
            told = " ".join(messages_to(reader))
            assert [told.count(f"key-{number}") for number in range(3)] == [1, 1, 1]

    @pytest.mark.parametrize(
        "moment",
        [r'FROM "pumble_bridge_notice" .*JOIN', r'^UPDATE "pumble_bridge_notice" SET .*"tried_at"'],
        ids=["looked up", "marked"],
    )
    def test_also_if_another_process_took_it_earlier(self, ana: Person, ben: Person, moment: str) -> None:
        revoke(new_key(ben)[0], ana)

        with before_query(moment, lambda: Notice.objects.update(state=Notice.State.SENDING)):
            assert notices.send_queued(START) == 0

        assert messages_to(ben) == []

    @pytest.mark.parametrize("fault", ["rate_limit:7", "status:403"])
    def test_is_sent_later_if_nothing_was_sent(self, ana: Person, ben: Person, fault: str) -> None:
        key, _plaintext = new_key(ben)
        revoke(key, ana)
        pumble.faults({"match": POSTING, "do": fault, "times": 1})

        notices.send_queued(START)
        assert messages_to(ben) == []
        notices.send_queued(START, fresh_only=True)
        assert messages_to(ben) == []
        notices.send_queued(START)
        notices.send_queued(START)

        assert len(messages_to(ben)) == 1

    @pytest.mark.parametrize("fault", ["drop", "status:403", "status:500"])
    def test_is_sent_later_if_the_direct_channel_was_not_found(
        self, ana: Person, ben: Person, fault: str
    ) -> None:
        key, _plaintext = new_key(ben)
        revoke(key, ana)
        pumble.faults({"match": "GET /v1/channels/direct", "do": fault, "times": 1})

        notices.send_queued(START)
        notices.send_queued(START)

        assert len(messages_to(ben)) == 1

    @pytest.mark.parametrize(("fault", "arrived"), [("lose", 1), ("truncate", 1), ("drop", 0)])
    def test_is_not_repeated_if_it_may_have_arrived(
        self, ana: Person, ben: Person, fault: str, arrived: int
    ) -> None:
        key, _plaintext = new_key(ben)
        revoke(key, ana)
        pumble.faults({"match": POSTING, "do": fault, "times": 1})

        for _ in range(3):
            at(START)
            notices.reconcile(START)

        assert len(messages_to(ben)) == arrived

    @pytest.mark.parametrize("fault", ["lose", "truncate", "drop", "status:500"])
    def test_is_sent_again_if_it_did_not_arrive(self, ana: Person, ben: Person, fault: str) -> None:
        for name in ("one", "two"):
            revoke(new_key(ben, name)[0], ana, note=name)
        pumble.faults({"match": POSTING, "do": fault, "times": 1})
        notices.send_queued(START)

        for minutes in (3, 6, 9):
            later = START + timedelta(minutes=minutes)
            notices.reconcile(later)
            notices.send_queued(later)

        assert sorted(text.split("”")[0] for text in messages_to(ben)) == [
            "Ana Kovač revoked your API key “one",
            "Ana Kovač revoked your API key “two",
        ]

    def test_stays_unsettled_while_pumble_cannot_be_asked(self, ana: Person, ben: Person) -> None:
        revoke(new_key(ben)[0], ana)
        pumble.faults({"match": POSTING, "do": "lose", "times": 1})
        notices.send_queued(START)
        pumble.faults({"match": "GET /v1/channels/*/messages", "do": "garbage", "times": 1})

        later = START + timedelta(minutes=3)
        assert (notices.reconcile(later), notices.send_queued(later)) == (0, 0)
        assert (notices.reconcile(later), notices.send_queued(later)) == (1, 0)
        assert len(messages_to(ben)) == 1

    def test_stays_uncertain_if_the_app_is_gone(self, ana: Person, ben: Person) -> None:
        revoke(new_key(ben)[0], ana)
        pumble.faults({"match": POSTING, "do": "lose", "times": 1})
        notices.send_queued(START)
        Installation.objects.all().delete()

        assert notices.reconcile(START + timedelta(minutes=3)) == 0
        assert Notice.objects.get().state == "SENDING"

    def test_stays_uncertain_after_too_many_later_messages(
        self, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "_MAX_CHECKED_MESSAGES", 1)
        pumble.faults({"match": POSTING, "do": "lose", "times": 1})
        now = timezone.now()
        for name in ("one", "two"):
            revoke(new_key(ben, name, now=now)[0], ana, now=now)
            notices.send_queued(now)

        later = now + timedelta(minutes=3)
        assert (notices.reconcile(later), notices.send_queued(later)) == (0, 0)

        assert len(messages_to(ben)) == 2

    def test_is_sent_again_also_if_the_channel_has_many_older_messages(
        self, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "_MAX_CHECKED_MESSAGES", 1)
        for name in ("one", "two"):
            revoke(new_key(ben, name)[0], ana, note=name)
        assert notices.send_queued(START) == 2
        revoke(new_key(ben, "three")[0], ana)
        pumble.faults({"match": POSTING, "do": "drop", "times": 1})
        notices.send_queued(START)  # long after the time of the local Pumble

        later = START + timedelta(minutes=3)
        assert (notices.reconcile(later), notices.send_queued(later)) == (1, 1)

        assert len(messages_to(ben)) == 3

    def test_does_not_block_others_if_its_channel_cannot_be_read(self, ana: Person, ben: Person) -> None:
        pumble.faults({"match": POSTING, "do": "lose", "times": 1})
        revoke(new_key(ben)[0], ana)
        notices.send_queued(START)
        pumble.faults({"match": POSTING, "do": "lose", "times": 1})
        lifecycle.revoke(key=new_key(ana)[0], by=actor_for(ben), reason=Reason.BY_OPERATOR, now=START)
        notices.send_queued(START)
        pumble.faults({"match": "GET /v1/channels/*/messages", "do": "status:403", "times": 1})

        assert notices.reconcile(START + timedelta(minutes=3)) == 1
        assert sorted(Notice.objects.values_list("state", flat=True)) == ["SENDING", "SENT"]

    def test_does_not_block_others_if_its_text_fails(
        self, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch, log_lines: io.StringIO
    ) -> None:
        for name in ("bad", "good"):
            revoke(new_key(ben, name)[0], ana)
        write = texts._parts

        def write_but_one(notice: Notice, now: datetime) -> list[Element]:
            if notice.key is not None and notice.key.name == "bad":
                raise RuntimeError("out of words")
            return write(notice, now)

        with monkeypatch.context() as broken:
            broken.setattr(texts, "_parts", write_but_one)
            assert notices.send_queued(START) == 1
        assert "notice.failed" in log_lines.getvalue()

        assert notices.send_queued(START) == 1
        assert len(messages_to(ben)) == 2

    def test_waits_if_the_run_is_stopped(self, ana: Person, ben: Person) -> None:
        revoke(new_key(ben)[0], ana)

        assert notices.send_queued(START, stop=lambda: True) == 0
        assert notices.send_queued(START) == 1

    def test_does_not_block_others_if_it_cannot_be_sent(self, ana: Person, ben: Person) -> None:
        revoke(new_key(ben, "first")[0], ana)
        lifecycle.revoke(
            key=new_key(ana, "second")[0], by=actor_for(ben), reason=Reason.BY_OPERATOR, now=START
        )
        pumble.faults({"match": POSTING, "do": "rate_limit:1", "times": 1})

        notices.send_queued(START)
        pumble.faults({"match": POSTING, "do": "status:403", "times": 1})
        notices.send_queued(START)

        assert (len(messages_to(ana)), len(messages_to(ben))) in {(0, 1), (1, 0)}
        assert Notice.objects.filter(state="QUEUED").count() == 1

    def test_is_given_up_after_a_week(self, ana: Person, ben: Person) -> None:
        revoke(new_key(ben)[0], ana)

        notices.send_queued(START + 8 * DAY)

        assert messages_to(ben) == []
        assert Notice.objects.get().state == "DROPPED"

    def test_is_added_after_a_crash_between_change_and_notice(
        self, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key, _plaintext = new_key(ben)
        with monkeypatch.context() as crashed:
            crashed.setattr(audit_event_recorded, "send_robust", lambda **_signal: [])
            revoke(key, ana)
        assert not Notice.objects.exists()

        at(START + 3 * DAY)
        at(START + 4 * DAY)

        assert len(messages_to(ben)) == 1


class TestTheBackground:
    @pytest.fixture
    def worker(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[BackgroundTask]:
        settings.SEND_NOTICES_IN_BACKGROUND = True
        worker = BackgroundTask("notices", sender._send_fresh, on_stop=sender._send_fresh)
        monkeypatch.setattr(sender, "worker", worker)
        yield worker
        worker.stop()

    def test_sends_soon_and_delays_no_caller(
        self, ana: Person, ben: Person, worker: BackgroundTask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent, send = threading.Event(), sender.send_queued

        def note(now: datetime, **how: Any) -> int:
            number = send(now, **how)
            sent.set()
            return number

        monkeypatch.setattr(sender, "send_queued", note)
        pumble.faults({"match": POSTING, "do": "delay:1", "times": 1})
        key, _plaintext = new_key(ben, now=timezone.now())

        revoke(key, ana, now=timezone.now())

        assert messages_to(ben) == []
        assert sent.wait(10)
        assert len(messages_to(ben)) == 1

    def test_still_sends_what_was_queued_when_its_process_ends(
        self, ana: Person, ben: Person, worker: BackgroundTask
    ) -> None:
        key, _plaintext = new_key(ben, now=timezone.now())

        revoke(key, ana, now=timezone.now())
        worker.stop()

        assert len(messages_to(ben)) == 1
        assert Notice.objects.get().state == "SENT"

    def test_continues_after_a_failure(
        self,
        ana: Person,
        ben: Person,
        worker: BackgroundTask,
        monkeypatch: pytest.MonkeyPatch,
        log_lines: io.StringIO,
    ) -> None:
        failed, sent, send = threading.Event(), threading.Event(), sender.send_queued

        def fail_once(now: datetime, **how: Any) -> int:
            if not failed.is_set():
                failed.set()
                raise RuntimeError("out of order")
            number = send(now, **how)
            sent.set()
            return number

        monkeypatch.setattr(sender, "send_queued", fail_once)
        revoke(new_key(ben, "one", now=timezone.now())[0], ana, now=timezone.now())
        assert failed.wait(10)
        revoke(new_key(ben, "two", now=timezone.now())[0], ana, now=timezone.now())
        assert sent.wait(10)

        assert "• one" in messages_to(ben)[0]
        assert "• two" in messages_to(ben)[0]
        assert "notices.failed" in log_lines.getvalue()
