"""`/api-keys` in use: typed in the local Pumble, signed, sent over HTTP, with replies of the bot."""

import re

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from keys import key_format
from keys.models import ApiKey, AuditEvent, Member
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge import hooks

pytestmark = pytest.mark.django_db(transaction=True)

POSTING = "POST /v1/channels/*/messages"


def key_in(text: str) -> str:
    match = re.search(r"pmb_\w{51}", text)
    assert match is not None, f"no key in: {text[:200]}"
    return match[0]


def generate(person: Person, channel: str, name: str = "") -> str:
    """A fresh key of `person`, read off their screen."""
    screen = person.type(channel, f"/api-keys generate {name}".strip())
    return key_in(screen["ephemeral"][-1]["text"])


def call(portal: str, key: str) -> requests.Response:
    return requests.get(f"{portal}/myInfo", headers={"ApiKey": key}, timeout=10)


class TestGenerate:
    def test_shows_a_working_key_to_the_person_alone(
        self, portal: str, ana: Person, ben: Person, general: str
    ) -> None:
        key = generate(ana, general, "deploy bot")

        assert call(portal, key).json()["id"] == ana.id
        assert ben.ephemerals(general) == []
        row = ApiKey.objects.get()
        assert (row.name, row.owner.email, row.confirmed_at is not None) == ("deploy bot", ana.email, True)
        assert list(AuditEvent.objects.filter(key=row).values_list("type", "surface")) == [
            ("key.issued", "CHAT"),
            ("key.confirmed", "CHAT"),
        ]

    def test_puts_the_key_into_the_message_and_not_into_the_acknowledgement(
        self, portal: str, ana: Person, general: str
    ) -> None:
        generate(ana, general)

        assert key_format.PREFIX + "_" not in str(pumble.get("traffic"))

    def test_replies_in_the_thread_of_the_command(self, ana: Person, general: str) -> None:
        root = ana.type(general, "a root")["messages"][-1]["id"]

        screen = ana.type(general, "/api-keys generate", threadRootId=root)

        assert screen["ephemeral"][-1]["threadReplyInfo"]["rootId"] == root

    def test_says_when_the_name_is_taken_or_no_name(self, ana: Person, general: str) -> None:
        generate(ana, general, "ci")

        ana.type(general, "/api-keys generate CI")
        ana.type(general, "/api-keys generate " + "x" * 65)

        assert "already have a key with this name" in ana.ephemerals(general)[-2]
        assert "1 to 64" in ana.ephemerals(general)[-1]
        assert ApiKey.objects.count() == 1

    @pytest.mark.parametrize(
        "fault",
        [
            "status:500",
            "status:403",
            "rate_limit:7",
            "garbage",
            "html",
            "redirect",
            "drop",
            "truncate",
            "delay:5",
        ],
    )
    def test_leaves_no_live_key_when_pumble_does_not_take_the_message(
        self, ana: Person, general: str, fault: str
    ) -> None:
        pumble.faults({"match": POSTING, "do": fault, "times": 1})

        ana.type(general, "/api-keys generate ci")

        row = ApiKey.objects.get()
        assert (row.revoked_reason, row.confirmed_at) == ("NOT_DELIVERED", None)
        reply = ana.ephemerals(general)
        assert "revoked" in reply[-1], reply
        hook = [entry for entry in pumble.get("traffic") if "pumble/hook" in str(entry)][-1]
        assert next(v for k, v in hook.items() if k.lower().startswith("duration")) < 3000

    def test_speaks_the_persons_language(self, ana: Person, general: str) -> None:
        Member.objects.filter(email=ana.email).update(language="es")

        screen = ana.type(general, "/api-keys generate ci")

        assert "Tu nueva clave «ci»" in screen["ephemeral"][-1]["text"]


