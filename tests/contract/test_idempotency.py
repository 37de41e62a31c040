"""`Idempotency-Key`: a repeated write happens once."""

import contextlib
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import requests
from django.db import OperationalError
from django.utils import timezone

from keys import idempotency, lifecycle
from keys.audit import OPERATOR
from keys.models import ApiKey, IdempotentCall
from tests import pumble
from tests.contract.conftest import Acme
from tests.contract.test_rights import key_of
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

HELLO = {"channel": "general", "text": "only once"}


def repeated(answer: requests.Response) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def texts(ana: Person, general: str, text: str = "only once") -> int:
    return [message["text"] for message in ana.screen(general)["messages"]].count(text)


@pytest.fixture
def idempotent_api(api: Api) -> Api:
    """Sends everything with the same `Idempotency-Key`."""
    api.headers["Idempotency-Key"] = "8e03978e-40d5-43dd-bc93-6894a57f9324"
    return api


def test_a_repetition_gets_the_first_answer_and_sends_nothing(
    idempotent_api: Api, ana: Person, general: str
) -> None:
    first, second = idempotent_api.post("sendMessage", HELLO), idempotent_api.post("sendMessage", HELLO)

    assert success(first) == success(second)
    assert (repeated(first), repeated(second)) == (False, True)
    assert texts(ana, general) == 1


def test_the_value_counts_with_quotes_and_without(idempotent_api: Api, ana: Person, general: str) -> None:
    idempotent_api.post("sendMessage", HELLO)
    idempotent_api.headers["Idempotency-Key"] = f'"{idempotent_api.headers["Idempotency-Key"]}"'

    assert repeated(idempotent_api.post("sendMessage", HELLO))


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("sendMessage", HELLO | {"text": "another"}),
        ("sendReply", HELLO | {"messageId": "a" * 24}),
        ("createChannel", {"name": "x", "type": "PUBLIC"}),
    ],
)
def test_the_value_is_refused_with_another_request(
    idempotent_api: Api, operation: str, body: dict[str, Any]
) -> None:
    idempotent_api.post("sendMessage", HELLO)

    assert_legacy(idempotent_api.post(operation, body), "idempotency_conflict")


def test_every_write_can_be_repeated(idempotent_api: Api, acme: Acme, ana: Person, general: str) -> None:
    ref = success(idempotent_api.post("sendMessage", HELLO))

    for number, (operation, data) in enumerate(
        {
            "createChannel": {"name": "made once", "type": "PUBLIC"},
            "dmUser": {"userId": acme.people["ben"], "text": "x"},
            "addReaction": {"messageId": ref["id"], "reaction": ":+1:"},
            "deleteMessage": {"channelId": general, "messageId": ref["id"]},
        }.items()
    ):
        idempotent_api.headers["Idempotency-Key"] = f"write-{number}"
        first, second = idempotent_api.call(operation, data), idempotent_api.call(operation, data)
        assert success(first) == success(second), operation
        assert (repeated(first), repeated(second)) == (False, True), operation


def test_a_read_is_a_read(idempotent_api: Api) -> None:
    success(idempotent_api.get("myInfo"))

    assert not repeated(idempotent_api.get("myInfo"))
    assert not IdempotentCall.objects.exists()


def test_what_was_refused_can_be_corrected(idempotent_api: Api, ana: Person, general: str) -> None:
    assert_legacy(idempotent_api.post("sendMessage", HELLO | {"channel": "nowhere"}), "not_found")
    pumble.faults({"match": "POST /v1/channels/*/messages", "do": "rate_limit:7", "times": 1})
    assert_legacy(idempotent_api.post("sendMessage", HELLO), "pumble_rate_limited", 429)

    assert not repeated(idempotent_api.post("sendMessage", HELLO))
    assert texts(ana, general) == 1


@pytest.mark.parametrize("fault", ["drop", "garbage", "status:500", "truncate"])
def test_a_first_try_of_unknown_outcome_is_never_repeated(idempotent_api: Api, fault: str) -> None:
    pumble.faults({"match": "POST /v1/channels/*/messages", "do": fault, "times": 1})
    assert idempotent_api.post("sendMessage", HELLO).status_code == 502
    before = len(pumble.api_calls())

    for _ in range(2):
        assert_legacy(idempotent_api.post("sendMessage", HELLO), "idempotency_unknown")
    assert len([call for call in pumble.api_calls()[before:] if call["method"] == "POST"]) == 0


def test_a_time_out_before_anything_was_written_can_be_repeated(idempotent_api: Api) -> None:
    pumble.faults({"match": "GET /v1/channels", "do": "status:503", "times": 1})
    assert idempotent_api.post("sendMessage", HELLO).status_code == 502

    success(idempotent_api.post("sendMessage", HELLO))


@pytest.mark.parametrize("value", ["", '""', "x" * 256, "se\u00f1al"])
def test_a_value_that_cannot_be_used_is_said(api: Api, value: str) -> None:
    api.headers["Idempotency-Key"] = value.encode("latin-1")  # type: ignore[assignment]

    assert_structured(
        api.post("sendMessage", HELLO),
        "validation",
        400000,
        "[Idempotency-Key must have 1 to 255 visible characters]",
    )


def test_five_hundred_repetitions_of_fifty_threads_send_one_message(
    idempotent_api: Api, ana: Person, general: str
) -> None:
    answers: list[requests.Response] = []

    def repeat() -> None:
        for _ in range(10):
            while True:  # as a client does that lost its connection
                with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                    answers.append(idempotent_api.post("sendMessage", HELLO))
                    break

    threads = [threading.Thread(target=repeat) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent = {answer.json()["id"] for answer in answers if answer.status_code == 200}
    refused = Counter(answer.json()["reason"] for answer in answers if answer.status_code != 200)
    assert (len(answers), len(sent)) == (500, 1)
    assert set(refused) <= {"idempotency_in_progress"}
    assert [repeated(answer) for answer in answers if answer.status_code == 200].count(False) <= 1
    assert texts(ana, general) == 1


def test_a_database_failure_after_the_write_does_not_change_the_answer(
    idempotent_api: Api, ana: Person, general: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any, **_options: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(idempotency.Started, "complete", away)
        assert "id" in success(idempotent_api.post("sendMessage", HELLO))

    assert_legacy(idempotent_api.post("sendMessage", HELLO), "idempotency_in_progress")
    assert texts(ana, general) == 1


def test_a_narrowed_key_gets_no_stored_answer_of_its_wider_rights(
    portal: str, acme: Acme, later: int
) -> None:
    channels = {acme.channels[name]: name for name in ("general", "random")}
    api = Api(portal, key_of("ana@acme.test", channels=channels))
    made = success(
        api.post(
            "createScheduledMessage", {"channelId": acme.channels["random"], "text": "x", "sendAt": later}
        )
    )
    api.headers["Idempotency-Key"] = "v"
    change = {
        "scheduledMessageId": made["id"],
        "channelId": made["channelId"],
        "text": "secret",
        "sendAt": later,
    }
    success(api.post("editScheduledMessage", change))
    key = ApiKey.objects.get()
    fewer = replace(key.rights, channels={acme.channels["general"]: "general"})
    lifecycle.narrow(key=key, rights=fewer, by=OPERATOR, now=timezone.now())

    answer = api.post("editScheduledMessage", change)

    assert_legacy(answer, "idempotency_unknown")
    assert "secret" not in answer.text
