"""The failures of each operation as the description has them: by status, each with its examples and explanation."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.api import exceptions, refusals
from portal.api.refusals import Refusal
from portal.reference.objects import ref

if TYPE_CHECKING:
    from portal.api.endpoint import Endpoint

Json = dict[str, Any]

EXAMPLE_REQUEST_ID = "5f2b7c0a9d3e4f6180aa11bb"

# One response for all operations that can give it; 403 (and with API_STATUS=semantic 400, 401, 404, 409) are each one's own.
_SHARED = {
    405: "MethodNotAllowed",
    413: "TooLarge",
    429: "TooManyCalls",
    500: "InternalError",
    502: "PumbleUnavailable",
    503: "Unavailable",
    504: "PumbleTimeout",
}
_TITLES = {
    400: gettext_lazy("The input is not valid."),
    401: gettext_lazy("The key opens nothing."),
    403: gettext_lazy("The call was refused: `reason` says why in one word, the text in a sentence."),
    404: gettext_lazy("There is no such object, or the key's owner cannot see it."),
    409: gettext_lazy("The `Idempotency-Key` came before, and its first request has no answer to repeat."),
}


def refusals_of(operation: "Endpoint") -> list[Refusal]:
    """Every way in which this operation can fail, the key's first."""
    found = [*refusals.OF_KEYS]
    if operation.scope is not None:
        found.append(refusals.SCOPE)
    if operation.takes().fields:
        found.append(refusals.INPUT)
    if operation.method != "GET":
        found += [refusals.BODY, refusals.TOO_LARGE]
    found += operation.refusals
    if operation.writes():
        found += refusals.OF_WRITES
    if operation.asks_pumble:
        found += refusals.OF_PUMBLE
    return [*found, *refusals.OF_ALL]


def responses_of(operation: "Endpoint") -> Json:
    """The error responses of one operation, those that all share as references."""
    by_status: dict[int, list[Refusal]] = {}
    for refusal in refusals_of(operation):
        by_status.setdefault(exceptions.rule_for(refusal.error).status, []).append(refusal)
    return {
        str(status): {"$ref": f"#/components/responses/{_SHARED[status]}"}
        if status in _SHARED
        else _response(str(_TITLES[status]), by_status[status], operation.scope)
        for status in sorted(by_status)
    }


def shared_responses() -> Json:
    by_status: dict[int, list[Refusal]] = {}
    for refusal in (refusals.TOO_LARGE, *refusals.OF_ALL, *refusals.OF_PUMBLE):
        by_status.setdefault(exceptions.rule_for(refusal.error).status, []).append(refusal)
    return {
        _SHARED[status]: _response(str(given[0].meaning), given, None, _headers(status))
        for status, given in by_status.items()
        if status in _SHARED
    }


def schemas() -> Json:
    """The two shapes. `reason` has the values that this version can give."""
    request_id = {"type": "string", "description": _("Also in the header `X-Request-Id`")}
    hint = {"type": "string", "description": _("What was wrong with the request, and what to send instead")}
    legacy, structured = sorted(_reasons(structured=False)), sorted(_reasons(structured=True))
    return {
        "LegacyError": {
            "type": "object",
            "description": _("What this service decides itself."),
            "properties": {
                "error": {"type": "string", "description": _("A sentence for people")},
                "reason": _reason(legacy),
                "requestId": request_id,
                "hint": hint,
            },
            "required": ["error", "reason", "requestId"],
        },
        "StructuredError": {
            "type": "object",
            "description": _("Invalid input, and what Pumble refuses."),
            "properties": {
                "message": {
                    "type": "string",
                    "description": _("What is wrong; several things as a list in brackets"),
                },
                "localizedMessage": {"type": "string"},
                "code": {
                    "type": "integer",
                    "description": _("400000 for invalid input, 404100 for not found"),
                },
                "reason": _reason(structured),
                "requestId": request_id,
                "hint": hint,
                "fields": {
                    "type": "object",
                    "description": _("What is wrong, by field"),
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                },
            },
            "required": ["message", "localizedMessage", "code", "reason", "requestId"],
        },
    }


def headers() -> Json:
    return {
        "RequestId": {
            "description": _("Names this call in the service's log"),
            "schema": {"type": "string"},
        },
        "RetryAfter": {
            "description": _("How many seconds to wait"),
            "schema": {"type": "integer", "minimum": 1},
        },
        "Allow": {"description": _("The method to use"), "schema": {"type": "string"}},
        "RateLimitLimit": {
            "description": _("The tightest limit that the call was under, per minute"),
            "schema": {"type": "integer"},
        },
        "RateLimitRemaining": {
            "description": _("How much of it is left"),
            "schema": {"type": "integer", "minimum": 0},
        },
        "RateLimitReset": {
            "description": _("After how many seconds the next place in it is free"),
            "schema": {"type": "integer", "minimum": 1},
        },
        "IdempotencyReplayed": {
            "description": _("`true` where the answer is that of an earlier request"),
            "schema": {"type": "string"},
        },
        "PreferenceApplied": {
            "description": _("`handling=dry-run` where nothing was sent"),
            "schema": {"type": "string"},
        },
    }


RATE_LIMIT_HEADERS = {
    f"X-RateLimit-{name}": {"$ref": f"#/components/headers/RateLimit{name}"}
    for name in ("Limit", "Remaining", "Reset")
}


def _response(
    description: str, given: list[Refusal], scope: str | None, more_headers: Json | None = None
) -> Json:
    shapes = {_shape(refusal): None for refusal in given}
    schema: Json = {"oneOf": [ref(shape) for shape in shapes]} if len(shapes) > 1 else ref(next(iter(shapes)))
    return {
        "description": description,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}} | (more_headers or {}),
        "content": {
            "application/json": {
                "schema": schema,
                "examples": {refusal.name: _example(refusal, scope) for refusal in given},
            }
        },
    }


def _example(refusal: Refusal, scope: str | None) -> Json:
    body = exceptions.body_of(refusal.error, EXAMPLE_REQUEST_ID)
    if refusal is refusals.SCOPE:
        body["error"] = body["error"].replace(refusal.error.args[0], str(scope))
    return {"summary": str(refusal.title), "description": str(refusal.meaning), "value": body}


def _headers(status: int) -> Json:
    named = {405: "Allow", 429: "Retry-After", 503: "Retry-After"}.get(status)
    own = {named: {"$ref": f"#/components/headers/{named.replace('-', '')}"}} if named else {}
    return own | (RATE_LIMIT_HEADERS if status == 429 else {})


def _shape(refusal: Refusal) -> str:
    return "LegacyError" if exceptions.rule_for(refusal.error).code is None else "StructuredError"


def _reasons(*, structured: bool) -> set[str]:
    return {rule.reason for rule in exceptions.all_rules() if (rule.code is not None) == structured}


def _reason(values: list[str]) -> Json:
    return {"type": "string", "enum": values, "description": _("Why, in one word that stays the same")}