class TestList:
    def test_lists_the_members_live_keys_without_secrets(
        self, ana: Person, ben: Person, general: str
    ) -> None:
        key = generate(ana, general, "ci")
        generate(ben, general, "bens")
        pumble.act("forget", userId=ana.id)

        ana.type(general, "/api-keys list")

        (shown,) = ana.ephemerals(general)
        assert "ci" in shown
        assert key[4:16] in shown
        assert "bens" not in shown
        assert key[17:] not in shown

    def test_says_how_to_begin_when_there_are_none(self, ana: Person, general: str) -> None:
        ana.type(general, "/api-keys list")

        assert "/api-keys generate" in ana.ephemerals(general)[-1]

    def test_stays_readable_with_many_keys(self, ana: Person, general: str) -> None:
        for _ in range(12):
            generate(ana, general)

        ana.type(general, "/api-keys list")

        shown = ana.ephemerals(general)[-1]
        assert len(re.findall(r"^• ", shown, re.MULTILINE)) == 10
        assert "portal" in shown


class TestDelete:
    @pytest.mark.parametrize("named", ["{name}", '"{name}"', "{id}", "pmb_{id}", "DEPLOY BOT"])
    def test_stops_the_key_at_once_by_name_or_id(
        self, portal: str, ana: Person, general: str, named: str
    ) -> None:
        key = generate(ana, general, "deploy bot")
        assert call(portal, key).status_code == 200

        ana.type(general, "/api-keys delete " + named.format(name="deploy bot", id=key[4:16]))

        refused = call(portal, key)
        assert (refused.status_code, refused.json()["reason"]) == (403, "key_revoked")
        assert "Deleted" in ana.ephemerals(general)[-1]

    def test_knows_no_key_of_someone_else(self, portal: str, ana: Person, ben: Person, general: str) -> None:
        key = generate(ana, general, "ci")

        ben.type(general, "/api-keys delete ci")
        ben.type(general, f"/api-keys delete {key[4:16]}")

        assert all("no key" in reply for reply in ben.ephemerals(general))
        assert call(portal, key).status_code == 200

    def test_asks_which_of_ones_keys_when_nothing_is_named(self, ana: Person, general: str) -> None:
        generate(ana, general, "ci")

        ana.type(general, "/api-keys delete")

        assert "Which key?" in ana.ephemerals(general)[-1]
        assert "ci" in ana.ephemerals(general)[-1]


class TestAPastedKey:
    @pytest.mark.parametrize(
        "line", ["/api-keys delete {key}", "/api-keys generate {key}", "/api-keys {key}"]
    )
    def test_is_revoked_and_the_person_warned(
        self, portal: str, ana: Person, general: str, line: str
    ) -> None:
        key = generate(ana, general, "ci")
        pumble.act("forget", userId=ana.id)

        ana.type(general, line.format(key=key))

        (reply,) = ana.ephemerals(general)
        assert "full API key" in reply
        assert key not in reply
        assert call(portal, key).json()["reason"] == "key_revoked"
        assert ApiKey.objects.get().revoked_reason == "PASTED_IN_COMMAND"

    def test_of_a_colleague_is_revoked_too(self, portal: str, ana: Person, ben: Person, general: str) -> None:
        key = generate(ana, general)

        ben.type(general, f"/api-keys delete {key}")

        assert call(portal, key).json()["reason"] == "key_revoked"

    def test_is_revoked_for_any_author(self, portal: str, ana: Person, carla: Person, general: str) -> None:
        key = generate(ana, general)

        carla.type(general, f"/api-keys delete {key}")

        assert "full API key" in carla.ephemerals(general)[-1]
        assert call(portal, key).json()["reason"] == "key_revoked"

    def test_that_is_unknown_is_not_echoed(self, ana: Person, general: str) -> None:
        stranger = key_format.generate().text
        typo = stranger[:-1] + ("0" if stranger[-1] != "0" else "1")

        ana.type(general, f"/api-keys delete {stranger}")
        ana.type(general, f"/api-keys delete {typo}")
        ana.type(general, f"/api-keys {typo}")

        assert stranger[17:40] not in " ".join(ana.ephemerals(general))


