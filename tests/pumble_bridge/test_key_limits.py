"""What chat gives a key of which nobody chose the rights or the end, and the buttons that limit it."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from keys import lifecycle, policies, scopes
from keys.audit import OPERATOR
from keys.models import ApiKey, AuditEvent
from keys.policies import PolicyValues
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.hooks import raw, send, submission
from tests.pumble_bridge.screens import app_channel, click_home, find_input, get_member, issue, key_in, submit

pytestmark = pytest.mark.django_db(transaction=True)

NINETY_DAYS = timedelta(days=90)


def say(person: Person, channel: str, line: str) -> dict[str, Any]:
    """What the bot answers to `/api-keys line`."""
    answer: dict[str, Any] = person.type(channel, f"/api-keys {line}")["ephemeral"][-1]
    return answer


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The buttons of a message by their labels."""
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return {element["text"]["text"]: element for row in rows for element in row}


def press(person: Person, message: dict[str, Any], label: str) -> dict[str, Any]:
    """Press a button of the message; the screen afterwards."""
    button = buttons(message)[label]
    source = {"type": "EPHEMERAL_MESSAGE", "id": message["id"]}
    screen: dict[str, Any] = pumble.act(
        "click", userId=person.id, source=source, onAction=button["onAction"], value=button["value"]
    )["screen"]
    return screen


def call(portal: str, key: str) -> str | None:
    """Why a call with this key is refused, or None."""
    reason: str | None = (
        requests.get(f"{portal}/myInfo", headers={"ApiKey": key}, timeout=10).json().get("reason")
    )
    return reason


def set_policy(person: Person, **values: Any) -> None:
    workspace = get_member(person).workspace
    assert workspace is not None
    policies.change_policy(
        workspace=workspace, values=PolicyValues(**values), by=OPERATOR, now=timezone.now()
    )


class TestAKeyForWhichNobodyChose:
    def test_has_full_access_without_end_and_says_so_with_two_buttons(
        self, ana: Person, general: str
    ) -> None:
        answer = say(ana, general, "generate ci")

        assert answer["text"].startswith("Full access, never expires.")
        assert {"Expire in 90 days", "Reduce permissions"} < buttons(answer).keys()

    @pytest.mark.parametrize(
        ("flags", "offered"),
        [
            ("--full --expires never", set()),
            ("--full", {"Expire in 90 days"}),
            ("--expires 7d", {"Reduce permissions"}),
            ("--read-only --expires 7d", set()),
        ],
    )
    def test_offers_to_limit_only_what_nobody_chose(
        self, ana: Person, general: str, flags: str, offered: set[str]
    ) -> None:
        answer = say(ana, general, f"generate ci {flags}")

        assert buttons(answer).keys() & {"Expire in 90 days", "Reduce permissions"} == offered

    def test_is_what_the_workspace_set(self, ana: Person, general: str) -> None:
        set_policy(ana, default_preset="read-only", default_lifetime=timedelta(days=14))

        answer = say(ana, general, "generate ci")

        key = ApiKey.objects.get()
        assert key.scopes == list(scopes.READ_ONLY)
        assert key.expires_at is not None
        assert key.expires_at - timezone.now() <= timedelta(days=14)
        assert "Full access" not in answer["text"]

    def test_is_the_same_in_the_home_tab(self, ana: Person) -> None:
        opened = click_home(ana, "add_key")
        (modal,) = opened["modals"]
        assert find_input(modal, "may")["element"]["initial_option"]["value"] == "full-access"
        assert find_input(modal, "expires")["element"]["initial_option"]["value"] == "never"

        answer = submit(ana, opened, name="ci")["ephemeral"][-1]

        assert answer["text"].startswith("Full access, never expires.")
        assert {"Expire in 90 days", "Reduce permissions"} < buttons(answer).keys()

    def test_is_what_the_workspace_set_in_the_home_tab_too(self, ana: Person) -> None:
        set_policy(ana, default_preset="post-messages", default_lifetime=timedelta(days=14))

        (modal,) = click_home(ana, "add_key")["modals"]

        assert find_input(modal, "may")["element"]["initial_option"]["value"] == "post-messages"
        assert find_input(modal, "expires")["element"]["initial_option"]["value"] == "14"

    def test_is_never_full_where_the_workspace_forbids_that(self, ana: Person, general: str) -> None:
        set_policy(ana, full_access_forbidden=True)

        refused = say(ana, general, "generate ci --full")
        say(ana, general, "generate ci")

        assert "no key may have full access" in refused["text"]
        assert ApiKey.objects.get().scopes == list(scopes.READ_ONLY)
        offered = find_input(click_home(ana, "add_key")["modals"][0], "may")["element"]["options"]
        assert [option["value"] for option in offered] == ["read-only", "post-messages"]


