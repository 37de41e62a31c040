"""A key in a chat message: who gets a notice, what the buttons do, and that nothing of the message is stored."""

import io
import json
import time
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core import serializers
from django.utils import timezone

from keys import key_format, lifecycle, policies
from keys.audit import Actor, Surface
from keys.models import ApiKey, AuditEvent, Member
from pumble_bridge.chat import notices
from pumble_bridge.hooks import leak_detection, payloads
from pumble_bridge.hooks.leak_detection import LEAK_REVOKE, LEAK_TEST
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack
from pumble_bridge.models import AcceptedHook, Notice
from tests.pumble import Person
from tests.pumble_bridge.hooks import click, raw, send
from tests.pumble_bridge.received import START, actor_for, direct_messages, member, messages_to, new_key

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE_ID = "64a0000000000000000000d1"


def written(
    author: Person, text: str, *, kind: str = "NEW_MESSAGE", message_id: str = MESSAGE_ID, **changes: Any
) -> dict[str, Any]:
    """The event of a message as Pumble sends it."""
    body = {
        "mId": message_id,
        "wId": author.workspace_id,
        "cId": "64a0000000000000000000c1",
        "trId": "",
        "aId": author.id,
        "tx": text,
        "bl": [],
        "ty": kind,
        "att": [],
        "e": kind == "UPDATED_MESSAGE",
    } | changes.pop("body", {})
    return {
        "messageType": "PUMBLE_EVENT",
        "eventType": kind,
        "workspaceId": author.workspace_id,
        "workspaceUserIds": [author.id],
        "body": json.dumps(body),
    } | changes


def leaks() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type="key.leaked").select_related("key").order_by("pk"))


def tell() -> None:
    notices.send_queued(timezone.now())


class TestAKeyInAMessage:
    def test_is_told_to_its_holder_and_audited_for_the_owners(
        self, portal: str, ana: Person, ben: Person
    ) -> None:
        key, plaintext = new_key(ben, "deploy")

        answer = send(portal, raw(written(ana, f"use {plaintext.text}, it works")))
        tell()

        assert (answer.status_code, answer.text) == (200, "{}")
        (event,) = leaks()
        assert (event.key, event.surface, event.detail["message"]) == (key, "PUMBLE", MESSAGE_ID)
        assert (event.detail["channel"], event.detail["author"]) == ("64a0000000000000000000c1", ana.id)
        (message,) = direct_messages(ben)
        assert "“deploy” appeared in a chat message" in message["text"]
        assert [
            (button["text"]["text"], button["onAction"], button["style"])
            for button in message["blocks"][-1]["elements"]
        ] == [("Revoke now", LEAK_REVOKE, "danger"), ("It was a test", LEAK_TEST, "secondary")]
        assert messages_to(ana) == []

    def test_really_typed_into_a_channel_is_noticed(
        self, portal: str, ana: Person, ben: Person, general: str
    ) -> None:
        _key, plaintext = new_key(ben)

        ana.type(general, f"look: {plaintext.text}")

        until = time.monotonic() + 10
        while not leaks():
            assert time.monotonic() < until, "no event reached the portal"
            time.sleep(0.05)
        tell()
        assert len(messages_to(ben)) == 1

    @pytest.mark.parametrize(
        "place",
        [
            lambda key: {
                "tx": "",
                "bl": [{"type": "rich_text", "elements": [{"elements": [{"text": key}]}]}],
            },
            lambda key: {"tx": "", "att": [{"fields": [{"title": "token", "value": f"x{key}x"}]}]},
            lambda key: {"tx": f"https://x.test/?key={key}&a=b"},
            lambda key: {"tx": key, "bl": None, "att": "none"},
        ],
        ids=["blocks", "attachment", "address", "odd neighbours"],
    )
    def test_is_found_in_any_part_of_a_message(self, portal: str, ana: Person, place: Any) -> None:
        _key, plaintext = new_key(ana)

        send(portal, raw(written(ana, "", body=place(plaintext.text))))

        assert len(leaks()) == 1

    def test_causes_one_notice_for_repeated_events(self, portal: str, ana: Person) -> None:
        _key, plaintext = new_key(ana)
        hook = written(ana, plaintext.text, body={"rid": "r-1"})

        for body in (hook, hook, written(ana, plaintext.text, body={"rid": "r-2"})):
            assert send(portal, raw(body)).status_code == 200
        send(portal, raw(written(ana, f"{plaintext.text} again", kind="UPDATED_MESSAGE")))
        tell()

        assert (len(leaks()), len(messages_to(ana))) == (1, 1)

    def test_causes_a_notice_per_message_and_key(self, portal: str, ana: Person) -> None:
        first, second = new_key(ana, "first")[1].text, new_key(ana, "second")[1].text

        send(portal, raw(written(ana, f"{first} {second} {first}")))
        send(portal, raw(written(ana, first, message_id="64a0000000000000000000d2")))
        tell()

        assert [event.key.name for event in leaks() if event.key] == ["first", "second", "first"]
        assert len(messages_to(ana)) == 3

    def test_added_by_an_edit_is_found(self, portal: str, ana: Person) -> None:
        _key, plaintext = new_key(ana)
        send(portal, raw(written(ana, "no key yet")))

        send(portal, raw(written(ana, plaintext.text, kind="UPDATED_MESSAGE")))

        assert len(leaks()) == 1

    def test_names_the_channel_only_to_an_owner_in_it(self, portal: str, ana: Person, ben: Person) -> None:
        shown, hidden = new_key(ana)[1].text, new_key(ben)[1].text

        send(portal, raw(written(ana, f"{shown} {hidden}")))
        tell()

        assert "channel_id" in str(direct_messages(ana)[0]["blocks"])
        assert "channel_id" not in str(direct_messages(ben)[0]["blocks"])


