"""Whoever greets the bot in their direct channel with it hears what it can do. No other message is answered."""

import time

import pytest

from keys.models import Member
from pumble_bridge.models import Installation
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.hooks import raw, send
from tests.pumble_bridge.received import member, messages_to
from tests.pumble_bridge.test_leak_detection import written

pytestmark = pytest.mark.django_db(transaction=True)


def bot_id(person: Person) -> str:
    return Installation.objects.get(workspace__pumble_id=person.workspace_id).bot_user_id


def direct_channel(person: Person) -> str:
    """Return the direct channel of the person and the bot. Pumble opens it with the app's first message."""
    for workspace in pumble.get("workspaces"):
        for channel in workspace["channels"]:
            if sorted(channel["users"]) == sorted([bot_id(person), person.id]):
                return str(channel["id"])
    raise LookupError(person.name)


def greet(person: Person, text: str) -> list[str]:
    """Return what the bot answers."""
    before = messages_to(person)
    person.type(direct_channel(person), text)
    pumble.settle()
    until = time.monotonic() + 5  # the event of a message can reach the portal after the message
    while not (answers := [said for said in messages_to(person)[len(before) :] if said != text]):
        if time.monotonic() > until:
            break
        pumble.settle()
    return answers


class TestAGreeting:
    @pytest.mark.parametrize("text", ["hi", "Hello!", "¿Qué puedes hacer?", "help", "generate ci", "?"])
    def test_is_answered_with_what_the_bot_can_do(self, ana: Person, text: str) -> None:
        (answer,) = greet(ana, text)

        assert "/api-keys generate" in answer
        assert "authorize the API app" not in answer
        assert answer.endswith("Español: /api-keys language es")

    def test_is_answered_in_the_members_language(self, ana: Person) -> None:
        Member.objects.filter(pk=member(ana).pk).update(language="es")

        (answer,) = greet(ana, "hola")

        assert answer.startswith("¡Hola!")

    def test_of_someone_who_has_not_authorized_has_the_link_to_do_so(self, carla: Person) -> None:
        (answer,) = greet(carla, "hi")

        assert "/api-keys generate" in answer
        assert "authorize the API app" in answer
        assert "Español: /api-keys language es" in answer

    def test_in_another_channel_is_not_answered(self, portal: str, ana: Person, general: str) -> None:
        body = {"cId": general}
        users = [ana.id, bot_id(ana)]

        assert send(portal, raw(written(ana, "hi", body=body, workspaceUserIds=users))).ok

        assert messages_to(ana) == []
        assert not any(call["path"].endswith("/messages") for call in pumble.api_calls() if "path" in call)

    @pytest.mark.parametrize(
        "changes",
        [{"aId": "bot"}, {"trId": "a" * 24}, {"st": "joined"}, {"eph": True}, {"tx": 7}, {"aId": None}],
    )
    def test_that_is_none_is_not_answered(self, portal: str, ana: Person, changes: dict[str, object]) -> None:
        changes = {name: bot_id(ana) if value == "bot" else value for name, value in changes.items()}
        body = {"cId": direct_channel(ana)} | changes

        assert send(portal, raw(written(ana, "hi", body=body, workspaceUserIds=[ana.id, bot_id(ana)]))).ok

        assert messages_to(ana) == []

    def test_that_pumble_does_not_take_the_answer_of_is_handled_all_the_same(
        self, portal: str, ana: Person
    ) -> None:
        pumble.faults({"match": "GET /v1/channels/direct", "do": "status:500", "times": 5})
        hook = written(ana, "hi", body={"cId": direct_channel(ana)}, workspaceUserIds=[ana.id, bot_id(ana)])

        assert send(portal, raw(hook)).status_code == 200
