"""Keys that renew and end themselves, and keys that manage others: never more than they have, never others' keys."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from keys import lifecycle, scopes
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import KeyRevoked, ManagementNotGiven
from keys.lifecycle import issuance
from keys.models import ApiKey, AuditEvent, IdempotentCall, Member, Policy
from tests.contract.conftest import Acme
from tests.contract.test_rights import key_of
from tests.contract.wire import Api, assert_legacy, assert_structured, issue, success

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.usefixtures("deliveries"),
]

HOUR = timedelta(hours=1)
READING = ["channels:read", "messages:read"]


@pytest.fixture
def manager(portal: str) -> Api:
    """With a key of Ana that may read, write and manage her keys."""
    return Api(portal, issue("ana@acme.test", *READING, "messages:write", scopes.MANAGE))


def row(api: Api) -> ApiKey:
    """Return the row of the key of a client."""
    return ApiKey.objects.get(key_id=api.headers["ApiKey"].split("_")[1])


def client(api: Api, made: dict[str, Any]) -> Api:
    return Api(api.portal, made["key"])


def works(api: Api) -> bool:
    return api.get("keyInfo").status_code == 200


def fields(answer: requests.Response) -> set[str]:
    assert_structured(answer, "validation", 400000)
    return set(answer.json().get("fields", {}))


def later(length: timedelta) -> str:
    return (timezone.now() + length).strftime("%Y-%m-%dT%H:%M:%SZ")


def last(event_type: AuditEvent.Type) -> AuditEvent:
    return AuditEvent.objects.filter(type=event_type).latest("pk")


class TestAManagingKey:
    def test_makes_a_key_that_works_at_once_and_is_shown_once(self, manager: Api) -> None:
        answer = manager.post("createKey", {"name": "ci"})
        made = success(answer)

        assert set(made) == {"id", "key", "name", "scopes", "expiresAt"}
        assert (made["name"], made["expiresAt"]) == ("ci", None)
        assert made["scopes"] == [*READING, "messages:write"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert success(client(manager, made).get("keyInfo"))["id"] == made["id"]

    def test_gives_what_it_has_unless_told_otherwise(self, portal: str, acme: Acme) -> None:
        rights = {
            "channels": {acme.channels["general"]: "general"},
            "allowed_addresses": ["127.0.0.0/8"],
            "calls_per_minute": 50,
            "expires_at": timezone.now() + HOUR,
        }
        manager = Api(portal, key_of("ana@acme.test", scopes=[*READING, scopes.MANAGE], **rights))

        made = row(client(manager, success(manager.post("createKey", {"name": "ci"}))))

        assert made.scopes == READING
        assert {name: getattr(made, name) for name in rights} == rights

    @pytest.mark.parametrize("name", ["deploys", "#Deploys", "id"])
    def test_binds_a_key_to_a_channel_that_its_owner_sees(
        self, manager: Api, acme: Acme, name: str, api: Api
    ) -> None:
        channel = success(api.post("createChannel", {"name": "deploys", "type": "PUBLIC"}))["id"]

        made = success(
            manager.post("createKey", {"name": "ci", "channels": [channel if name == "id" else name]})
        )

        assert row(client(manager, made)).channels == {channel: "deploys"}
        assert_legacy(
            client(manager, made).post("sendMessage", {"channel": "general", "text": "x"}),
            "channel_not_allowed",
        )

    def test_names_a_channel_that_nobody_sees_in_vain(self, manager: Api) -> None:
        assert_legacy(manager.post("createKey", {"name": "ci", "channels": ["nowhere"]}), "not_found")
        assert ApiKey.objects.filter(name="ci").count() == 0

    def test_lists_the_live_keys_of_its_owner_with_the_key_that_made_each(
        self, manager: Api, ben_api: Api
    ) -> None:
        made = success(manager.post("createKey", {"name": "ci"}))
        works(client(manager, made))

        listed = success(manager.get("listKeys"))

        assert [(key["name"], key.get("createdBy")) for key in listed] == [
            ("ci", row(manager).key_id),
            (row(manager).name, None),
        ]
        assert set(listed[0]) == {
            *("id", "name", "workspace", "member", "state", "scopes", "expiresAt", "lastUsedAt", "createdBy"),
        }
        assert "pmb_" not in manager.get("listKeys").text

    def test_renames_reduces_disables_and_enables(self, manager: Api, acme: Acme) -> None:
        made = success(manager.post("createKey", {"name": "ci"}))
        change = {
            "id": made["id"],
            "name": "ci 2",
            "scopes": READING,
            "channels": ["general"],
            "allowedIps": ["127.0.0.1"],
            "callsPerMinute": 5,
            "expiresAt": later(HOUR),
            "purpose": "to test",
            "enabled": False,
        }

        changed = success(manager.post("updateKey", change))

        key = row(client(manager, made))
        assert (changed["name"], changed["state"], changed["scopes"]) == ("ci 2", "disabled", READING)
        assert key.channels == {acme.channels["general"]: "general"}
        assert (key.allowed_addresses, key.calls_per_minute, key.purpose) == (["127.0.0.1/32"], 5, "to test")
        assert_legacy(client(manager, made).get("keyInfo"), "key_disabled")
        assert (
            success(manager.post("updateKey", {"id": f"pmb_{made['id']}", "enabled": True}))["state"]
            == "active"
        )
        assert works(client(manager, made))

    def test_changes_nothing_where_all_is_as_it_was(self, manager: Api) -> None:
        made = success(manager.post("createKey", {"name": "ci", "purpose": "to test"}))
        works(client(manager, made))
        before = AuditEvent.objects.count()

        success(
            manager.post("updateKey", {"id": made["id"], "name": "ci", "purpose": "to test", "enabled": True})
        )

        assert AuditEvent.objects.count() == before

    def test_changes_all_or_nothing(self, manager: Api) -> None:
        made = success(manager.post("createKey", {"name": "ci", "scopes": READING}))

        answer = manager.post("updateKey", {"id": made["id"], "name": "other", "scopes": ["messages:write"]})

        assert fields(answer) == {"scopes"}
        assert row(client(manager, made)).name == "ci"

    def test_rotates_and_revokes_another_key(self, manager: Api) -> None:
        made = success(manager.post("createKey", {"name": "ci"}))
        works(client(manager, made))

        new = success(manager.post("rotateKey", {"id": made["id"], "grace": "now"}))
        assert works(client(manager, new))
        assert_legacy(client(manager, made).get("keyInfo"), "key_rotated")

        ended = success(manager.post("revokeKey", {"id": new["id"], "reason": "done"}))
        assert (ended["state"], ended["createdBy"]) == ("revoked", row(manager).key_id)
        assert_legacy(client(manager, new).get("keyInfo"), "key_revoked")

    def test_takes_what_it_made_with_it(self, manager: Api) -> None:
        made = success(manager.post("createKey", {"name": "ci"}))
        works(client(manager, made))
        new = success(manager.post("rotateKey", {}))
        successor = client(manager, new)
        works(successor)
        second = success(successor.post("createKey", {"name": "ci 2"}))
        works(client(manager, second))

        success(manager.post("revokeKey", {}))
        assert works(client(manager, made)), "its successor has taken its place"
        success(successor.post("revokeKey", {}))

        for gone in (made, second):
            assert_legacy(client(manager, gone).get("keyInfo"), "key_revoked")
            assert row(client(manager, gone)).revoked_reason == ApiKey.RevokeReason.CREATOR_REVOKED

    def test_acts_in_its_own_name(self, manager: Api) -> None:
        success(manager.post("createKey", {"name": "ci"}))

        event = last(AuditEvent.Type.KEY_ISSUED)

        assert (event.surface, event.detail["by_key"]) == (Surface.API, row(manager).key_id)
        assert event.actor == row(manager).owner


# What is wider than the key of `bounded`, by the field that says so.
WIDER: dict[str, Any] = {
    "scopes": ["messages:write"],
    "channels": ["a" * 24],
    "allowedIps": ["126.0.0.0/7"],
    "callsPerMinute": 51,
    "expiresAt": "2099-01-01T00:00:00Z",
}


class TestAKeyNeverGivesMoreThanItHas:
    @pytest.fixture
    def bounded(self, portal: str, acme: Acme) -> Api:
        rights = {
            "channels": {acme.channels["general"]: "general"},
            "allowed_addresses": ["127.0.0.0/8"],
            "calls_per_minute": 50,
            "expires_at": timezone.now() + HOUR,
        }
        return Api(portal, key_of("ana@acme.test", scopes=[*READING, scopes.MANAGE], **rights))

    @pytest.mark.parametrize("field", WIDER)
    def test_when_it_makes_one(self, bounded: Api, field: str) -> None:
        answer = bounded.post("createKey", {"name": "wide", field: WIDER[field]})

        assert fields(answer) == {field}
        assert not ApiKey.objects.filter(name="wide").exists()
        assert last(AuditEvent.Type.RIGHTS_REFUSED).detail == {
            "what": "issue",
            "why": "wider_than_managing_key",
            "by_key": row(bounded).key_id,
            "by_key_name": row(bounded).name,
        }

    @pytest.mark.parametrize("field", ["allowedIps", "channels", "scopes"])
    def test_when_a_list_is_empty(self, bounded: Api, field: str) -> None:
        assert fields(bounded.post("createKey", {"name": "wide", field: []})) == {field}

    @pytest.mark.parametrize("operation", ["updateKey", "rotateKey", "revokeKey"])
    @pytest.mark.parametrize(
        "rights",
        [
            {"channels": None},
            {"allowed_addresses": []},
            {"calls_per_minute": 1000},
            {"expires_at": None},
            {"scopes": list(scopes.ALL)},
            {"scopes": [scopes.MANAGE]},
        ],
        ids=lambda rights: next(iter(rights)) + ("" if rights != {"scopes": [scopes.MANAGE]} else " manage"),
    )
    def test_to_a_key_that_has_more(self, bounded: Api, operation: str, rights: dict[str, Any]) -> None:
        own = row(bounded).rights
        options = {
            "channels": own.channels,
            "allowed_addresses": own.allowed_addresses,
            "calls_per_minute": 50,
            "expires_at": own.expires_at,
            "scopes": READING,
        } | rights
        wide = Api(bounded.portal, key_of("ana@acme.test", **options))
        assert works(wide)
        data: dict[str, Any] = {"id": row(wide).key_id} | (
            {"enabled": False} if operation == "updateKey" else {}
        )

        assert fields(bounded.post(operation, data)) == {"id"}
        assert works(wide)

    def test_nor_the_right_to_manage(self, manager: Api) -> None:
        assert fields(manager.post("createKey", {"name": "x", "scopes": [*READING, scopes.MANAGE]})) == {
            "scopes"
        }

    @pytest.mark.parametrize(
        "surface", [Surface.CHAT, Surface.API, Surface.MCP, Surface.PUMBLE, Surface.SYSTEM, "key"]
    )
    def test_nor_does_any_surface_but_the_dashboard_and_the_operator(
        self, manager: Api, surface: Any
    ) -> None:
        ana = row(manager).owner
        by = Actor(ana, Surface.WEB, key=row(manager)) if surface == "key" else Actor(ana, surface)

        with pytest.raises(ManagementNotGiven):
            lifecycle.issue(owner=ana, name="x", by=by, now=timezone.now(), scopes=[scopes.MANAGE])

    def test_when_its_own_rights_became_fewer(self, manager: Api) -> None:
        made = success(manager.post("createKey", {"name": "ci"}))
        works(client(manager, made))
        key = row(manager)
        reduced = lifecycle.narrow(
            key=key,
            rights=replace(key.rights, scopes=[*READING, scopes.MANAGE]),
            by=OPERATOR,
            now=timezone.now(),
        )
        assert "messages:write" not in reduced.scopes

        assert fields(manager.post("createKey", {"name": "wide", "scopes": ["messages:write"]})) == {"scopes"}
        assert fields(manager.post("revokeKey", {"id": made["id"]})) == {"id"}


class TestAnIdOf:
    @pytest.mark.parametrize("operation", ["updateKey", "rotateKey", "revokeKey"])
    def test_somebody_elses_a_revoked_and_a_pending_key_is_like_none(
        self, manager: Api, ben_api: Api, operation: str
    ) -> None:
        ana = Member.objects.get(email="ana@acme.test")
        revoked = Api(manager.portal, issue("ana@acme.test", *READING))
        lifecycle.revoke(
            key=row(revoked), by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=timezone.now()
        )
        pending, _ = lifecycle.issue(owner=ana, name="p", by=OPERATOR, now=timezone.now(), scopes=READING)
        trial, _ = lifecycle.issue(
            owner=ana, name="t", by=OPERATOR, now=timezone.now(), scopes=READING, is_trial=True
        )
        ids = [row(ben_api).key_id, row(revoked).key_id, pending.key_id, trial.key_id, "4F9DkLmN0pQr"]

        answers = [manager.post(operation, {"id": key_id}) for key_id in ids]

        for answer in answers:
            assert_structured(answer, "not_found", 404100)
        assert len({answer.json()["message"] for answer in answers}) == 1
        assert works(ben_api)

    @pytest.mark.parametrize("value", ["", "x", "pmb_", 5, ["a"], {"a": 1}, "é" * 12, "a" * 13])
    def test_no_key_says_what_an_id_is(self, manager: Api, value: Any) -> None:
        assert fields(manager.post("revokeKey", {"id": value})) == {"id"}
        assert works(manager)


class TestATypo:
    @pytest.mark.parametrize(
        ("operation", "data"),
        [
            ("createKey", {"name": "x", "scope": READING}),
            ("createKey", {"name": "x", "expires": later(HOUR)}),
            ("createKey", {"name": "x", "bogus": 1}),
            ("revokeKey", {"Id": "4F9DkLmN0pQr"}),
            ("revokeKey", {"keyId": "4F9DkLmN0pQr"}),
            ("revokeKey", {"keyId": None}),
            ("revokeKey", {"id": None}),
            ("rotateKey", {"graze": "now"}),
            ("rotateKey", {"grace": "never"}),
            ("updateKey", {"id": "4F9DkLmN0pQr", "disabled": True}),
        ],
    )
    def test_changes_nothing(self, manager: Api, operation: str, data: dict[str, Any]) -> None:
        before = ApiKey.objects.count()

        assert_structured(manager.post(operation, data), "validation", 400000)

        assert works(manager)
        assert ApiKey.objects.count() == before

    @pytest.mark.parametrize("operation", ["revokeKey", "rotateKey"])
    def test_of_the_place_ends_nothing(self, manager: Api, operation: str) -> None:
        answer = manager.send("POST", operation, query={"id": "4F9DkLmN0pQr"})

        assert_structured(answer, "validation", 400000)
        assert "hint" in answer.json()
        assert works(manager)
        assert ApiKey.objects.count() == 1

    @pytest.mark.parametrize(
        "moment",
        [
            "tomorrow",
            "2099-01-01",
            "2099-01-01T00:00:00",
            "",
            True,
            [],
            4102444800,
            1e400,
            "2020-01-01T00:00:00Z",
        ],
    )
    def test_in_a_time_makes_no_key(self, manager: Api, moment: Any) -> None:
        if moment == 1e400:
            assert_legacy(manager.post("createKey", raw=b'{"name": "x", "expiresAt": 1e400}'), "validation")
        else:
            assert fields(manager.post("createKey", {"name": "x", "expiresAt": moment})) == {"expiresAt"}

    @pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\u202eb", None])
    def test_in_a_name_makes_no_key(self, manager: Api, name: Any) -> None:
        assert fields(manager.post("createKey", {"name": name})) == {"name"}

    def test_in_an_address_makes_no_key(self, manager: Api) -> None:
        assert fields(manager.post("createKey", {"name": "x", "allowedIps": ["10.0.0.1/8"]})) == {
            "allowedIps"
        }


class TestAKeyWithoutTheScope:
    @pytest.mark.parametrize(
        ("operation", "data"),
        [
            ("listKeys", {}),
            ("createKey", {"name": "x"}),
            ("updateKey", {"id": "4F9DkLmN0pQr", "enabled": False}),
            ("rotateKey", {"id": "4F9DkLmN0pQr"}),
            ("revokeKey", {"id": "4F9DkLmN0pQr"}),
        ],
    )
    def test_manages_no_other_and_its_attempt_is_recorded(
        self, api: Api, operation: str, data: dict[str, Any]
    ) -> None:
        answer = api.get(operation) if operation == "listKeys" else api.post(operation, data)

        assert_legacy(answer, "scope_missing")
        detail = last(AuditEvent.Type.RIGHTS_REFUSED).detail
        assert (detail["why"], detail["by_key"]) == ("scope_missing", row(api).key_id)

    def test_has_full_access_and_manages_nothing(self, api: Api) -> None:
        assert scopes.MANAGE not in success(api.get("keyInfo"))["scopes"]

    def test_renews_itself(self, portal: str) -> None:
        api = Api(portal, issue("ana@acme.test", "user:read"))

        new = success(api.post("rotateKey", {"grace": "1h"}))

        assert works(client(api, new))
        old = row(api)
        assert old.retires_at is not None
        assert timedelta(minutes=59) < old.retires_at - timezone.now() <= HOUR
        assert works(api)

    def test_ends_itself(self, portal: str) -> None:
        api = Api(portal, issue("ana@acme.test", "user:read"))

        assert success(api.post("revokeKey", {}))["state"] == "revoked"

        assert_legacy(api.get("keyInfo"), "key_revoked")
        assert row(api).revoked_reason == ApiKey.RevokeReason.BY_KEY

    def test_names_itself_by_its_id_too(self, portal: str) -> None:
        api = Api(portal, issue("ana@acme.test", "user:read"))

        success(api.post("revokeKey", {"id": row(api).key_id}))

        assert_legacy(api.get("keyInfo"), "key_revoked")


class TestARotationWhoseAnswerWasLost:
    def test_can_be_repeated_while_the_successor_was_not_used(self, api: Api) -> None:
        lost = success(api.post("rotateKey", {"grace": "1h"}))
        _wait_for_deliveries()
        end = row(api).retires_at

        new = success(api.post("rotateKey", {"grace": "7d"}))

        assert works(client(api, new))
        assert_legacy(client(api, lost).get("keyInfo"), "key_revoked")
        assert row(api).retires_at == end
        assert works(api)

    def test_cannot_be_repeated_once_the_successor_was_used(self, api: Api) -> None:
        new = success(api.post("rotateKey", {}))
        works(client(api, new))

        assert_structured(api.post("rotateKey", {}), "validation", 400000)

        assert works(client(api, new))

    def test_cannot_end_a_successor_that_its_owner_asked_for(self, api: Api) -> None:
        ana = row(api).owner
        successor, _ = lifecycle.rotate(
            key=row(api), grace=HOUR, by=Actor(ana, Surface.WEB), now=timezone.now()
        )
        lifecycle.confirm(key=successor, by=Actor(ana, Surface.WEB), now=timezone.now())

        assert_structured(api.post("rotateKey", {}), "validation", 400000)

        successor.refresh_from_db()
        assert successor.revoked_at is None

    def test_waits_while_the_answer_may_be_under_way(self, api: Api) -> None:
        lifecycle.rotate(key=row(api), grace=HOUR, by=OPERATOR, now=timezone.now())

        answer = api.post("rotateKey", {})

        assert_legacy(answer, "idempotency_in_progress")
        assert answer.headers["Retry-After"] == "60"

    def test_at_once_leaves_one_successor(self, api: Api) -> None:
        answers: list[requests.Response] = []
        callers = [
            threading.Thread(target=lambda: answers.append(api.post("rotateKey", {}))) for _ in range(4)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

        assert any(answer.status_code == 200 for answer in answers)
        assert {answer.status_code for answer in answers} <= {200, 403}
        _wait_for_deliveries()
        assert ApiKey.objects.filter(replaces=row(api), revoked_at=None).count() == 1
        assert works(api)


def _wait_for_deliveries() -> None:
    """Wait until the server has noticed that the answer was sent."""
    for _ in range(500):
        if not ApiKey.objects.filter(confirmed_at=None, revoked_at=None).exists():
            return
        threading.Event().wait(0.01)
    raise AssertionError("a key was never confirmed")


class TestARepetition:
    @pytest.fixture(params=["createKey", "rotateKey"])
    def operation(self, request: Any) -> str:
        return str(request.param)

    def test_gets_the_first_answer_without_the_key_and_says_so(self, manager: Api, operation: str) -> None:
        data = {"name": "ci"} if operation == "createKey" else {}
        manager.headers["Idempotency-Key"] = "once"
        first = success(manager.post(operation, data))

        second = manager.post(operation, data)

        assert success(second) == first | {"key": None, "note": second.json()["note"]}
        assert second.headers["Idempotency-Replayed"] == "true"
        assert "first answer only" in second.json()["note"]
        assert first["key"].encode() not in bytes(IdempotentCall.objects.get().answer or b"")
        assert ApiKey.objects.count() == 2

    def test_of_a_refused_call_is_carried_out(self, manager: Api) -> None:
        manager.headers["Idempotency-Key"] = "once"
        assert_structured(manager.post("createKey", {"name": ""}), "validation", 400000)

        assert success(manager.post("createKey", {"name": "ci"}))["key"]


class TestAnAnswerThatCannotBeSent:
    @pytest.mark.parametrize(("operation", "data"), [("createKey", {"name": "ci"}), ("rotateKey", {})])
    def test_leaves_no_key_and_can_be_repeated(
        self, manager: Api, operation: str, data: dict[str, str]
    ) -> None:
        headers = manager.headers | {"Idempotency-Key": "once"}
        old = row(manager)

        answer: Any = Client().post(f"/{operation}", data, content_type="application/json", headers=headers)
        sending = iter(answer._iterator)  # what the server writes from
        assert b'"key":"pmb_' in next(sending)
        sending.close()

        (lost,) = ApiKey.objects.exclude(pk=old.pk)
        assert lost.revoked_reason == ApiKey.RevokeReason.NOT_DELIVERED
        assert works(manager)
        assert row(manager).retires_at is None
        manager.headers |= {"Idempotency-Key": "once"}
        assert works(client(manager, success(manager.post(operation, data))))

    def test_to_a_trial_key_is_a_dry_run(self, portal: str) -> None:
        trial = Api(portal, key_of("ana@acme.test", is_trial=True))

        assert success(trial.post("rotateKey", {}))["dryRun"] is True
        assert success(trial.post("revokeKey", {}))["dryRun"] is True
        assert works(trial)


class TestALoop:
    def test_ends_at_so_many_new_keys_an_hour(self, manager: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(issuance, "MAX_NEW_KEYS_PER_HOUR", 4)

        answers = [manager.post("createKey", {"name": f"ci {number}"}) for number in range(5)]
        rotated = manager.post("rotateKey", {})

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert_legacy(rotated, "rate_limited", 429)
        assert 3500 < int(rotated.headers["Retry-After"]) <= 3600
        ana = row(manager).owner
        lifecycle.issue(owner=ana, name="by hand", by=Actor(ana, Surface.WEB), now=timezone.now())


class TestAWorkspaceKey:
    @pytest.fixture
    def workspace_manager(self, portal: str) -> Api:
        ana = Member.objects.get(email="ana@acme.test")
        bot = Member.objects.get(is_bot=True, workspace=ana.workspace)
        rights: dict[str, Any] = {"scopes": [*READING, scopes.MANAGE]}
        _key, plaintext = lifecycle.issue(
            owner=bot, name="wk", by=OPERATOR, now=timezone.now(), responsible=ana, **rights
        )
        return Api(portal, plaintext.text)

    def test_manages_keys_of_the_workspace_and_never_a_members(
        self, workspace_manager: Api, api: Api
    ) -> None:
        made = success(workspace_manager.post("createKey", {"name": "ci"}))

        key = row(client(workspace_manager, made))
        assert (key.owner, key.responsible) == (
            row(workspace_manager).owner,
            row(workspace_manager).responsible,
        )
        names = [key["name"] for key in success(workspace_manager.get("listKeys"))]
        assert names == ["ci", "wk"]
        for operation in ("rotateKey", "revokeKey"):
            answer = workspace_manager.post(operation, {"id": row(api).key_id})
            assert_structured(answer, "not_found", 404100)

    def test_is_not_managed_by_a_key_of_the_person_who_is_responsible(
        self, workspace_manager: Api, manager: Api
    ) -> None:
        answer = manager.post("revokeKey", {"id": row(workspace_manager).key_id})

        assert_structured(answer, "not_found", 404100)
        assert works(workspace_manager)

    def test_renews_itself(self, workspace_manager: Api) -> None:
        new = client(workspace_manager, success(workspace_manager.post("rotateKey", {})))

        assert works(new)
        assert row(new).responsible == row(workspace_manager).responsible


class TestADryRun:
    @pytest.mark.parametrize(
        ("operation", "data"),
        [
            ("createKey", {"name": "ci"}),
            ("rotateKey", {}),
            ("revokeKey", {}),
            ("updateKey", {"enabled": False}),
        ],
    )
    def test_checks_everything_and_changes_nothing(
        self, manager: Api, operation: str, data: dict[str, Any]
    ) -> None:
        if operation == "updateKey":
            other = issue("ana@acme.test", *READING)
            data = data | {"id": other.split("_")[1]}
        manager.headers["Prefer"] = "handling=dry-run"
        before = list(ApiKey.objects.values()), AuditEvent.objects.count()

        answer = manager.post(operation, data)

        assert success(answer) == {"dryRun": True, "wouldSend": []}
        assert answer.headers["Preference-Applied"] == "handling=dry-run"
        assert (list(ApiKey.objects.values()), AuditEvent.objects.count()) == before

    def test_refuses_as_a_call_would(self, manager: Api) -> None:
        manager.headers["Prefer"] = "handling=dry-run"

        assert fields(manager.post("createKey", {"name": "x", "scopes": ["status:write"]})) == {"scopes"}


class TestThePolicy:
    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"max_keys": 1}, set()),
            ({"creators": Policy.Creators.CHOSEN}, set()),
            ({"allowed_scopes": ["messages:read"]}, {"scopes"}),
            ({"allows_no_expiry": False}, {"expiresAt"}),
            ({"addresses_required": True}, {"allowedIps"}),
        ],
        ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
    )
    def test_holds(self, portal: str, values: dict[str, Any], field: set[str]) -> None:
        manager = Api(portal, issue("ben@acme.test", *READING, scopes.MANAGE))
        ben = row(manager).owner
        Member.objects.filter(pk=ben.pk).update(role=Member.Role.USER)
        assert ben.workspace is not None
        Policy.objects.create(workspace=ben.workspace, **values)

        assert fields(manager.post("createKey", {"name": "ci"})) == field
        assert not ApiKey.objects.filter(name="ci").exists()

    def test_of_the_key_of_an_administrator_gives_no_power_over_others(self, portal: str, api: Api) -> None:
        manager = Api(portal, issue("ben@acme.test", *scopes.KNOWN))

        assert_structured(manager.post("revokeKey", {"id": row(api).key_id}), "not_found", 404100)
        assert works(api)


def test_a_key_that_an_administrator_disabled_is_not_enabled_by_a_key(manager: Api) -> None:
    made = success(manager.post("createKey", {"name": "ci"}))
    works(client(manager, made))
    ben = Member.objects.get(email="ben@acme.test")
    lifecycle.disable(key=row(client(manager, made)), by=Actor(ben, Surface.ADMIN), now=timezone.now())

    assert fields(manager.post("updateKey", {"id": made["id"], "enabled": True})) == {"enabled"}
    assert last(AuditEvent.Type.RIGHTS_REFUSED).detail["what"] == "update"


def test_a_revoked_key_makes_no_other_in_the_same_moment(manager: Api) -> None:
    by = Actor(row(manager).owner, Surface.API, key=row(manager))
    lifecycle.revoke(
        key=row(manager), by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=timezone.now()
    )

    with pytest.raises(KeyRevoked):
        lifecycle.issue(owner=row(manager).owner, name="x", by=by, now=timezone.now(), scopes=READING)
