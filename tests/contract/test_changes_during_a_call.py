"""Changes of a key during a call: that call completes, the next one is refused. An upload has to arrive first."""

import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

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


def test_a_revocation_stops_an_upload_whose_body_still_arrives(
    api: Api, settings: Settings, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    body = b'--x\r\nContent-Disposition: form-data; name="channel"\r\n\r\ngeneral\r\n'
    body += b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    body += bytes(1_200_000) + b"\r\n--x--\r\n"
    head = f"POST /sendMessage HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    head += "Connection: close\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in api.headers.items()) + "\r\n"
    host, port = api.portal.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(head.encode() + body[:-10])
        until = time.monotonic() + 10
        while not any(tmp_path.iterdir()):  # the call has begun
            assert time.monotonic() < until
        reason = ApiKey.RevokeReason.BY_OPERATOR
        lifecycle.revoke(key=ApiKey.objects.get(), by=OPERATOR, reason=reason, now=timezone.now())
        connection.sendall(body[-10:])
        answer = connection.makefile("rb").read()

    assert b'"key_revoked"' in answer, answer
    assert not [call for call in pumble.api_calls() if "files" in call["url"]]


def test_an_expiry_stops_the_next_call(portal: str) -> None:
    api = Api(portal, key_of("ana@acme.test", expires_at=timezone.now() + timedelta(seconds=0.8)))

    assert "id" in success(during_a_call(api, lambda: None))
    assert_legacy(api.get("keyInfo"), "key_expired")
    usage.recorder.flush()
    assert [row.outcome for row in RequestLog.objects.order_by("pk")] == ["ok", "key_expired"]
