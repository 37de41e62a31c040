"""The one table from failure to status, body and reason.

Two shapes: legacy `{"error"}` for what this app decides, structured `{"message", "localizedMessage", "code"}` for what
the contract passes on from Pumble. Both carry `reason` and `requestId`, which no client trips over.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.settings import api_settings

from keys import exceptions as keys_exceptions
from portal.api import wire
from pumble_bridge import hints
from pumble_bridge.exceptions import (
    PumbleBusy,
    PumbleNotAsked,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
    TokenRejected,
)
from pumble_bridge.hints import Hint

log = logging.getLogger(__name__)

VALIDATION_CODE = 400000
NOT_FOUND_CODE = 404100


class ApiError(Exception):
    """A refusal of the REST API itself."""


class BadBody(ApiError):
    """The body is no JSON object, or the request is of no use as a whole; `hint` says why."""

    def __init__(self, hint: Hint | None = None) -> None:
        super().__init__(hint)
        self.hint = hint


class HostUnknown(BadBody):
    """The request names a host that is not ours."""

    def __init__(self) -> None:
        super().__init__(Hint.HOST)


class HttpsRequired(ApiError):
    """A call of the API, or a key, came unencrypted. The front door answers this; its configuration repeats the text."""


class InvalidInput(drf.ValidationError):
    """Fields are missing or wrong; `hint` says what is wrong with the request as a whole, where something is."""

    def __init__(self, detail: Any, hint: Hint | None = None) -> None:
        super().__init__(detail)
        self.hint = hint


class ChannelNotFound(ApiError):
    """No such channel, or none that the key's owner can see."""


class BotNotInChannel(ApiError):
    """A private channel is served only where the app's bot is a member too."""


class PeopleNotValid(ApiError):
    """Somebody named is nobody of this workspace, or nobody at all is named."""


class CursorUnknown(ApiError):
    """The cursor is neither an id nor a time."""