class TestAWorkspaceThatSwitchedItOff:
    def test_gets_no_notice_until_it_is_on_again(self, portal: str, ana: Person, ben: Person) -> None:
        _key, plaintext = new_key(ben)
        workspace = member(ana).workspace
        assert workspace is not None

        for on, message_id in ((False, "64a0000000000000000000e1"), (True, "64a0000000000000000000e2")):
            terms = policies.PolicyValues(leak_detection_enabled=on)
            policies.change_policy(workspace=workspace, values=terms, by=actor_for(ana), now=START)
            send(portal, raw(written(ana, plaintext.text, message_id=message_id)))

        assert [leak.detail["message"] for leak in leaks()] == ["64a0000000000000000000e2"]


class TestAMessageWithoutALeak:
    def test_leaves_no_trace_where_it_has_no_key(self, portal: str, ana: Person) -> None:
        new_key(ana)

        for text in ("hello", "pmb_", "pmb_" + "a" * 12 + "_" + "b" * 38, "x" * 90_000):
            assert send(portal, raw(written(ana, text))).status_code == 200

        assert (leaks(), AcceptedHook.objects.count()) == ([], 0)

    def test_may_hold_a_key_that_nobody_issued_or_that_is_over(self, portal: str, ana: Person) -> None:
        key, over = new_key(ana)
        lifecycle.revoke(key=key, by=actor_for(ana), reason=ApiKey.RevokeReason.BY_HOLDER, now=START)

        send(portal, raw(written(ana, f"{key_format.generate().text} {over.text}")))

        assert leaks() == []

    def test_may_hold_the_id_of_a_key_with_another_secret(self, portal: str, ana: Person) -> None:
        key, _plaintext = new_key(ana)
        body = f"pmb_{key.key_id}_{'0' * 32}"
        forged = body + key_format._checksum(body)
        assert key_format.find_in(forged)

        send(portal, raw(written(ana, forged)))

        assert leaks() == []

    def test_may_come_from_another_workspace_than_the_key(
        self, portal: str, ana: Person, mallory: Member
    ) -> None:
        _key, plaintext = new_key(ana)
        assert mallory.workspace is not None
        elsewhere = mallory.workspace.pumble_id

        send(portal, raw(written(ana, plaintext.text, workspaceId=elsewhere)))
        send(portal, raw(written(ana, plaintext.text, workspaceId=elsewhere, body={"wId": elsewhere})))

        assert leaks() == []

    def test_is_answered_in_time_however_many_keys_are_invented(self, portal: str, ana: Person) -> None:
        _key, plaintext = new_key(ana)
        invented = " ".join(key_format.generate().text for _ in range(9_000))
        began = time.monotonic()

        answer = send(portal, raw(written(ana, f"{invented} {plaintext.text}")))

        assert (answer.status_code, len(leaks())) == (200, 1)
        assert time.monotonic() - began < 3

    def test_costs_few_comparisons_however_often_an_id_is_spelt_with_other_secrets(self, ana: Person) -> None:
        body = f"{key_format.PREFIX}_{'a' * key_format.ID_LENGTH}_"
        spelt = [body + f"{number:0{key_format.SECRET_LENGTH}}" for number in range(200)]
        message = written(ana, " ".join(one + key_format._checksum(one) for one in spelt))
        event = payloads.parse(raw(message))
        assert isinstance(event, payloads.Event)

        (spellings,) = leak_detection.find_keys(event).values()

        assert len(spellings) == 50


