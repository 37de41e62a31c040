"""Events about users who joined, changed or left, and invalid events."""

import io
import json
import time
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.utils import timezone

from keys.exceptions import OwnerNotAuthorized
from keys.models import ApiKey, AuditEvent, Member
from pumble_bridge.chat import notices
from pumble_bridge.models import Authorization
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.hooks import raw, send
from tests.pumble_bridge.received import member, messages_to, new_key

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ["WORKSPACE_USER_UPDATED", "WORKSPACE_USER_JOINED"]


def changed(person: Person, *, kind: str = "WORKSPACE_USER_UPDATED", **body: Any) -> dict[str, Any]:
    """The event about that person as Pumble sends it."""
    inner = {
        "wId": person.workspace_id,
        "uId": person.id,
        "uN": person.name,
        "uE": person.email,
        "st": "ACTIVATED",
        "ro": "ADMINISTRATOR",
        "ty": kind,
    }
    return {
        "messageType": "PUMBLE_EVENT",
        "eventType": kind,
        "workspaceId": person.workspace_id,
        "workspaceUserIds": [],
        "body": json.dumps(inner | body),
    }


def call(portal: str, key: str) -> tuple[int, str]:
    answer = requests.get(f"{portal}/myInfo", headers={"ApiKey": key}, timeout=10)
    return answer.status_code, answer.json().get("reason", "")


def until_deactivated() -> None:
    """Events come in their own time."""
    until = time.monotonic() + 10
    while not AuditEvent.objects.filter(type="member.deactivated").exists():
        assert time.monotonic() < until, "no event reached the portal"
        time.sleep(0.05)


def until_told(person: Person) -> str:
    """Return the bot's first message to the person. A notice is queued right after the change was committed."""
    until = time.monotonic() + 10
    while not (told := messages_to(person)):
        assert time.monotonic() < until, "no notice arrived"
        notices.send_queued(timezone.now())
    return told[0]


class TestAMemberWhoWasDeactivated:
    def test_has_no_working_key_from_then_on_and_none_comes_back(self, portal: str, ben: Person) -> None:
        key, plaintext = new_key(ben, now=timezone.now())
        assert call(portal, plaintext.text)[0] == 200

        send(portal, raw(changed(ben, st="DEACTIVATED")))
        assert call(portal, plaintext.text) == (403, "key_revoked")
        send(portal, raw(changed(ben, st="ACTIVATED")))
        assert call(portal, plaintext.text) == (403, "key_revoked")

        key.refresh_from_db()
        assert key.revoked_reason == "DEACTIVATED"
        assert list(
            AuditEvent.objects.filter(member=key.owner, type__startswith="member.")
            .exclude(type="member.authorized")
            .order_by("pk")
            .values_list("type", flat=True)
        ) == ["member.deactivated", "member.reactivated"]

    def test_in_pumble_causes_a_notice_to_the_owner(self, portal: str, ana: Person, ben: Person) -> None:
        new_key(ben, "nightly", now=timezone.now())

        pumble.act("deactivate", userId=ben.id)

        until_deactivated()
        assert "nightly" in until_told(ana)

    def test_said_again_changes_nothing(self, portal: str, ana: Person, ben: Person) -> None:
        new_key(ben, now=timezone.now())

        for number in range(3):
            send(portal, raw(changed(ben, st="DEACTIVATED", rid=f"r-{number}")))
        notices.send_queued(timezone.now())

        assert AuditEvent.objects.filter(type="member.deactivated").count() == 1
        assert len(messages_to(ana)) == 1

    def test_while_the_portal_was_down_is_found_by_the_seed(self, portal: str, ben: Person) -> None:
        pumble.act("deactivate", userId=ben.id)
        until_deactivated()
        Member.objects.filter(pumble_user_id=ben.id).update(is_active=True, authorized_at=timezone.now())
        key, _plaintext = new_key(ben, now=timezone.now())

        call_command("seed", stdout=io.StringIO())

        key.refresh_from_db()
        assert (key.revoked_reason, member(ben).is_active) == ("DEACTIVATED", False)

    def test_can_have_new_keys_after_returning_and_authorizing_again(self, portal: str, ben: Person) -> None:
        send(portal, raw(changed(ben, st="DEACTIVATED")))
        assert not Authorization.objects.filter(member=member(ben)).exists()  # no token is kept of who left
        send(portal, raw(changed(ben, kind="WORKSPACE_USER_JOINED")))
        with pytest.raises(OwnerNotAuthorized):
            new_key(ben, now=timezone.now())

        call_command("seed", stdout=io.StringIO())
        _key, plaintext = new_key(ben, now=timezone.now())

        assert call(portal, plaintext.text)[0] == 200

    def test_is_not_signed_in_after_coming_back(self, portal: str, ben: Person) -> None:
        before = member(ben).get_session_auth_hash()

        send(portal, raw(changed(ben, st="DEACTIVATED")))
        send(portal, raw(changed(ben)))

        assert member(ben).get_session_auth_hash() != before


