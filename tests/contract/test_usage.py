"""What is stored about a call: last use, request log and counts, but never a body."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from keys import lifecycle, usage
from keys.audit import OPERATOR
from keys.key_format import _checksum
from keys.models import ApiKey, LastUse, RequestLog
from tests.contract.wire import Api, success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def test_a_call_is_logged_with_its_outcome_and_without_its_body(api: Api) -> None:
    api.headers |= {"User-Agent": "deploy/1.2", "X-Request-Id": "from-the-client"}
    success(api.post("sendMessage", {"channel": "general", "text": "a secret text"}))
    refused = api.post("sendMessage", {"channel": "nowhere", "text": "a secret text"})
    usage.recorder.flush()

    ok, bad = RequestLog.objects.order_by("pk")
    assert (ok.operation, ok.outcome, ok.status, ok.address) == ("sendMessage", "ok", 200, "127.0.0.1")
    assert (bad.outcome, bad.status) == (refused.json()["reason"], 403)
    assert ok.request_id == "from-the-client"
    assert LastUse.objects.get(key=ok.key).agent == "deploy/1.2"
    assert "secret" not in repr(list(RequestLog.objects.values()))


def test_the_operators_list_says_when_a_key_was_last_used(api: Api) -> None:
    def listed() -> dict[str, Any]:
        out = io.StringIO()
        call_command("list_keys", "--json", stdout=out)
        (result,) = json.loads(out.getvalue())
        return dict(result)

    assert listed()["lastUsedAt"] is None
    success(api.get("myInfo"))
    usage.recorder.flush()

    assert listed()["lastUsedAt"] == LastUse.objects.get().at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_refused_key_is_logged_as_such_but_a_wrong_secret_leaves_no_trace_at_the_key(api: Api) -> None:
    key = ApiKey.objects.get()
    text = api.headers["ApiKey"]
    forged = text[:17] + "A" * 32
    api.headers["ApiKey"] = forged + _checksum(forged)
    assert api.get("myInfo").json()["reason"] == "key_unknown"
    usage.recorder.flush()
    assert not RequestLog.objects.exists()

    api.headers["ApiKey"] = text

    lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())
    assert api.get("myInfo").json()["reason"] == "key_disabled"
    usage.recorder.flush()
    assert RequestLog.objects.get().outcome == "key_disabled"


def test_a_call_succeeds_although_its_usage_cannot_be_written(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(usage, "_write", broken)
    success(api.get("myInfo"))
    with pytest.raises(ZeroDivisionError):
        usage.recorder.flush()
    success(api.get("myInfo"))
