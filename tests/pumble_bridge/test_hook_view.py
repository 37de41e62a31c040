"""The hook view, with raw requests as Pumble or an attacker would send them."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from keys.models import ApiKey, Member, Workspace
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.commands import subcommands
from pumble_bridge.hooks import views
from pumble_bridge.models import AcceptedHook, Authorization
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.hooks import command, event, raw, send

pytestmark = pytest.mark.django_db(transaction=True)


class TestAHookThatIsNotPumbles:
    @pytest.mark.parametrize(
        "forged",
        [
            {"secret": "another secret"},
            {"late_by": 400},
            {"late_by": -400},
            {"x-pumble-request-signature": "0" * 64},
            {"x-pumble-request-signature": ""},
            {"x-pumble-request-timestamp": ""},
            {"x-pumble-request-timestamp": "now"},
        ],
        ids=lambda forged: next(iter(forged)) + "=" + str(next(iter(forged.values())))[:14],
    )
    def test_is_refused_and_changes_nothing(
        self, portal: str, ana: Person, general: str, forged: dict[str, Any]
    ) -> None:
        answer = send(portal, raw(command(ana, general)), **forged)

        assert answer.status_code == 403
        assert not ApiKey.objects.exists()
        assert not AcceptedHook.objects.exists()
        assert ana.ephemerals(general) == []

    @pytest.mark.parametrize(("minutes", "seconds_old"), [(10, 600), (-10, -600)])
    def test_by_a_clock_that_is_ten_minutes_off_is_refused_with_a_hint_in_the_log(
        self, portal: str, ana: Person, general: str, log_lines: io.StringIO, minutes: int, seconds_old: int
    ) -> None:
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
            ana.type(general, "/api-keys generate ci")

        line = next(line for line in log_lines.getvalue().splitlines() if "hook.refused" in line)
        assert "clock of this machine may be off" in line
        assert abs(int(line.split("seconds_old=")[1].split()[0]) - seconds_old) <= 5
        assert not ApiKey.objects.exists()

    def test_may_not_be_a_get(self, portal: str) -> None:
        assert requests.get(f"{portal}/pumble/hook", timeout=5).status_code == 405


class TestARepetition:
    def test_is_acknowledged_without_effect(self, portal: str, ana: Person, general: str) -> None:
        body = raw(command(ana, general))
        at = time.time()

        answers = [send(portal, body, at=at) for _ in range(3)]

        assert [(answer.status_code, answer.text) for answer in answers] == [(200, "{}")] * 3
        assert ApiKey.objects.count() == 1

    def test_of_the_same_trigger_in_other_bytes_is_one_too(
        self, portal: str, ana: Person, general: str
    ) -> None:
        send(portal, raw(command(ana, general)))

        again = send(portal, raw(command(ana, general) | {"extra": "bytes"}))

        assert (again.status_code, ApiKey.objects.count()) == (200, 1)

    def test_at_the_same_moment_makes_one_key(self, portal: str, ana: Person, general: str) -> None:
        body, at = raw(command(ana, general)), time.time()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: send(portal, body, at=at), range(8)))

        assert {answer.status_code for answer in answers} == {200}
        assert ApiKey.objects.count() == 1


class TestASignedBodyIsStillHostile:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"messageType":"SLASH_COMMAND"}',
            b'{"messageType":"UNHEARD_OF"}',
            b'{"messageType":7}',
            b'{"messageType":null}',
            b'{"messageType":["x"]}',
            b'{"messageType":"APP_EVENT","eventType":"APP_UNINSTALLED","workspaceId":"'
            + b"a" * 24
            + b'","body":"{"}',
            b'{"messageType":"APP_EVENT","eventType":"APP_UNINSTALLED","workspaceId":"'
            + b"a" * 24
            + b'","body":{}}',
        ],
    )
    def test_gets_a_400_and_its_reason_into_the_log(
        self, portal: str, body: bytes, log_lines: io.StringIO
    ) -> None:
        answer = send(portal, body)

        assert (answer.status_code, set(answer.json())) == (400, {"message"})
        assert "hook.refused" in log_lines.getvalue()

    @pytest.mark.parametrize("field", ["slashCommand", "userId", "channelId", "workspaceId", "triggerId"])
    @pytest.mark.parametrize("value", [None, 5, [], {}, "", "x" * 300, "../../x"])
    def test_with_any_value_in_a_field(
        self, portal: str, ana: Person, general: str, field: str, value: Any
    ) -> None:
        answer = send(portal, raw(command(ana, general) | {field: value}))

        assert answer.status_code in {200, 400}
        if field in {"userId", "channelId", "workspaceId"}:
            assert (answer.status_code, ApiKey.objects.count()) == (400, 0)

    def test_that_breaks_off_is_refused(self, db: None) -> None:
        class BrokenOff(io.BytesIO):
            def read(self, _size: int | None = -1, /) -> bytes:
                raise ConnectionResetError

        request = RequestFactory().post("/pumble/hook", b"{}", content_type="application/json")
        request.environ["wsgi.input"] = BrokenOff()
        answer = views.hook(type(request)(request.environ))

        assert (answer.status_code, json.loads(answer.content)) == (400, {"message": "cut short"})
        assert not AcceptedHook.objects.exists()

    def test_over_one_mebibyte_is_too_large(self, portal: str) -> None:
        assert send(portal, b'{"a":"' + b"x" * 1_100_000 + b'"}').status_code == 413


class TestTenants:
    def test_a_command_for_an_unknown_workspace_or_another_command_changes_nothing(
        self, portal: str, ana: Person, general: str
    ) -> None:
        elsewhere = send(portal, raw(command(ana, general, workspaceId="f" * 24)))
        other = send(portal, raw(command(ana, general, slashCommand="/other", triggerId="t-2")))

        assert (elsewhere.status_code, other.status_code) == (400, 400)
        assert "not installed" in elsewhere.json()["message"]
        assert not ApiKey.objects.exists()

    def test_a_hook_of_one_workspace_cannot_name_a_member_of_another(self, portal: str, ana: Person) -> None:
        other = Workspace.objects.create(
            pumble_id="e" * 24, name="E", installed_at="2026-01-01T00:00Z", created_at="2026-01-01T00:00Z"
        )

        send(portal, raw(event(ana, "APP_UNAUTHORIZED", workspaceId=other.pumble_id)))

        assert Member.objects.get(email=ana.email).authorized_at is not None


class TestLifecycleEvents:
    @pytest.mark.parametrize("message_type", ["APP_EVENT", "PUMBLE_EVENT"])
    def test_are_final_and_harmless_in_any_order_and_number(
        self, portal: str, ana: Person, ben: Person, general: str, message_type: str
    ) -> None:
        ana.type(general, "/api-keys generate ci")
        for number, kind in enumerate(
            ["APP_UNAUTHORIZED", "APP_UNINSTALLED", "APP_UNAUTHORIZED", "APP_UNINSTALLED"]
        ):
            hook = event(ana, kind, messageType=message_type, n=number)
            assert send(portal, raw(hook)).status_code == 200

        assert ApiKey.objects.get().revoked_reason == "UNAUTHORIZED"
        assert not Authorization.objects.exists()

    def test_for_unknown_people_and_workspaces_change_nothing(
        self, portal: str, ana: Person, ben: Person
    ) -> None:
        hooks = [
            event(ana, "APP_UNINSTALLED", workspaceId="f" * 24),
            event(ana, "APP_UNAUTHORIZED", workspaceUserIds=["f" * 24], body="{}"),
            event(ana, "SOMETHING_ELSE"),
        ]

        assert {send(portal, raw(hook)).status_code for hook in hooks} == {200}

        assert Authorization.objects.count() == 2

    def test_name_who_left_in_the_list_or_in_the_body(self, portal: str, ana: Person, ben: Person) -> None:
        send(portal, raw(event(ana, "APP_UNAUTHORIZED", body="{}")))
        send(portal, raw(event(ben, "APP_UNAUTHORIZED", workspaceUserIds=[])))

        assert not Authorization.objects.exists()


class TestAtTheSameMoment:
    def test_leaving_and_deleting_do_not_wait_for_each_other(
        self, portal: str, ana: Person, general: str
    ) -> None:
        for number in range(8):
            ana.type(general, f"/api-keys generate key-{number}")
        hooks = [raw(command(ana, general, text=f"delete key-{n}", triggerId=f"d-{n}")) for n in range(8)]
        hooks.insert(4, raw(event(ana, "APP_UNINSTALLED")))

        with ThreadPoolExecutor(9) as pool:
            answers = list(pool.map(lambda body: send(portal, body), hooks))

        assert answers[4].status_code == 200
        assert {answer.status_code for answer in answers} <= {200, 400}
        assert not ApiKey.objects.filter(revoked_at__isnull=True).exists()
        assert not Authorization.objects.exists()


class TestOurOwnFailure:
    def test_is_reported_and_allows_a_repetition(
        self, portal: str, ana: Person, general: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: Any, **_options: Any) -> None:
            raise RuntimeError

        body = raw(command(ana, general))
        with monkeypatch.context() as broken:
            broken.setattr(subcommands, "handle", fail)
            first = send(portal, body)
        second = send(portal, body)

        assert (first.status_code, second.status_code, ApiKey.objects.count()) == (500, 200, 1)
        assert "/api-keys list" in first.json()["message"]

    def test_during_delivery_leaves_no_undelivered_key(
        self, portal: str, ana: Person, general: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: Any, **_options: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(key_blocks, "new_key_parts", fail)

        answer = send(portal, raw(command(ana, general)))

        assert (answer.status_code, ApiKey.objects.get().revoked_reason) == (500, "NOT_DELIVERED")
        assert ana.ephemerals(general) == []

    def test_pumble_is_the_only_one_asked(self, portal: str, ana: Person, general: str) -> None:
        pumble.act("reset")

        send(portal, raw(command(ana, general, text="help")))

        assert len(pumble.api_calls()) == 1