class PathUnknown(ApiError):
    pass


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of failure is answered; `code` chooses the structured shape."""

    reason: str
    compatible: int
    semantic: int
    text: Callable[[Any], str]
    code: int | None = None

    @property
    def status(self) -> int:
        return self.semantic if settings.API_STATUS == "semantic" else self.compatible


def _refusal(reason: str, semantic: int, text: str) -> Rule:
    return Rule(reason, 403, semantic, lambda _error: text)


def _same(reason: str, status: int, text: str) -> Rule:
    return Rule(reason, status, status, lambda _error: text)


_NULL = "must not be null"
ONE_OF = "one_of"  # the code of an error of each field of which one is needed
_TEXT_BY_CODE = {"required": _NULL, "null": _NULL, "blank": "must not be blank"}


def _validation_text(error: drf.ValidationError) -> str:
    """A bracketed list without field names, as Pumble words it: `[must not be null]`."""
    found = (_NULL if code == ONE_OF else text for _name, text, code in _faults(error.get_full_details()))
    return f"[{', '.join(dict.fromkeys(found))}]"


def _fields(error: drf.ValidationError) -> dict[str, list[str]]:
    """The same by field, one within another as `recurrence.endDate`."""
    fields: dict[str, list[str]] = {}
    for name, text, _code in _faults(error.get_full_details()):
        if name and text not in fields.setdefault(name, []):
            fields[name].append(text)
    return fields


def _faults(details: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Field, text and code of each thing that is wrong; what is about no single field has none."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        code = details["code"]
        yield name, _TEXT_BY_CODE.get(code, str(details["message"]).rstrip(".")), code
    elif isinstance(details, dict):
        for key, item in details.items():
            if key == api_settings.NON_FIELD_ERRORS_KEY or isinstance(key, int) or str(key).isdigit():
                yield from _faults(item, name)  # an item of a list has no name
            else:
                yield from _faults(item, f"{name}.{key}" if name else str(key))
    elif isinstance(details, list):
        for item in details:
            yield from _faults(item, name)


def _limit_text(error: keys_exceptions.RateLimited) -> str:
    limit, wait = f"{error.limit} a minute, {error.whose}", f"try again in {error.retry_after} s"
    if error.had_share:
        return f"This API key has had its share of a limit: {limit}; the rest is kept for other keys; {wait}"
    return f"Limit reached: {limit}; {wait}"


_TABLE: dict[type[Exception], Rule] = {
    keys_exceptions.KeyMissing: _refusal("key_missing", 401, "API key missing: send it in the ApiKey header"),
    keys_exceptions.KeyMalformed: _refusal("key_malformed", 401, "Invalid API key"),
    keys_exceptions.KeyUnknown: _refusal("key_unknown", 401, "Invalid API key"),
    keys_exceptions.KeyExpired: Rule(
        "key_expired", 403, 401, lambda error: f"API key expired on {error.expired_at:%Y-%m-%d}"
    ),
    keys_exceptions.KeyDisabled: _refusal("key_disabled", 401, "API key disabled"),
    keys_exceptions.KeyRotated: Rule(
        "key_rotated",
        403,
        401,
        lambda error: (
            f"API key replaced by a newer one; it stopped working at {error.retired_at:%Y-%m-%d %H:%M} UTC"
        ),
    ),
    keys_exceptions.KeyRevoked: _refusal("key_revoked", 401, "API key revoked"),
    keys_exceptions.OwnerNotAuthorized: _refusal(
        "owner_not_authorized",
        403,
        "The owner of this API key no longer authorizes the app, or it is not installed",
    ),
    TokenRejected: _refusal(
        "owner_not_authorized", 403, "Pumble no longer accepts the authorization of this API key's owner"
    ),
    keys_exceptions.ScopeMissing: Rule(
        "scope_missing", 403, 403, lambda error: f"API key lacks the scope {error.scope}"
    ),
    keys_exceptions.IpNotAllowed: Rule(
        "ip_not_allowed",
        403,
        403,
        lambda error: f"API key may not be used from this address ({error.address or 'unknown'})",
    ),
    keys_exceptions.ChannelNotAllowed: _refusal(
        "channel_not_allowed", 403, "API key is bound to other channels; reactions need channelId with it"
    ),
    keys_exceptions.RateLimited: Rule("rate_limited", 429, 429, _limit_text),
    keys_exceptions.IdempotencyConflict: _refusal(
        "idempotency_conflict", 409, "This Idempotency-Key came with another request before"
    ),
    keys_exceptions.IdempotencyInProgress: _refusal(
        "idempotency_in_progress", 409, "The first request with this Idempotency-Key is still under way"
    ),
    keys_exceptions.IdempotencyUnknown: _refusal(
        "idempotency_unknown",
        409,
        "How the first request with this Idempotency-Key ended is not known; look, then use another value",
    ),
    ChannelNotFound: _refusal("not_found", 404, "Could not find channel with that identifier"),
    BotNotInChannel: _refusal(
        "bot_not_in_channel",
        403,
        "The API app's bot is not a member of this private channel; add it there first",
    ),
    BadBody: _refusal("validation", 400, "Invalid request parameters"),
    HttpsRequired: _refusal(
        "https_required",
        403,
        "HTTPS is required: call https://. A key sent without it was readable on the way: rotate that key",
    ),
    PeopleNotValid: Rule(
        "validation", 403, 400, lambda _error: "Provided participants are not valid", VALIDATION_CODE
    ),
    CursorUnknown: Rule(
        "validation",
        403,
        400,
        lambda _error: "[cursor must be an id, epoch milliseconds or an ISO time]",
        VALIDATION_CODE,
    ),
    drf.ValidationError: Rule("validation", 403, 400, _validation_text, VALIDATION_CODE),
    PathUnknown: _same("not_found", 404, "No such operation"),
    drf.MethodNotAllowed: _same("method_not_allowed", 405, "Method not allowed"),
    SuspiciousOperation: _refusal("validation", 400, "Invalid request parameters"),
    RequestDataTooBig: _same("too_large", 413, "The request body is larger than 1 MiB"),
    PumbleRateLimited: _same("pumble_rate_limited", 429, "Pumble's own limit is reached; try again later"),
    PumbleNotAsked: _same(
        "pumble_unavailable", 503, "Pumble does not answer right now; try again in a few seconds"
    ),
    PumbleBusy: _same("pumble_unavailable", 503, "Pumble is not available right now; try again later"),
    PumbleUnavailable: _same("pumble_unavailable", 502, "Pumble is not available"),
    PumbleTimeout: _same("pumble_timeout", 504, "Pumble did not answer in time"),
    OperationalError: _same("unavailable", 503, "The service is not available right now"),
    InterfaceError: _same("unavailable", 503, "The service is not available right now"),
    Exception: _same("internal", 500, "Internal error"),
}
_BY_PUMBLE_STATUS = {
    400: Rule("validation", 403, 400, lambda error: error.message or "[invalid request]", VALIDATION_CODE),
    404: Rule("not_found", 403, 404, lambda _error: "Not found", NOT_FOUND_CODE),
}
_FORBIDDEN_BY_PUMBLE = Rule(
    "forbidden_by_pumble", 403, 403, lambda error: error.message or "Pumble refused the call"
)


def answer_for(error: Exception, request: HttpRequest) -> HttpResponse:
    """The contract's answer to `error`."""
    rule = rule_for(error)
    if rule.reason in {"internal", "unavailable"}:
        log.error("request.failed", exc_info=error, extra={"request_id": getattr(request, "request_id", "")})
    status = rule.status
    response = wire.answer(body_of(error, getattr(request, "request_id", "")), status=status)
    if isinstance(error, drf.MethodNotAllowed):
        response["Allow"] = error.args[0] if error.args else ""
    if isinstance(error, PumbleRateLimited | PumbleBusy | PumbleNotAsked | keys_exceptions.RateLimited):
        response["Retry-After"] = str(error.retry_after)
    elif isinstance(error, keys_exceptions.IdempotencyInProgress):
        response["Retry-After"] = "1"
    elif status == 503:
        response["Retry-After"] = "2"
    return response


