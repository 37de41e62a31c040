"""The app's modals in use: opened in the Home tab, filled in and submitted."""

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
from tests.pumble_bridge.hooks import click, raw, send, submission
from tests.pumble_bridge.screens import (
    app_channel,
    click_home,
    find_input,
    get_member,
    home_tab,
    issue,
    key_in,
    submit,
    texts,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def call(portal: str, key: str) -> requests.Response:
    return requests.get(f"{portal}/myInfo", headers={"ApiKey": key}, timeout=10)


def values(block: dict[str, Any]) -> list[str]:
    return [option["value"] for option in block["element"]["options"]]


def set_policy(person: Person, **terms: Any) -> None:
    workspace = get_member(person).workspace
    assert workspace is not None
    policies.change_policy(workspace=workspace, values=PolicyValues(**terms), by=OPERATOR, now=timezone.now())


class TestAddApiKey:
    def test_shows_the_new_key_to_the_person_alone_in_the_apps_channel(
        self, portal: str, ana: Person, ben: Person
    ) -> None:
        opened = click_home(ana, "add_key")

        screen = submit(ana, opened, name="deploy bot", may="full-access", expires="30")

        assert screen["modals"] == []
        message = screen["ephemeral"][-1]
        assert call(portal, key_in(message["text"])).json()["id"] == ana.id
        assert "deploy bot" in message["text"]
        assert "Can do everything as you until" in message["text"]
        assert ben.ephemerals(app_channel(ben)) == []
        row = ApiKey.objects.get()
        assert row.confirmed_at is not None
        assert row.expires_at is not None
        assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
        assert set(AuditEvent.objects.filter(key=row).values_list("surface", flat=True)) == {"CHAT"}

    def test_puts_the_key_into_the_message_and_nowhere_else(self, ana: Person) -> None:
        submit(ana, click_home(ana, "add_key"), name="ci", may="read-only", expires="7")

        assert "pmb_" not in str(pumble.get("traffic"))

    def test_offers_the_way_to_the_portal_and_to_revoke_it(self, portal: str, ana: Person) -> None:
        screen = submit(ana, click_home(ana, "add_key"), name="ci", may="full-access", expires="never")
        message = screen["ephemeral"][-1]
        key = key_in(message["text"])
        *_offers, open_portal, revoke = message["blocks"][-1]["elements"]
        assert (open_portal["text"]["text"], bool(open_portal["url"])) == ("Open in portal", True)

        source = {"type": "EPHEMERAL_MESSAGE", "id": message["id"]}
        pumble.act("click", userId=ana.id, source=source, onAction="revoke_key", confirm=False)
        assert call(portal, key).status_code == 200
        after = pumble.act("click", userId=ana.id, source=source, onAction="revoke_key", confirm=True)

        assert "ci" in revoke["confirm"]["title"]["text"]
        assert call(portal, key).json()["reason"] == "key_revoked"
        assert "Deleted" in after["screen"]["ephemeral"][-1]["text"]

    @pytest.mark.parametrize(
        ("typed", "reply"),
        [
            ("taken", "You already have a key with this name"),
            ("\u202eevil", "The name contains U+202E (right-to-left override)"),
            ("   ", "1 to 64 visible characters"),
        ],
    )
    def test_says_what_is_wrong_under_the_input_and_keeps_what_was_typed(
        self, ana: Person, typed: str, reply: str
    ) -> None:
        issue(ana, "taken")
        opened = click_home(ana, "add_key")

        screen = submit(ana, opened, name=typed, may="post-messages", expires="60")

        (modal,) = screen["modals"]
        name = find_input(modal, "name")
        assert reply in name["validationError"]
        assert name["element"]["initial_value"] == typed
        assert find_input(modal, "may")["element"]["initial_option"]["value"] == "post-messages"
        assert find_input(modal, "expires")["element"]["initial_option"]["value"] == "60"
        assert modal["state"]["values"]["name"]["name"]["value"] == typed
        assert ApiKey.objects.count() == 1

        again = submit(ana, screen, name="free")

        assert again["modals"] == []
        assert ApiKey.objects.get(name="free").scopes == list(scopes.in_order(scopes.POST_MESSAGES))

    def test_offers_what_the_workspace_allows_and_no_more(self, ana: Person) -> None:
        set_policy(
            ana,
            allowed_scopes=list(scopes.READ_ONLY),
            max_lifetime=timedelta(days=45),
            allows_no_expiry=False,
        )

        (modal,) = click_home(ana, "add_key")["modals"]

        assert values(find_input(modal, "may")) == ["read-only"]
        assert values(find_input(modal, "expires")) == ["7", "30", "45"]

    def test_offers_all_that_is_allowed_if_no_preset_is(self, ana: Person) -> None:
        set_policy(ana, allowed_scopes=["messages:write"])

        submit(ana, click_home(ana, "add_key"), name="ci")

        assert ApiKey.objects.get().scopes == ["messages:write"]

    def test_says_that_there_are_too_many_keys(self, ana: Person) -> None:
        set_policy(ana, max_keys=1)
        issue(ana, "one")

        screen = submit(ana, click_home(ana, "add_key"), name="two")

        assert "as many as this workspace allows" in texts(screen["modals"])
        assert ApiKey.objects.count() == 1

    def test_revokes_a_key_that_is_pasted_as_a_name_and_does_not_echo_it(
        self, portal: str, ana: Person
    ) -> None:
        _, plaintext = issue(ana, "ci")

        screen = submit(ana, click_home(ana, "add_key"), name=plaintext.text)

        assert "full API key" in find_input(screen["modals"][0], "name")["validationError"]
        assert plaintext.text not in str(screen)
        assert ApiKey.objects.get().revoked_reason == "PASTED_IN_WINDOW"

    def test_says_if_the_owner_has_left(self, ana: Person) -> None:
        opened = click_home(ana, "add_key")
        pumble_id = get_member(ana)
        pumble_id.authorized_at = None
        pumble_id.save()

        screen = submit(ana, opened, name="ci")

        assert "authorize the API app" in screen["ephemeral"][-1]["text"]
        assert not ApiKey.objects.exists()


class TestDeleteApiKey:
    def test_finds_the_key_asks_once_more_and_stops_it(self, portal: str, ana: Person, ben: Person) -> None:
        _, plaintext = issue(ana, "deploy bot")
        issue(ana, "other")
        issue(ben, "deploy ben")
        opened = click_home(ana, "delete_key")
        (modal,) = opened["modals"]

        (option,) = pumble.act("menu", userId=ana.id, viewId=modal["id"], onAction="key", query="DEPLOY")[
            "options"
        ]
        confirmation = submit(ana, opened, key=option["value"])

        assert "Delete “deploy bot”?" in confirmation["modals"][0]["title"]["text"]
        assert "never used" in texts(confirmation["modals"])
        assert call(portal, plaintext.text).status_code == 200

        done = submit(ana, confirmation)

        assert done["modals"] == []
        assert call(portal, plaintext.text).json()["reason"] == "key_revoked"
        assert "deploy bot" not in texts(home_tab(ana))

    def test_finds_one_key_among_very_many(self, ana: Person) -> None:
        for number in range(120):
            issue(ana, f"key number {number:03}")
        (modal,) = click_home(ana, "delete_key")["modals"]

        def search(query: str) -> list[str]:
            options = pumble.act("menu", userId=ana.id, viewId=modal["id"], onAction="key", query=query)[
                "options"
            ]
            return [option["text"]["text"] for option in options]

        assert len(search("")) == 100
        assert search("number 000") == ["key number 000"]
        assert search(ApiKey.objects.get(name="key number 007").key_id) == ["key number 007"]
        assert search("no such") == []

    def test_revokes_a_key_that_is_pasted_into_the_search(self, portal: str, ana: Person) -> None:
        _, plaintext = issue(ana, "ci")
        (modal,) = click_home(ana, "delete_key")["modals"]

        options = pumble.act("menu", userId=ana.id, viewId=modal["id"], onAction="key", query=plaintext.text)[
            "options"
        ]

        assert "so it was revoked" in options[0]["text"]["text"]
        assert plaintext.text not in str(options)
        assert ApiKey.objects.get().revoked_reason == "PASTED_IN_WINDOW"

    def test_says_if_the_key_was_already_deleted(self, ana: Person) -> None:
        key, _ = issue(ana, "ci")
        confirmation = submit(ana, click_home(ana, "delete_key"), key=key.key_id)
        reason = ApiKey.RevokeReason.BY_OPERATOR
        lifecycle.revoke(key=key, by=OPERATOR, reason=reason, now=timezone.now())

        screen = submit(ana, confirmation)

        assert "no longer works" in screen["ephemeral"][-1]["text"]
        assert ApiKey.objects.get().revoked_reason == reason

    def test_changes_nothing_when_it_is_closed(self, portal: str, ana: Person) -> None:
        key, _ = issue(ana, "ci")
        hook = submission(ana, f"confirm_delete:{key.key_id}", {}, viewActionType="CLOSE")

        answer = send(portal, raw(hook))

        assert (answer.status_code, answer.json()) == (200, {})
        key.refresh_from_db()
        assert key.revoked_at is None


class TestTheButtonUnderANewKey:
    def test_revokes_it_without_a_channel_in_the_click(self, portal: str, ana: Person, general: str) -> None:
        key, plaintext = issue(ana, "ci")

        answer = send(portal, raw(click(ana, "revoke_key", key.key_id)))

        assert (answer.status_code, answer.json()) == (200, {})
        assert call(portal, plaintext.text).json()["reason"] == "key_revoked"
        assert ana.ephemerals(general) == []


class TestOneKeysMenu:
    def test_renames(self, ana: Person) -> None:
        key, _ = issue(ana, "ci")
        opened = click_home(ana, f"key.{key.key_id}", "rename")
        assert find_input(opened["modals"][0], "name")["element"]["initial_value"] == "ci"

        submit(ana, opened, name="deploy bot")

        assert ApiKey.objects.get().name == "deploy bot"
        assert "deploy bot" in texts(home_tab(ana))

    def test_rotates_and_shows_the_new_key(self, portal: str, ana: Person) -> None:
        key, old = issue(ana, "ci")

        screen = submit(ana, click_home(ana, f"key.{key.key_id}", "rotate"), grace="1h")

        reply = screen["ephemeral"][-1]["text"]
        assert "The old key works until" in reply
        assert call(portal, key_in(reply)).status_code == 200
        assert call(portal, old.text).status_code == 200
        assert key_in(reply) != old.text
        grace = ApiKey.objects.get(pk=key.pk).retires_at
        assert grace is not None
        assert grace - timezone.now() <= timedelta(hours=1)

    def test_renews_and_shows_the_new_key(self, portal: str, ana: Person) -> None:
        key, old = issue(ana, "ci", expires_at=timezone.now() + timedelta(days=30))
        opened = click_home(ana, f"key.{key.key_id}", "renew")
        assert find_input(opened["modals"][0], "expires")["element"]["initial_option"]["value"] == "30"

        screen = submit(ana, opened, expires="90", grace="1h")

        reply = screen["ephemeral"][-1]["text"]
        assert "The old key works until" in reply
        assert call(portal, key_in(reply)).status_code == 200
        assert call(portal, old.text).status_code == 200
        end = ApiKey.objects.get(replaces=key).expires_at
        assert end is not None
        assert timedelta(days=89) < end - timezone.now() <= timedelta(days=90)

    def test_renews_no_longer_than_the_workspace_allows(self, ana: Person) -> None:
        key, _ = issue(ana, "ci", expires_at=timezone.now() + timedelta(days=30))
        opened = click_home(ana, f"key.{key.key_id}", "renew")
        set_policy(ana, max_lifetime=timedelta(days=7))

        screen = submit(ana, opened, expires="90", grace="1h")

        (modal,) = screen["modals"]
        assert "Choose one of the options" in find_input(modal, "expires")["validationError"]
        assert values(find_input(modal, "expires")) == ["7"]
        assert ApiKey.objects.count() == 1

    @pytest.mark.parametrize(("action", "reason"), [("delete", "key_revoked"), ("disable", "key_disabled")])
    def test_of_a_key_that_is_being_replaced_stops_its_successor_unless_one_chooses_otherwise(
        self, portal: str, ana: Person, action: str, reason: str
    ) -> None:
        for which, successor_reason in ((None, reason), ("old", None)):
            old, old_text = issue(ana, "ci")
            now = timezone.now()
            new, new_text = lifecycle.rotate(key=old, grace=timedelta(days=1), by=OPERATOR, now=now)
            lifecycle.confirm(key=new, by=OPERATOR, now=now)
            opened = click_home(ana, f"key.{old.key_id}", action)
            assert find_input(opened["modals"][0], "which")["element"]["initial_option"]["value"] == "both"

            submit(ana, opened, **({"which": which} if which else {}))

            assert call(portal, old_text.text).json()["reason"] == reason
            assert call(portal, new_text.text).json().get("reason") == successor_reason
            ApiKey.objects.update(revoked_at=now, revoked_reason="BY_OPERATOR")

    def test_rotates_without_grace(self, portal: str, ana: Person) -> None:
        key, old = issue(ana, "ci")

        screen = submit(ana, click_home(ana, f"key.{key.key_id}", "rotate"), grace="now")

        assert "stops working now" in screen["ephemeral"][-1]["text"]
        assert call(portal, old.text).json()["reason"] == "key_rotated"

    def test_disables_and_enables(self, portal: str, ana: Person) -> None:
        key, plaintext = issue(ana, "ci")

        click_home(ana, f"key.{key.key_id}", "disable")
        assert call(portal, plaintext.text).json()["reason"] == "key_disabled"
        click_home(ana, f"key.{key.key_id}", "enable")

        assert call(portal, plaintext.text).status_code == 200

    def test_deletes_after_asking(self, portal: str, ana: Person) -> None:
        key, _ = issue(ana, "ci")

        submit(ana, click_home(ana, f"key.{key.key_id}", "delete"))

        assert ApiKey.objects.get().revoked_reason == "BY_HOLDER"

    def test_does_not_enable_what_an_administrator_disabled(
        self, carla: Person, ana: Person, ben: Person
    ) -> None:
        pumble.act("authorize", userId=carla.id)
        member = get_member(carla)
        member.authorized_at = timezone.now()
        member.save()
        key, _ = issue(carla, "ci")
        click_home(carla, f"key.{key.key_id}", "disable")
        source = {"type": "HOME", "id": home_tab(carla)["id"]}
        ApiKey.objects.update(disabled_by=None)  # by an operator, and her Home tab is not renewed yet

        click = {"userId": carla.id, "source": source, "onAction": f"key.{key.key_id}", "value": "enable"}
        screen = pumble.act("click", **click)["screen"]

        assert "An administrator disabled this key." in screen["ephemeral"][-1]["text"]
        assert ApiKey.objects.get().disabled_at is not None
