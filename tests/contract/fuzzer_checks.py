"""Stricter checks for the fuzzer, and fewer cases. The fuzzer loads this module."""

import threading
from collections import Counter
from typing import Any

import requests
import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
MAX_WAIT = 25  # what `listEvents` takes
ONE_OF = {"incorrect_type": 12, "valid_object": 4, "object_required_and_optional": 4}

_seen: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()


@schemathesis.check
def lack_of_a_key_is_403(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """`ignored_auth` is content with 401 as well; clients of this contract are not."""
    if _turn("without a key", case) == 1:
        for headers in ({}, {"ApiKey": "nonsense"}):
            refused = requests.request(
                case.operation.method, str(response.request.url), headers=headers, timeout=10
            )
            assert refused.status_code == 403, f"{headers}: {refused.status_code} instead of 403"


@schemathesis.check
def wrong_method_is_405(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """`unsupported_method` is content with 403 where a key is needed; here the method is looked at before the key."""
    sent, right = str(response.request.method), case.operation.method.upper()
    if sent in METHODS - {right}:
        assert response.status_code == 405, f"{sent} answered {response.status_code} instead of 405"
        assert response.headers.get("allow") == [right]


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Let no call wait for an event for longer than a second."""
    wait = str((case.query or {}).get("wait", ""))
    if wait.isdecimal() and 1 < int(wait) <= MAX_WAIT:
        case.query["wait"] = 1


@schemathesis.hook
def filter_case(context: HookContext, case: Case[Any]) -> bool:
    """Most cases are values of a wrong type, which `test_bad_input.py` tries field by field, or fields put together in
    every way: of these some are enough."""
    scenario = getattr(case.meta.phase.data, "scenario", None) if case.meta else None
    if scenario is None or scenario.value not in ONE_OF:
        return True
    return _turn(scenario.value, case) % ONE_OF[scenario.value] == 1


def _turn(what: str, case: Case[Any]) -> int:
    """How often this has been asked about the case's operation, this time included."""
    with _lock:
        _seen[case.operation.label, what] += 1
        return _seen[case.operation.label, what]
