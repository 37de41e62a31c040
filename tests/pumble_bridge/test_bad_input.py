"""Signed hooks with invalid content: a response in time, no change, no data of others, and a reason in the log."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from keys.models import ApiKey, AuditEvent, Member
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.hooks import click, command, menu, raw, send, submission
from tests.pumble_bridge.screens import issue, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases, pytest.mark.slow]

HUGE = "x" * 900_000
WRONG = [None, 5, True, [], {}, [1], {"a": 1}, "", "x" * 300, "../../x", HUGE]
WITH_FIELDS: dict[str, tuple[Callable[[Person], dict[str, Any]], list[str]]] = {
    "click": (
        lambda person: click(person, "add_key"),
        [
            "sourceType",
            "sourceId",
            "onAction",
            "payload",
            "view",
            "channelId",
            "userId",
            "workspaceId",
            "triggerId",
        ],
    ),
    "submission": (
        lambda person: submission(person, "delete_key", {"key": "none"}),
        ["viewActionType", "view", "channelId", "userId", "workspaceId", "triggerId"],
    ),
    "menu": (
        menu,
        ["onAction", "query", "value", "view", "sourceId", "userId", "workspaceId", "triggerId"],
    ),
}


class Before:
    """What there was, to be compared with what there is."""

    def __init__(self) -> None:
        self.keys = list(ApiKey.objects.order_by("pk").values())
        self.events = AuditEvent.objects.count()
        self.languages = list(Member.objects.order_by("pk").values_list("language", flat=True))

    def still_holds(self) -> bool:
        now = Before()
        return (self.keys, self.events, self.languages) == (now.keys, now.events, now.languages)


def timed(portal: str, hook: Any) -> requests.Response:
    began = time.monotonic()
    answer = send(portal, raw(hook))
    assert time.monotonic() - began < 3
    assert answer.status_code in {200, 400}, answer.text[:200]
    return answer


class TestAField:
    @pytest.mark.parametrize(
        ("kind", "field"),
        [(kind, field) for kind, (_make, fields) in WITH_FIELDS.items() for field in fields],
    )
    def test_may_be_missing_or_hold_anything(
        self, portal: str, ana: Person, kind: str, field: str, log_lines: io.StringIO
    ) -> None:
        issue(ana, "ci")
        before = Before()
        make = WITH_FIELDS[kind][0]

        answers = [timed(portal, make(ana) | {field: value}) for value in WRONG]
        missing = make(ana)
        missing.pop(field, None)
        answers.append(timed(portal, missing))

        assert before.still_holds()
        for answer in answers:
            if answer.status_code == 400:
                assert len(answer.json()["message"]) < 300
        if 400 in {answer.status_code for answer in answers}:
            assert "reason=" in log_lines.getvalue()

    @pytest.mark.parametrize("kind", WITH_FIELDS)
    def test_that_is_unknown_is_ignored(self, portal: str, ana: Person, kind: str) -> None:
        hook = WITH_FIELDS[kind][0](ana) | {"new": {"deep": [1, 2]}, "state": "x", "blocks": None}

        assert timed(portal, hook).status_code == 200

    def test_of_a_state_may_be_missing_or_hold_anything(
        self, portal: str, ana: Person, log_lines: io.StringIO
    ) -> None:
        before = Before()
        states: list[Any] = [
            None, {}, [], "x", {"values": None}, {"values": []}, {"values": {"name": None}},
            {"values": {"name": "x"}}, {"values": {"name": {"name": None}}}, {"values": {"name": {"name": {"value": 5}}}},
            {"values": {"name": {"name": {"values": ["a"]}}}},
        ]  # fmt: skip

        for state in states:
            hook = submission(ana, "add_key", {})
            hook["view"]["state"] = state
            timed(portal, hook)
        hook = submission(ana, "add_key", {})
        del hook["view"]["state"]
        answer = timed(portal, hook)

        assert before.still_holds()
        assert answer.json()["action"] == "OPEN"
        assert "modal.refused" in log_lines.getvalue()

    @pytest.mark.parametrize(
        "written", ["", "{", "[]", "null", '"x"', "[" * 50_000, '{"value":5}', '{"value":["x"]}']
    )
    def test_of_a_click_that_should_be_json_may_not_be(self, portal: str, ana: Person, written: str) -> None:
        before = Before()

        timed(portal, click(ana, "language", payload=written))

        assert before.still_holds()


class TestADeletedKey:
    @pytest.mark.parametrize(
        "on_action", ["no_such", "key.no_such", "key.", "key", ".", "language", "revoke_key"]
    )
    def test_cannot_be_clicked(
        self, portal: str, ana: Person, on_action: str, log_lines: io.StringIO
    ) -> None:
        issue(ana, "ci")
        before = Before()

        for value in ("", "disable", "rotate", "fr", "x" * 500):
            assert timed(portal, click(ana, on_action, value)).status_code == 400

        assert before.still_holds()
        assert "click.refused" in log_lines.getvalue() or "trigger.refused" in log_lines.getvalue()

    @pytest.mark.parametrize(
        "callback_id", ["", "no_such", "rename_key", "rename_key:", "rotate_key:none", ":", "add_key:x:y"]
    )
    def test_cannot_be_submitted(self, portal: str, ana: Person, callback_id: str) -> None:
        issue(ana, "ci")
        before = Before()

        timed(portal, submission(ana, callback_id, {"name": "<<new>>" * 40, "grace": "9 years"}))

        assert before.still_holds()

    def test_menu_is_refused(self, portal: str, ana: Person) -> None:
        assert timed(portal, menu(ana, on_action="no_such")).status_code == 400


class TestAnInvalidOption:
    @pytest.mark.parametrize(
        "values",
        [
            {"name": "new", "may": "everything", "expires": "30"},
            {"name": "new", "may": "full-access", "expires": "31"},
            {"name": "new", "may": "full-access", "expires": "-1"},
            {"name": "new", "may": "", "expires": "30"},
            {"name": "new", "may": "full-access"},
            {"may": "full-access", "expires": "30"},
        ],
    )
    def test_makes_no_key(self, portal: str, ana: Person, values: dict[str, str]) -> None:
        before = Before()

        answer = timed(portal, submission(ana, "add_key", values))

        assert answer.json()["action"] == "OPEN"
        assert "validationError" in answer.text
        assert before.still_holds()

    def test_is_refused_as_a_grace_period(self, portal: str, ana: Person) -> None:
        key, _ = issue(ana, "ci")
        before = Before()

        answer = timed(portal, submission(ana, f"rotate_key:{key.key_id}", {"grace": "9y"}))

        assert "validationError" in answer.text
        assert before.still_holds()

    @pytest.mark.parametrize("value", ["", "explode", "DISABLE"])
    def test_does_nothing_to_a_key(self, portal: str, ana: Person, value: str) -> None:
        key, _ = issue(ana, "ci")
        before = Before()

        answer = timed(portal, click(ana, f"key.{key.key_id}", value))

        assert (answer.status_code, answer.json()) == (400, {"message": "Choose one of the options."})
        assert before.still_holds()

    @pytest.mark.parametrize("kind", [None, "", "OPEN", 5])
    def test_is_refused_as_a_view_action(self, portal: str, ana: Person, kind: object) -> None:
        hook = submission(ana, "delete_key", {"key": "none"}, viewActionType=kind)

        answer = timed(portal, hook)

        assert (answer.status_code, answer.json()) == (400, {"message": "unknown viewActionType"})


class TestAKeyOfAnotherMember:
    @pytest.mark.parametrize("form", ["rename_key", "rotate_key", "confirm_delete", "delete_key"])
    def test_cannot_be_named_in_a_form(self, portal: str, ana: Person, ben: Person, form: str) -> None:
        key, _ = issue(ben, "bens secret project")
        before = Before()

        answer = timed(
            portal,
            submission(ana, f"{form}:{key.key_id}", {"key": key.key_id, "name": "mine", "grace": "now"}),
        )

        assert before.still_holds()
        assert "bens" not in answer.text

    @pytest.mark.parametrize("value", ["rename", "rotate", "renew", "delete", "disable", "enable"])
    def test_cannot_be_acted_on(self, portal: str, ana: Person, ben: Person, value: str) -> None:
        key, _ = issue(ben, "bens secret project")
        before = Before()

        answer = timed(portal, click(ana, f"key.{key.key_id}", value))
        others = [
            timed(portal, click(ana, action, key_id))
            for action, key_id in [
                ("revoke_key", key.key_id),
                ("expire_key", key.key_id),
                ("reduce_key", key.key_id),
                ("stop_key.both", f"delete.{key.key_id}"),
                ("stop_key.old", f"disable.{key.key_id}"),
                ("stop_key.all", f"delete.{key.key_id}"),
                ("stop_key.both", "delete"),
                ("stop_key", ""),
            ]
        ]

        assert {one.status_code for one in (answer, *others)} == {400}
        assert before.still_holds()
        assert "bens" not in answer.text + "".join(one.text for one in others)

    def test_is_in_nobody_elses_menu(self, portal: str, ana: Person, ben: Person) -> None:
        key, _ = issue(ben, "bens secret project")

        for query in ("", "bens", key.key_id):
            assert timed(portal, menu(ana, query)).json()["options"] == []

    def test_of_another_workspace_is_out_of_reach_even_under_its_own_id(
        self, portal: str, ana: Person, ben: Person
    ) -> None:
        key, _ = issue(ben, "bens")
        stranger = Person("c" * 24, "S", "s@x.test", "d" * 24)
        borrowed = Person(ben.id, "B", "b@x.test", "d" * 24)
        before = Before()

        for person in (stranger, borrowed):
            assert timed(portal, click(person, f"key.{key.key_id}", "disable")).status_code == 400
            assert timed(portal, submission(person, f"confirm_delete:{key.key_id}", {})).status_code == 400
            assert timed(portal, menu(person)).status_code == 400

        assert before.still_holds()


class TestAMemberWithoutAuthorization:
    def test_gets_the_link_and_nothing_changes(self, portal: str, carla: Person) -> None:
        before = Before()

        for hook in (
            click(carla, "add_key"),
            click(carla, "language", "es"),
            submission(carla, "add_key", {}),
        ):
            answer = timed(portal, hook)
            assert answer.status_code == 400
            assert "/pumble/signin" in answer.json()["message"]
        assert timed(portal, menu(carla)).json()["options"] == []
        assert timed(portal, click(carla, "authorise")).json() == {}
        assert before.still_holds()


class TestAName:
    @pytest.mark.parametrize(
        "name",
        ["a\u202eb", "a\x07b", "a\u200bb", "x" * 10_000, "\n", "\U000e0041", "x" * 65],
        ids=["right-to-left", "bell", "zero-width", "long", "newline", "tag", "65"],
    )
    def test_that_cannot_be_read_is_refused_everywhere(
        self, portal: str, ana: Person, general: str, name: str
    ) -> None:
        key, _ = issue(ana, "ci")
        before = Before()

        added = timed(
            portal, submission(ana, "add_key", {"name": name, "may": "full-access", "expires": "30"})
        )
        renamed = timed(portal, submission(ana, f"rename_key:{key.key_id}", {"name": name}))
        timed(portal, command(ana, general, text=f'rename ci "{name}"'))

        assert "validationError" in added.text
        assert "validationError" in renamed.text
        assert len(added.content) < 8000
        if name.strip():
            timed(portal, command(ana, general, text=f'generate "{name}"', triggerId="t-2"))
            assert before.still_holds()

    def test_with_a_mention_mentions_no_member(
        self, portal: str, ana: Person, ben: Person, general: str
    ) -> None:
        mention = f"<<@{ben.id}>>"

        for text in (f'generate "{mention}"', "list", f"disable {mention}", "usage", f"delete {mention}"):
            timed(portal, command(ana, general, text=text, triggerId=text))

        reply = ana.screen(general)["ephemeral"]
        assert len(reply) == 5
        assert mention not in json.dumps(reply)


class TestAFullKey:
    @pytest.mark.parametrize(
        "place", ["add_key", "rename_key", "confirm_delete", "menu", "choice", "click", "command"]
    )
    def test_anywhere_is_revoked_and_not_echoed(
        self, portal: str, ana: Person, general: str, place: str, log_lines: io.StringIO
    ) -> None:
        key, plaintext = issue(ana, "ci")
        other, _ = issue(ana, "other")
        hooks = {
            "add_key": submission(ana, "add_key", {"name": f"my {plaintext.text}"}),
            "rename_key": submission(ana, f"rename_key:{other.key_id}", {"name": plaintext.text}),
            "confirm_delete": submission(ana, f"confirm_delete:{other.key_id}", {"x": plaintext.text}),
            "menu": menu(ana, plaintext.text),
            "choice": menu(ana, value=plaintext.text),
            "click": click(ana, "key.none", plaintext.text),
            "command": command(ana, general, text=f"generate ci --scopes {plaintext.text}"),
        }

        answer = timed(portal, hooks[place])

        assert ApiKey.objects.get(pk=key.pk).revoked_reason.startswith("PASTED_IN_")
        assert ApiKey.objects.get(pk=other.pk).revoked_at is None
        assert plaintext.text[17:] not in answer.text + log_lines.getvalue() + str(pumble.get("traffic"))
        reply = answer.text + " ".join(ana.ephemerals(general))
        assert "so it was revoked" in reply
        assert plaintext.text[17:] not in reply

    def test_mistyped_is_not_echoed_either(self, portal: str, ana: Person, general: str) -> None:
        _, plaintext = issue(ana, "ci")
        typo = plaintext.text[:-1] + ("0" if plaintext.text[-1] != "0" else "1")

        answers = [
            timed(portal, submission(ana, "add_key", {"name": typo, "may": "full-access", "expires": "30"})),
            timed(portal, menu(ana, typo)),
            timed(portal, command(ana, general, text=f"generate --scopes {typo}")),
            timed(portal, command(ana, general, text=f"generate --{typo}", triggerId="t-2")),
            timed(portal, command(ana, general, text=f"why {typo}", triggerId="t-3")),
            timed(portal, command(ana, general, text=f"rename {typo} {typo}", triggerId="t-4")),
        ]

        reply = "".join(answer.text for answer in answers) + texts(ana.screen(general)["ephemeral"])
        assert typo[17:50] not in reply
        assert ApiKey.objects.count() == 1