class TestNothingOfTheMessage:
    def test_is_stored_or_logged(self, portal: str, ana: Person, log_lines: io.StringIO) -> None:
        _key, plaintext = new_key(ana)

        send(portal, raw(written(ana, f"the secret plan {plaintext.text}")))
        tell()

        rows = [*AuditEvent.objects.all(), *Notice.objects.all(), *AcceptedHook.objects.all()]
        kept = serializers.serialize("json", rows) + log_lines.getvalue() + str(messages_to(ana))
        assert "secret plan" not in kept
        assert plaintext.text not in kept


class TestTheButtons:
    @pytest.fixture
    def value(self, portal: str, ana: Person, ben: Person) -> str:
        """What the buttons of a notice to Ben carry."""
        _key, plaintext = new_key(ben, "deploy")
        send(portal, raw(written(ana, plaintext.text)))
        tell()
        value: str = direct_messages(ben)[0]["blocks"][-1]["elements"][0]["value"]
        return value

    def press(self, who: Member, action: str, value: str) -> HookResponse:
        by = Actor(who, Surface.CHAT)
        return leak_detection.handle_action(who, action, value, by=by, now=START + timedelta(minutes=1))

    def test_revoke_stops_the_key_and_says_so(self, ben: Person, value: str) -> None:
        assert isinstance(self.press(member(ben), LEAK_REVOKE, value), Ack)
        tell()

        key = ApiKey.objects.get()
        assert (key.revoked_reason, key.revoked_by) == ("PASTED_IN_MESSAGE", member(ben))
        assert "Revoked “deploy”" in messages_to(ben)[-1]

    def test_are_clicked_below_the_notice(self, portal: str, ben: Person, value: str) -> None:
        answer = send(portal, raw(click(ben, LEAK_TEST, value, sourceType="MESSAGE")))

        assert (answer.status_code, answer.json()) == (200, {})
        assert AuditEvent.objects.get(type="key.leak_dismissed").surface == "CHAT"

    def test_test_leaves_the_key_and_notes_who_said_it(self, ben: Person, value: str) -> None:
        assert isinstance(self.press(member(ben), LEAK_TEST, value), Ack)
        tell()

        assert ApiKey.objects.get().revoked_at is None
        event = AuditEvent.objects.get(type="key.leak_dismissed")
        assert (event.actor, event.detail) == (member(ben), {"message": MESSAGE_ID})
        assert "“deploy” still works" in messages_to(ben)[-1]

    @pytest.mark.parametrize("action", [LEAK_REVOKE, LEAK_TEST])
    def test_change_nothing_when_pressed_again(self, ben: Person, value: str, action: str) -> None:
        for _ in range(3):
            assert isinstance(self.press(member(ben), action, value), Ack)
            tell()

        assert len(messages_to(ben)) == 2
        assert AuditEvent.objects.filter(type__in=["key.revoked", "key.leak_dismissed"]).count() == 1

    def test_of_an_administrator_work_and_the_holder_hears_of_it(
        self, ana: Person, ben: Person, value: str
    ) -> None:
        assert isinstance(self.press(member(ana), LEAK_REVOKE, value), Ack)
        tell()

        assert ApiKey.objects.get().revoked_at is not None
        assert "Ana Kovač" in messages_to(ben)[-1]

    def test_of_anybody_else_do_nothing(
        self, ben: Person, carla: Person, mallory: Member, value: str
    ) -> None:
        gone = member(ben)
        gone.is_active = False

        for stranger in (member(carla), mallory, gone):
            for action in (LEAK_REVOKE, LEAK_TEST):
                assert isinstance(self.press(stranger, action, value), Nack)

        assert ApiKey.objects.get().revoked_at is None
        assert not AuditEvent.objects.filter(type="key.leak_dismissed").exists()

    @pytest.mark.both_databases
    @pytest.mark.parametrize("junk", ["", ":", "x" * 5_000, "pmb_a:b", f"{'a' * 12}:{MESSAGE_ID}", "\0:\0"])
    def test_with_a_value_of_nothing_do_nothing(self, ben: Person, value: str, junk: str) -> None:
        assert isinstance(self.press(member(ben), LEAK_REVOKE, junk), Nack)
        assert isinstance(self.press(member(ben), "leak:other", value), Nack)

        assert ApiKey.objects.get().revoked_at is None


class TestTheManifest:
    def test_asks_for_the_events_and_what_they_demand(self, portal: str) -> None:
        manifest = requests.get(f"{portal}/manifest", timeout=5).json()

        assert {"NEW_MESSAGE", "UPDATED_MESSAGE"} <= set(manifest["eventSubscriptions"]["events"])
        assert "messages:read" in manifest["scopes"]["botScopes"]
