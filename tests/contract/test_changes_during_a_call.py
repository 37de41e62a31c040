"""Changes of a key during a call: that call completes, the next one is refused."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from django.db import connections
from django.utils import timezone

from keys import lifecycle, usage
from keys.audit import OPERATOR
from keys.models import ApiKey, RequestLog
from tests import pumble
from tests.contract.test_rights import key_of
from tests.contract.wire import Api, assert_legacy, success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def during_a_call(api: Api, do: Callable[[], object]) -> requests.Response:
    """The answer to a message whose posting takes a second, in which `do` is done."""
    pumble.faults({"match": "POST /v1/channels/*/messages", "do": "delay:1", "times": 1})
    answers: list[requests.Response] = []

    def call() -> None:
        answers.append(api.post("sendMessage", {"channel": "general", "text": "slow"}))
        connections.close_all()

    thread = threading.Thread(target=call)
    thread.start()
    do()
    thread.join()
    return answers[0]


def wait_until_pumble_was_asked() -> None:
    while not any("/v1/channels" in call["url"] for call in pumble.api_calls()):
        pass


def test_a_revocation_stops_the_next_call(api: Api) -> None:
    def revoke() -> None:
        wait_until_pumble_was_asked()
        reason = ApiKey.RevokeReason.BY_OPERATOR
        lifecycle.revoke(key=ApiKey.objects.get(), by=OPERATOR, reason=reason, now=timezone.now())

    assert "id" in success(during_a_call(api, revoke))
    assert_legacy(api.get("keyInfo"), "key_revoked")


def test_an_expiry_stops_the_next_call(portal: str) -> None:
    api = Api(portal, key_of("ana@acme.test", expires_at=timezone.now() + timedelta(seconds=0.8)))

    assert "id" in success(during_a_call(api, lambda: None))
    assert_legacy(api.get("keyInfo"), "key_expired")
    usage.recorder.flush()
    assert [row.outcome for row in RequestLog.objects.order_by("pk")] == ["ok", "key_expired"]