def body_of(error: Exception, request_id: str) -> dict[str, Any]:
    """The answer's JSON, in the shape that the failure's rule chooses."""
    rule = rule_for(error)
    text = rule.text(error)
    if rule.code is None:
        body: dict[str, Any] = {"error": text}
    else:
        code = error.code if isinstance(error, PumbleRefused) and error.code else rule.code
        localized = error.localized_message if isinstance(error, PumbleRefused) else ""
        body = {"message": text, "localizedMessage": localized or text, "code": code}
    body |= {"reason": rule.reason, "requestId": request_id}
    if hint := getattr(error, "hint", None):
        body["hint"] = hints.english(hint)
    if isinstance(error, drf.ValidationError) and (fields := _fields(error)):
        body["fields"] = fields
    return body


def logged_hint(error: Exception) -> str:
    """What the log of calls keeps of the error beside its reason: nothing that the request held."""
    if hint := getattr(error, "hint", None):
        return str(hint)
    return hints.for_fields([*_fields(error)]) if isinstance(error, drf.ValidationError) else ""


def all_rules() -> list[Rule]:
    """Every way in which a failure is answered."""
    return [*_TABLE.values(), *_BY_PUMBLE_STATUS.values(), _FORBIDDEN_BY_PUMBLE]


def rule_for(error: Exception) -> Rule:
    for kind in type(error).__mro__:
        if kind is PumbleRefused and isinstance(error, PumbleRefused):
            return _BY_PUMBLE_STATUS.get(error.status, _FORBIDDEN_BY_PUMBLE)
        if kind in _TABLE:
            return _TABLE[kind]
    return _TABLE[Exception]
