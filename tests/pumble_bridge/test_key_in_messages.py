"""After "Generate" in the Home tab, the tab says where the new key is, whatever became of the modal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from keys.models import ApiKey, LastUse
from pumble_bridge.chat import home
from pumble_bridge.models import HomeTab
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.hooks import raw, send, submission
from tests.pumble_bridge.screens import app_channel, click_home, home_tab, issue, key_in, submit, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HINT = "Your new key “standup” is in Messages. Copy it before you reload."


def generate(person: Person) -> None:
    submit(person, click_home(person, "add_key"), name="standup", may="read-only", expires="7")


class TestTheHomeTab:
    def test_says_that_the_new_key_is_in_messages(self, ana: Person) -> None:
        generate(ana)

        assert HINT in texts(home_tab(ana))
        assert key_in(ana.ephemerals(app_channel(ana))[-1])
        assert "pmb_" not in str(pumble.get("traffic"))

    def test_says_so_of_a_key_that_replaces_another(self, ana: Person) -> None:
        key, _plaintext = issue(ana, "standup")

        submit(ana, click_home(ana, f"key.{key.key_id}", "rotate"), grace="24h")

        assert HINT in texts(home_tab(ana))

    def test_says_so_if_the_modal_was_closed_before_the_key_came(self, portal: str, ana: Person) -> None:
        home_tab(ana)
        values = {"name": "standup", "may": "read-only", "expires": "7"}

        assert send(portal, raw(submission(ana, "add_key", values))).json() == {}

        assert HINT in texts(home_tab(ana))
        assert key_in(ana.ephemerals(app_channel(ana))[-1])

    def test_says_so_until_the_key_is_used(self, ana: Person) -> None:
        generate(ana)
        key = ApiKey.objects.get()
        LastUse.objects.create(key=key, at=timezone.now())
        home.mark_stale(key.owner)

        assert HINT not in texts(home_tab(ana))

    def test_says_so_for_ten_minutes(self, ana: Person) -> None:
        generate(ana)
        assert HINT in texts(home_tab(ana))
        ApiKey.objects.update(created_at=timezone.now() - timedelta(minutes=10))

        assert home.mark_expired(now=timezone.now()) == 1

        assert HINT not in texts(home_tab(ana))
        assert HomeTab.objects.get(member__pumble_user_id=ana.id).new_key is None

    def test_says_nothing_of_a_key_that_was_not_delivered(self, ana: Person) -> None:
        modal = click_home(ana, "add_key")
        pumble.faults({"match": "POST /v1/channels/*/messages", "do": "status:403", "times": 5})

        submit(ana, modal, name="standup", may="read-only", expires="7")

        assert "in Messages" not in texts(home_tab(ana))