class TestEveryOtherWord:
    @pytest.mark.parametrize(
        ("typed", "meant"), [("generat", "generate"), ("LIST", None), ("del", "delete"), ("halp", "help")]
    )
    def test_gets_a_suggestion_and_the_help(
        self, ana: Person, general: str, typed: str, meant: str | None
    ) -> None:
        ana.type(general, f"/api-keys {typed}")

        reply = ana.ephemerals(general)[-1]
        if meant:
            assert f"Did you mean {meant}?" in reply
            assert "/api-keys delete" in reply
        else:
            assert "Unknown" not in reply

    @pytest.mark.parametrize("line", ["/api-keys", "/api-keys help", "/api-keys   HELP  "])
    def test_or_none_gets_the_help(self, ana: Person, general: str, line: str) -> None:
        ana.type(general, line)

        reply = ana.ephemerals(general)[-1]
        assert all(verb in reply for verb in ("generate", "list", "delete", "help"))
        assert f"AI agents use a key through MCP, at {settings.PUBLIC_URL}/mcp" in reply

    def test_cannot_mention_anyone(self, ana: Person, ben: Person, general: str) -> None:
        ana.type(general, f"/api-keys <<@{ben.id}>>")

        assert f"<<@{ben.id}>>" not in ana.ephemerals(general)[-1]


class TestSomeoneWhoHasNotAuthorised:
    def test_gets_the_link_to_do_so_and_no_key(self, portal: str, carla: Person, general: str) -> None:
        carla.type(general, "/api-keys generate")

        (reply,) = carla.ephemerals(general)
        assert f"{portal.replace('localhost', '127.0.0.1')}/pumble/signin" in reply
        assert not ApiKey.objects.exists()

    def test_gets_the_help_all_the_same(self, carla: Person, general: str) -> None:
        carla.type(general, "/api-keys help")

        (reply,) = carla.ephemerals(general)
        assert "/api-keys list" in reply
        assert "/pumble/signin" in reply

    @pytest.mark.parametrize("typed", ["help generate", "generate help", "generate ci --help"])
    def test_gets_the_help_for_one_command_too(self, carla: Person, general: str, typed: str) -> None:
        carla.type(general, f"/api-keys {typed}")

        (said,) = carla.ephemerals(general)
        assert "--read-only: the key can read, but change nothing." in said

    def test_is_told_to_repeat_exactly_what_they_typed(self, carla: Person, general: str) -> None:
        carla.type(general, '/api-keys generate "night  report" --read-only --expires 7d')

        (said,) = carla.ephemerals(general)
        assert (
            'Then type again: /api-keys generate "night report" --read-only --expires 7d' in said.splitlines()
        )

    def test_chooses_the_language_of_everything_after_it(self, carla: Person, general: str) -> None:
        Member.objects.filter(pumble_user_id=carla.id).delete()  # the app has not heard of her yet

        carla.type(general, "/api-keys language es")
        carla.type(general, "/api-keys generate ci")

        chosen, said = carla.ephemerals(general)
        assert chosen == "Ahora el idioma es español."
        assert "Después, vuelve a escribir: /api-keys generate ci" in said.splitlines()
        carla_stored = Member.objects.get(pumble_user_id=carla.id)
        assert (carla_stored.name, carla_stored.authorized_at) == (carla.name, None)

    def test_is_told_when_pumble_does_not_say_who_they_are(self, carla: Person, general: str) -> None:
        Member.objects.filter(pumble_user_id=carla.id).delete()
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": "status:500", "times": 5})

        carla.type(general, "/api-keys language es")

        assert not Member.objects.filter(pumble_user_id=carla.id).exists()
        assert carla.ephemerals(general)


class TestPumblesTrouble:
    @pytest.mark.parametrize("fault", ["status:500", "delay:5", "garbage"])
    def test_with_a_plain_reply_is_said_in_time(self, ana: Person, general: str, fault: str) -> None:
        pumble.faults({"match": POSTING, "do": fault, "times": 1})

        ana.type(general, "/api-keys help")

        (reply,) = ana.ephemerals(general)
        assert "may not have delivered the whole reply" in reply


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions are other statements")
def test_generate_takes_at_most_fourteen_statements(portal: str, ana: Person, general: str) -> None:
    for number in range(2):  # the first one also makes rows that stay
        command = hooks.raw(hooks.command(ana, general, f"generate ci{number}", triggerId=f"t-{number}"))
        with CaptureQueriesContext(connection) as queries:
            response = Client(headers={"Host": "127.0.0.1"}).post(
                "/pumble/hook", command, content_type="application/json", headers=hooks.signature(command)
            )
        assert response.status_code == 200

    statements = [query["sql"] for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]
    assert len(statements) <= 14, "\n".join(statements)