class TestExpireIn90Days:
    def test_gives_the_key_an_end_and_names_both(self, ana: Person, general: str) -> None:
        screen = press(ana, say(ana, general, "generate ci"), "Expire in 90 days")

        key = ApiKey.objects.get()
        assert key.expires_at is not None
        assert timedelta(0) <= timezone.now() + NINETY_DAYS - key.expires_at < timedelta(minutes=1)
        assert screen["ephemeral"][-1]["text"].startswith("“ci” expires on ")
        narrowed = AuditEvent.objects.get(type="key.narrowed")
        assert (narrowed.surface, narrowed.actor) == ("CHAT", get_member(ana))

    def test_never_gives_a_key_a_later_end(self, ana: Person, general: str) -> None:
        answer = say(ana, general, "generate ci")
        sooner = timezone.now() + timedelta(days=1)
        ApiKey.objects.update(expires_at=sooner)

        press(ana, answer, "Expire in 90 days")

        assert ApiKey.objects.get().expires_at == sooner


class TestReducePermissions:
    def test_leaves_the_key_what_one_chooses_and_says_it(self, ana: Person, general: str) -> None:
        opened = press(ana, say(ana, general, "generate ci"), "Reduce permissions")
        offered = find_input(opened["modals"][0], "may")["element"]["options"]
        assert [option["value"] for option in offered] == ["read-only", "post-messages"]

        screen = submit(ana, opened, may="read-only")

        assert screen["modals"] == []
        assert ApiKey.objects.get().scopes == list(scopes.READ_ONLY)
        assert ana.ephemerals(app_channel(ana))[-1].startswith("The permissions of “ci” are reduced. Can ")

    def test_takes_nothing_that_was_not_offered(self, portal: str, ana: Person) -> None:
        key, _ = issue(ana, "ci", scopes=list(scopes.READ_ONLY))

        answer = send(
            portal, raw(submission(ana, f"reduce_permissions:{key.key_id}", {"may": "full-access"}))
        )

        assert "Choose one of the options" in answer.text
        assert ApiKey.objects.get().scopes == list(scopes.READ_ONLY)