class TestAMemberWhoChanged:
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_updated(self, portal: str, ben: Person, kind: str) -> None:
        send(portal, raw(changed(ben, kind=kind, uN="Benjamin", uE="benjamin@acme.test", ro="USER")))

        now = member(ben)
        assert (now.name, now.email, now.role) == ("Benjamin", "benjamin@acme.test", "USER")
        assert not now.is_staff

    @pytest.mark.parametrize("kind", KINDS)
    def test_keeps_what_the_event_does_not_say(self, portal: str, ben: Person, kind: str) -> None:
        before = member(ben)

        send(portal, raw(changed(ben, kind=kind, uN=None, uE="", ro="", st=None)))

        after = member(ben)
        assert (after.name, after.email, after.role, after.is_active) == (
            before.name,
            before.email,
            before.role,
            True,
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_that_is_unknown_is_not_stored(self, portal: str, ben: Person, kind: str) -> None:
        before = Member.objects.count()

        assert send(portal, raw(changed(ben, kind=kind, uId="f" * 24))).status_code == 200

        assert Member.objects.count() == before


class TestAnEventThatMakesNoSense:
    @pytest.mark.parametrize("kind", [*KINDS, "NEW_MESSAGE", "UPDATED_MESSAGE"])
    @pytest.mark.parametrize(
        "wrong",
        [
            {"uId": None, "mId": None},
            {"uId": 7, "mId": 7},
            {"uId": ["x"], "mId": {"x": "y"}},
            {"uN": 5, "tx": 5},
            {"ro": {}, "tx": []},
            {"st": False, "tx": {"a": 1}},
            {"wId": "f" * 24, "mId": "m" * 100},
            {"wId": None, "mId": "m" * 100},
        ],
        ids=str,
    )
    def test_is_acknowledged_changes_nothing_and_has_its_reason_in_the_log(
        self, portal: str, ben: Person, log_lines: io.StringIO, kind: str, wrong: dict[str, Any]
    ) -> None:
        before = Member.objects.filter(pumble_user_id=ben.id).values().get()

        fields = {"uN": "Somebody", "mId": "m", "tx": "x"} | wrong

        answer = send(portal, raw(changed(ben, kind=kind, **fields)))

        assert (answer.status_code, answer.text) == (200, "{}")
        assert Member.objects.filter(pumble_user_id=ben.id).values().get() == before
        assert "event.ignored" in log_lines.getvalue()
        assert "reason=" in log_lines.getvalue()

    @pytest.mark.parametrize("kind", [*KINDS, "NEW_MESSAGE", "SOMETHING_NEW", "APP_UNAUTHORIZED"])
    def test_of_an_unknown_workspace_too(
        self, portal: str, ben: Person, log_lines: io.StringIO, kind: str
    ) -> None:
        _key, plaintext = new_key(ben)

        answer = send(
            portal, raw(changed(ben, kind=kind, mId="m", tx=plaintext.text) | {"workspaceId": "f" * 24})
        )

        assert answer.status_code == 200
        assert ApiKey.objects.get().revoked_at is None
        assert not AuditEvent.objects.filter(type="key.leaked").exists()
        assert "reason='unknown workspace'" in log_lines.getvalue()

    @pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"a":', "[" * 50_000, '{"uId":"\\ud800"}'])
    def test_or_is_no_json_is_refused(
        self, portal: str, ben: Person, log_lines: io.StringIO, body: str
    ) -> None:
        answer = send(portal, raw(changed(ben) | {"body": body}))

        assert answer.status_code == 400
        assert "hook.refused" in log_lines.getvalue()

    def test_or_holds_a_name_without_end_is_cut(self, portal: str, ben: Person) -> None:
        send(portal, raw(changed(ben, uN="x" * 500_000, uE="e" * 100_000, ro="R" * 10_000)))

        now = member(ben)
        assert (len(now.name), len(now.email), len(now.role)) == (200, 320, 32)
        assert not now.is_staff
