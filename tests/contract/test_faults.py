"""Every error of Pumble in every call of every operation: the contract's response, and no repeated write."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.core.cache import caches

from portal.api.urls import OPERATIONS
from pumble_bridge import client, resilience
from tests import pumble
from tests.contract.calls import send
from tests.contract.conftest import Acme
from tests.contract.wire import Api, assert_legacy, success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# The bytes of a file may be anything, so `test_files` has the faults of `fetchFile`.
ASKING = {one.operation: one for one in OPERATIONS if one.calls_pumble and one.operation != "fetchFile"}
CASES: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in ASKING]
CASES += [(name, {"asBot": True}) for name, one in ASKING.items() if "asBot" in one.input_serializer().fields]

FINDING, OPENING = "GET /v1/channels/direct", "POST /v1/channels/direct"

# What the client is told, by fault.
TOLD = {
    "status:500": (502, "pumble_unavailable"),
    "rate_limit:7": (429, "pumble_rate_limited"),
    "garbage": (502, "pumble_unavailable"),
    "html": (502, "pumble_unavailable"),
    "redirect": (502, "pumble_unavailable"),
    "drop": (502, "pumble_unavailable"),
    "truncate": (502, "pumble_unavailable"),
    "delay:0.3": (504, "pumble_timeout"),
}
BREAKS = {"drop", "truncate"}
HAPPENS = {"truncate", "delay:0.3"}  # what was asked for, although the answer does not arrive
SHORT_SECONDS = 0.15


def called(since: int) -> list[str]:
    """What reached Pumble's API after so many calls: `METHOD /path` each, with `*` for ids."""
    calls = pumble.api_calls()[since:]
    return [re.sub("[0-9a-f]{24}", "*", f"{one['method']} {one['url'].partition('?')[0]}") for one in calls]


def is_write(call: str) -> bool:
    return not call.startswith("GET ") and call != "POST /v1/messages/search"


def _about_what_is_there(api: Api, acme: Acme, later: int, operation: str) -> dict[str, Any]:
    data = dict(ASKING[operation].request_example or {})
    general = {"channelId": acme.channels["general"]}
    dan = acme.people["dan"]
    there: dict[str, Callable[[], Any]] = {
        "channelId": lambda: acme.channels["general"],
        "messageId": lambda: send(api)["id"],
        "rootMessageId": lambda: send(api)["id"],
        "scheduledMessageId": lambda: success(
            api.post("createScheduledMessage", general | {"text": "x", "sendAt": later})
        )["id"],
        "sendAt": lambda: later,
        "wait": lambda: 0,
        "expiresAt": lambda: later,
        "userId": lambda: dan,
        "userIds": lambda: [acme.people["ben"], dan],
        "name": lambda: f"new {len(pumble.api_calls())}",
    }
    data |= {name: there[name]() for name in data if name in there}
    if operation == "removeUserFromChannel":
        api.post("addUsersToChannel", general | {"userIds": [dan]})
    if operation == "removeReaction":
        api.post("addReaction", data)
    return data


def name_of(value: str | dict[str, Any]) -> str:
    return value if isinstance(value, str) else "as-bot" * bool(value)


@pytest.mark.parametrize(("operation", "more"), CASES, ids=name_of)
def test_is_told_in_the_contracts_shape_and_repeats_no_write(
    api: Api,
    acme: Acme,
    later: int,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    more: dict[str, Any],
) -> None:
    def fresh() -> dict[str, Any]:
        """The operation's own example, about objects that no call has changed yet."""
        monkeypatch.undo()
        return _about_what_is_there(api, acme, later, operation) | more

    def ask() -> tuple[requests.Response, list[str]]:
        caches["local"].clear()  # what names mean is looked up each time
        before = len(pumble.api_calls())
        answer = api.call(operation, data)
        return answer, called(before)

    data = fresh()
    answer, calls = ask()
    success(answer)
    used = writes = any(is_write(call) for call in calls)

    for fault, (status, reason) in TOLD.items():
        for call in dict.fromkeys(calls):
            if used:
                data = fresh()
            monkeypatch.setattr(client, "CALL_TIMEOUT", SHORT_SECONDS if fault.startswith("delay") else 9.0)
            resilience.reset()
            if call == OPENING:
                pumble.faults({"match": FINDING, "do": "status:404", "times": 1})
            pumble.faults({"match": call, "do": fault, "times": 1})

            answer, made = ask()

            output = f"{fault} on {call}: {answer.status_code} {answer.text[:200]}"
            if fault in BREAKS and not is_write(call):
                assert answer.status_code == 200, output
                assert made.count(call) > calls.count(call), output
            else:
                assert (answer.status_code, answer.json().get("reason")) == (status, reason), output
                assert_legacy(answer, reason, status)
            assert (answer.headers.get("Retry-After") == "7") is (answer.status_code == 429), output
            assert all(count == 1 for one, count in Counter(made).items() if is_write(one)), output
            used = writes and (answer.status_code == 200 or (fault in HAPPENS and is_write(call)))