class TestRenew:
    def test_gives_a_new_key_with_the_same_rights_and_a_new_end(
        self, portal: str, ana: Person, general: str
    ) -> None:
        old, old_text = issue(ana, "ci", scopes=["user:read"], expires_at=timezone.now() + timedelta(days=30))

        reply = say(ana, general, "renew ci --expires 90d --grace 1h")["text"]

        new = ApiKey.objects.get(replaces=old)
        assert "The old key works until" in reply
        assert (new.scopes, new.is_renewal) == (["user:read"], True)
        assert new.expires_at is not None
        assert timedelta(days=89) < new.expires_at - timezone.now() <= NINETY_DAYS
        assert (call(portal, key_in(reply)), call(portal, old_text.text)) == (None, None)

    def test_lasts_about_as_long_as_before_where_nothing_is_typed(self, ana: Person, general: str) -> None:
        issue(ana, "ci", expires_at=timezone.now() + timedelta(days=30))

        say(ana, general, "renew ci")

        end = ApiKey.objects.get(is_renewal=True).expires_at
        assert end is not None
        assert timedelta(days=29) < end - timezone.now() <= timedelta(days=30)

    @pytest.mark.parametrize(
        ("line", "reply"),
        [
            ("renew ci --expires 60d", "at most 7 days"),
            ("renew ci --expires never", "at most 7 days"),
            ("renew ci --expires soon", "/api-keys renew deploy --expires 30d"),
            ("renew ci --grace 2h", "now, 1h, 24h, 7d"),
            ("renew ci 7d", "--grace 7d"),
            ("renew cii", "Did you mean"),
            ("renew", "Which key?"),
        ],
    )
    def test_says_what_it_cannot_do_and_makes_nothing(
        self, ana: Person, general: str, line: str, reply: str
    ) -> None:
        issue(ana, "ci", expires_at=timezone.now() + timedelta(days=30))
        set_policy(ana, max_lifetime=timedelta(days=7))

        assert reply in say(ana, general, line)["text"]
        assert ApiKey.objects.count() == 1


class TestStoppingAKeyThatIsBeingReplaced:
    @pytest.mark.parametrize(
        ("verb", "label", "old_reason", "new_reason"),
        [
            ("delete", "Delete both keys", "key_revoked", "key_revoked"),
            ("delete", "Delete only the old key", "key_revoked", None),
            ("disable", "Disable both keys", "key_disabled", "key_disabled"),
            ("disable", "Disable only the old key", "key_disabled", None),
        ],
    )
    def test_asks_about_its_successor_first(
        self,
        portal: str,
        ana: Person,
        general: str,
        verb: str,
        label: str,
        old_reason: str,
        new_reason: str | None,
    ) -> None:
        old, old_text = issue(ana, "ci")
        new, new_text = lifecycle.rotate(key=old, grace=timedelta(days=1), by=OPERATOR, now=timezone.now())
        lifecycle.confirm(key=new, by=OPERATOR, now=timezone.now())

        question = say(ana, general, f"{verb} {old.key_id}")
        assert "is being replaced by" in question["text"]
        assert (call(portal, old_text.text), call(portal, new_text.text)) == (None, None)
        press(ana, question, label)

        assert (call(portal, old_text.text), call(portal, new_text.text)) == (old_reason, new_reason)


class TestDeletedSuccessor:
    def test_stops_its_predecessor_and_the_reply_says_so(
        self, portal: str, ana: Person, general: str
    ) -> None:
        old, old_text = issue(ana, "ci")
        new, new_text = lifecycle.rotate(key=old, grace=timedelta(days=1), by=OPERATOR, now=timezone.now())
        lifecycle.confirm(key=new, by=OPERATOR, now=timezone.now())

        reply = say(ana, general, "delete ci")

        assert reply["text"] == "Deleted both keys “ci”. Programs that use them are now refused."
        assert (call(portal, old_text.text), call(portal, new_text.text)) == ("key_revoked", "key_revoked")


class TestDisabledSuccessor:
    def test_stops_its_predecessor_and_the_reply_says_so(
        self, portal: str, ana: Person, general: str
    ) -> None:
        old, old_text = issue(ana, "ci")
        new, new_text = lifecycle.rotate(key=old, grace=timedelta(days=1), by=OPERATOR, now=timezone.now())
        lifecycle.confirm(key=new, by=OPERATOR, now=timezone.now())

        reply = say(ana, general, "disable ci")

        assert (
            reply["text"]
            == f"Disabled both keys “ci”. To enable them again, type: /api-keys enable {new.key_id}"
        )
        assert (call(portal, old_text.text), call(portal, new_text.text)) == ("key_disabled", "key_disabled")
        say(ana, general, f"enable {new.key_id}")
        assert (call(portal, old_text.text), call(portal, new_text.text)) == (None, None)
