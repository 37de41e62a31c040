"""The catalogue of reasons: it is complete, in both languages, and the only place to add a reason."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy
from pytest_django import Settings
from rest_framework import exceptions as drf

from keys import reasons
from keys.exceptions import ChangeRefused, KeyRefused, KeysError, RateLimited
from keys.reasons import CATALOGUE, ErrorSpec, Operations
from portal.api.exceptions import ApiError, error_response, spec_for
from portal.api.urls import OPERATIONS
from portal.reference import error_responses
from pumble_bridge.exceptions import PumbleError, PumbleRefused
from pumble_bridge.outcomes import Outcome, titles
from tests.environment import PROJECT

# Each reason of this version, with its status under API_STATUS=compatible and semantic, and whether a case has others.
STATUSES = {
    "key_missing": (403, 401),
    "key_malformed": (403, 401),
    "key_unknown": (403, 401),
    "key_expired": (403, 401),
    "key_disabled": (403, 401),
    "key_revoked": (403, 401),
    "key_rotated": (403, 401),
    "https_required": (403, 403),
    "not_for_workspace_keys": (403, 403),
    "ip_not_allowed": (403, 403),
    "scope_missing": (403, 403),
    "channel_not_allowed": (403, 403),
    "owner_not_authorized": (403, 403),
    "forbidden_by_pumble": (403, 403),
    "bot_not_in_channel": (403, 403),
    "validation": (403, 400),
    "not_found": (403, 404),
    "idempotency_conflict": (403, 409),
    "idempotency_in_progress": (403, 409),
    "idempotency_unknown": (403, 409),
    "rate_limited": (429, 429),
    "pumble_rate_limited": (429, 429),
    "method_not_allowed": (405, 405),
    "too_large": (413, 413),
    "internal": (500, 500),
    "pumble_unavailable": (502, 502),
    "pumble_timeout": (504, 504),
    "unavailable": (503, 503),
}
OF_CASES = {
    "unknown_path": (404, 404),
    "similar_path": (404, 404),
    "pumble_busy": (503, 503),
    "pumble_not_asked": (503, 503),
}
SHOWN_ONLY = {"channel_name_taken", "unusable_criteria"}  # in the reference, as examples of their reason


def exception_classes() -> list[type[Exception]]:
    """Every class of the three families that can be raised while a call is answered."""

    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind, *(found for child in kind.__subclasses__() for found in below(child))}

    found = below(KeysError) | below(PumbleError) | below(ApiError)
    bases = {KeysError, KeyRefused, PumbleError, ApiError}
    rooms = ("keys.", "pumble_bridge.", "portal.")
    return sorted(
        (kind for kind in found - below(ChangeRefused) - bases if kind.__module__.startswith(rooms)),
        key=lambda kind: kind.__name__,
    )


def instances(kind: type[Exception]) -> Iterator[Exception]:
    if issubclass(kind, PumbleRefused):
        for status in (401,) if kind is not PumbleRefused else (400, 403, 404, 422):
            yield kind(status, None, "", "")
    elif issubclass(kind, RateLimited):
        yield from (kind("limit_name", 5, 1), kind("limit_name", 5, 1, share_used_up=True))
    else:
        yield kind.__new__(kind)


def request() -> HttpRequest:
    return HttpRequest()


class TestTheCatalogue:
    def test_has_exactly_one_row_for_each_reason(self) -> None:
        rows = Counter(spec.reason for spec in CATALOGUE.values() if not spec.case)

        assert rows == Counter(STATUSES.keys())

    def test_has_each_row_under_a_name_of_its_own(self) -> None:
        rows = [row for row in vars(reasons).values() if isinstance(row, ErrorSpec)]

        assert Counter(row.name for row in rows) == Counter(CATALOGUE.keys())

    def test_answers_with_the_statuses_of_the_contract(self) -> None:
        for name, spec in CATALOGUE.items():
            expected = OF_CASES.get(name, STATUSES[spec.reason])
            assert (spec.status("compatible"), spec.status("semantic")) == expected, name

    @pytest.mark.parametrize("name", CATALOGUE)
    def test_explains_each_failure_in_both_languages(self, name: str) -> None:
        spec = CATALOGUE[name]
        texts = {}
        for language in ("en", "es"):
            with translation.override(language):
                texts[language] = [str(spec.title), str(spec.meaning), str(spec.advice)]
                assert len(spec.explanation) < 300

        for english, spanish in zip(*texts.values(), strict=True):
            assert english.strip()
            assert spanish not in {"", english}
        assert all(text.endswith(".") for language in texts.values() for text in language[1:])

    def test_is_what_every_exception_that_a_call_can_meet_is_answered_by(self) -> None:
        named = set()
        for kind in exception_classes():
            for error in instances(kind):
                spec = spec_for(error)
                assert spec.reason != "internal", kind
                named.add(spec.name)
        for error in (
            drf.ValidationError({"text": ["must not be null"]}),
            drf.MethodNotAllowed("GET"),
            RequestDataTooBig(),
            SuspiciousOperation(),
            OperationalError(),
            InterfaceError(),
            RuntimeError(),
        ):
            named.add(spec_for(error).name)

        assert CATALOGUE.keys() - named == SHOWN_ONLY

    def test_has_no_row_that_a_refused_change_would_be_taken_for(self) -> None:
        def below(kind: type[ChangeRefused]) -> Iterator[type[ChangeRefused]]:
            yield kind
            for child in kind.__subclasses__():
                yield from below(child)

        named = {kind.reason for kind in below(ChangeRefused) if hasattr(kind, "reason")}

        assert named
        assert not named & CATALOGUE.keys()


def test_the_guide_tells_what_helps_with_each_reason() -> None:
    guide = (PROJECT / "docs/keys.md").read_text()
    helps = guide.partition("## When a call is refused")[2].partition("\n## ")[0]

    assert {reason for reason in STATUSES if f"`{reason}`" not in helps} == set()


class TestAFailureOfALibrary:
    def test_discloses_nothing(self) -> None:
        error = RuntimeError("secret")
        vars(error).update(message="secret", hint="secret", retry_after="secret", reason="key_missing")

        answer = error_response(error, request())

        assert answer.status_code == 500
        assert json.loads(answer.content) == {
            "error": "Internal error",
            "reason": "internal",
            "requestId": "",
        }
        assert "Retry-After" not in answer


class TestANewReason:
    """A row and an exception that names it are all that it takes."""

    class KeyResting(KeyRefused):
        reason = "key_resting"

        def __init__(self, hour: int = 8) -> None:
            super().__init__(hour)
            self.hour = hour

    @pytest.fixture(autouse=True)
    def row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        row = ErrorSpec(
            reason="key_resting",
            semantic=401,
            applies_to=Operations.ALL,
            text="API key rests until {hour} o'clock",
            retry_after=60,
            sample={"hour": 7},
            title=gettext_lazy("Key rests"),
            meaning=gettext_lazy("Keys rest at night."),
            advice=gettext_lazy("Call in the morning."),
        )
        monkeypatch.setitem(CATALOGUE, "key_resting", row)

    @pytest.mark.parametrize(("mode", "status"), [("compatible", 403), ("semantic", 401)])
    def test_is_answered_by_the_api(self, settings: Settings, mode: str, status: int) -> None:
        settings.API_STATUS = mode

        answer = error_response(self.KeyResting(), request())

        assert answer.status_code == status
        assert answer["Retry-After"] == "60"
        body = json.loads(answer.content)
        assert body["error"] == "API key rests until 8 o'clock"
        assert body["reason"] == "key_resting"

    def test_is_in_the_reference_of_every_operation(self) -> None:
        for operation in OPERATIONS:
            responses: Any = error_responses.responses_for(operation())
            example = responses["403"]["content"]["application/json"]["examples"]["keyResting"]
            assert example["summary"] == "Key rests"
            assert example["description"] == "Keys rest at night. Call in the morning."
            assert example["value"]["error"] == "API key rests until 7 o'clock"
        assert "key_resting" in error_responses.schemas()["LegacyError"]["properties"]["reason"]["enum"]

    def test_is_explained_in_chat_the_dashboard_and_the_admin(self) -> None:
        outcome = Outcome("key_resting")

        assert (outcome.title, outcome.explanation) == (
            "Key rests",
            "Keys rest at night. Call in the morning.",
        )
        assert str(dict(titles())["key_resting"]) == "Key rests"
