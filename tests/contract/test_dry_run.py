"""`Prefer: handling=dry-run`: the call is checked, and nothing is sent."""

from typing import Any

import pytest

from keys import limits
from keys.models import IdempotentCall, Member
from tests import pumble
from tests.contract.conftest import Acme
from tests.contract.test_rights import WRITING, inputs, key_of
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def dry_run_api(api: Api) -> Api:
    api.headers["Prefer"] = "respond-async, handling=dry-run"
    return api


def writes() -> list[dict[str, Any]]:
    return [call for call in pumble.api_calls() if call["method"] != "GET"]


def test_says_what_would_be_sent_and_sends_nothing(dry_run_api: Api, ana: Person, general: str) -> None:
    before = ana.screen(general)["messages"]

    answer = dry_run_api.post("sendMessage", {"channel": "general", "text": "hello"})

    assert answer.headers["Preference-Applied"] == "handling=dry-run"
    assert success(answer) == {
        "dryRun": True,
        "wouldSend": [
            {
                "as": "owner",
                "method": "POST",
                "path": f"/v1/channels/{general}/messages",
                "body": {"text": "hello"},
            }
        ],
    }
    assert ana.screen(general)["messages"] == before


def test_checks_every_step_of_a_write(dry_run_api: Api, acme: Acme) -> None:
    before = len(writes())
    people = [acme.people["dan"], acme.people["guy"]]

    steps = success(dry_run_api.post("dmGroup", {"userIds": people, "text": "hi", "asBot": True}))[
        "wouldSend"
    ]

    assert [(step["as"], step["path"].rpartition("/")[2]) for step in steps] == [
        ("bot", "direct"),
        ("bot", "messages"),
    ]
    assert len(writes()) == before


def test_refuses_what_a_real_call_would_be_refused(dry_run_api: Api, acme: Acme, portal: str) -> None:
    unknown = {"channel": "nowhere", "text": "x"}
    assert_legacy(dry_run_api.post("sendMessage", unknown), "not_found")
    assert_structured(dry_run_api.post("sendMessage", {"channel": "general"}), "validation", 400000)
    assert_legacy(dry_run_api.post("sendMessage", {"channel": "board", "text": "x"}), "bot_not_in_channel")
    reader = Api(portal, key_of("ana@acme.test", scopes=["messages:read"]))
    reader.headers["Prefer"] = "handling=dry-run"
    assert_legacy(reader.post("sendMessage", {"channel": "general", "text": "x"}), "scope_missing")


def test_takes_of_pumbles_quotas_only_for_what_it_looks_up(dry_run_api: Api, ana: Person) -> None:
    body = {"channel": "general", "text": "x"}
    for _ in range(3):
        assert dry_run_api.post("sendMessage", body).headers["X-RateLimit-Remaining"] == "72"
    before = len(pumble.api_calls())
    for _ in range(5):
        dry_run_api.post("sendMessage", body)

    left = {s.rate_limit.name: s.remaining for s in limits.pumble_quotas(Member.objects.get(email=ana.email))}
    assert left[limits.LimitName.PERSON] == 1000 - 3 - (len(pumble.api_calls()) - before)


@pytest.mark.parametrize("preference", [None, "handling=strict"])
def test_is_every_write_with_a_trial_key(
    api: Api, acme: Acme, portal: str, later: int, preference: str | None
) -> None:
    data = inputs(api, acme, later, "general")
    trial = Api(portal, key_of("ana@acme.test", is_trial=True))
    trial.headers |= {"Prefer": preference} if preference else {}
    before = len(writes())

    for operation in WRITING:
        assert success(trial.call(operation, data[operation]))["dryRun"] is True, operation
    assert len(writes()) == before
    assert success(trial.get("myInfo"))["id"]


def test_leaves_an_idempotency_key_unused(dry_run_api: Api) -> None:
    dry_run_api.headers["Idempotency-Key"] = "a"
    success(dry_run_api.post("sendMessage", {"channel": "general", "text": "x"}))

    assert not IdempotentCall.objects.exists()
    del dry_run_api.headers["Prefer"]
    assert "id" in success(dry_run_api.post("sendMessage", {"channel": "general", "text": "x"}))


def test_a_read_and_another_preference_are_not_dry_runs(dry_run_api: Api) -> None:
    assert success(dry_run_api.get("myInfo"))["id"]
    dry_run_api.headers["Prefer"] = "handling=strict"
    assert "id" in success(dry_run_api.post("sendMessage", {"channel": "general", "text": "x"}))
