"""The error responses of each operation in the description, by status, with examples and explanations."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import reasons
from keys.reasons import CATALOGUE, ErrorSpec, Operations
from portal.api import exceptions

if TYPE_CHECKING:
    from portal.api.base import OperationView

Json = dict[str, Any]

EXAMPLE_REQUEST_ID = "5f2b7c0a9d3e4f6180aa11bb"

# Responses that operations share. 403, and with API_STATUS=semantic 400, 401, 404 and 409, differ by operation.
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
    401: gettext_lazy("The key is missing or cannot be used."),
    403: gettext_lazy("The call was refused. `reason` has the cause as one word, the text as a sentence."),
    404: reasons.NOT_FOUND.meaning,
    409: gettext_lazy(
        "The `Idempotency-Key` was used before, and the first request has no answer that can be repeated."
    ),
}


def errors_for(operation: "OperationView") -> list[ErrorSpec]:
    """Return the errors of this operation, in the order of the catalogue."""
    applies = {
        Operations.ALL: True,
        Operations.WITH_SCOPE: operation.scope is not None or bool(operation.any_scope),
        Operations.WITH_INPUT: bool(operation.input_serializer().fields),
        Operations.WITH_BODY: operation.method != "GET",
        Operations.WITH_FILES: operation.form_serializer is not None,
        Operations.WRITING: operation.writes(),
        Operations.ASKING_PUMBLE: operation.calls_pumble,
    }
    return [spec for spec in CATALOGUE.values() if applies.get(spec.applies_to) or spec in operation.errors]


def responses_for(operation: "OperationView") -> Json:
    """Return the error responses of an operation. Shared ones are references."""
    return {
        str(status): {"$ref": f"#/components/responses/{_SHARED[status]}"}
        if status in _SHARED
        else _response(str(_TITLES[status]), specs, operation.scope)
        for status, specs in sorted(_by_status(errors_for(operation)).items())
    }


def shared_responses() -> Json:
    """Return the error responses that operations share, by name."""
    by_status = _by_status(
        [spec for spec in CATALOGUE.values() if spec.applies_to is not Operations.LISTED_EXPLICITLY]
    )
    return {
        _SHARED[status]: _response(specs[0].explanation, specs, None, _headers(status))
        for status, specs in by_status.items()
        if status in _SHARED
    }


def schemas() -> Json:
    """Return the schemas of the two error shapes. `reason` lists the values of this version."""
    request_id = {"type": "string", "description": _("Also in the header `X-Request-Id`")}
    help_url = {
        "type": "string",
        "format": "uri",
        "description": _("The page that explains this call to the key's owner and to administrators"),
    }
    hint = {"type": "string", "description": _("What is wrong with the request, and what to send instead")}
    legacy, structured = sorted(_reasons(structured=False)), sorted(_reasons(structured=True))
    return {
        "LegacyError": {
            "type": "object",
            "description": _("An error of this service."),
            "properties": {
                "error": {"type": "string", "description": _("A sentence for people")},
                "reason": _reason(legacy),
                "requestId": request_id,
                "help": help_url,
                "hint": hint,
            },
            "required": ["error", "reason", "requestId"],
        },
        "StructuredError": {
            "type": "object",
            "description": _("Invalid input, or a refusal by Pumble."),
            "properties": {
                "message": {
                    "type": "string",
                    "description": _("What is wrong. Several errors are a list in brackets"),
                },
                "localizedMessage": {"type": "string"},
                "code": {
                    "type": "integer",
                    "description": _("400000 for invalid input, 404100 for not found"),
                },
                "reason": _reason(structured),
                "requestId": request_id,
                "help": help_url,
                "hint": hint,
                "fields": {
                    "type": "object",
                    "description": _("The errors by field"),
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                },
            },
            "required": ["message", "localizedMessage", "code", "reason", "requestId"],
        },
    }


def headers() -> Json:
    """Return the response headers that operations share, by name."""
    return {
        "RequestId": {
            "description": _("Identifies this call in the service's log"),
            "schema": {"type": "string"},
        },
        "RetryAfter": {
            "description": _("The number of seconds to wait"),
            "schema": {"type": "integer", "minimum": 1},
        },
        "Allow": {"description": _("The method to use"), "schema": {"type": "string"}},
        "RateLimitLimit": {
            "description": _("The most restrictive limit of the call, per minute"),
            "schema": {"type": "integer"},
        },
        "RateLimitRemaining": {
            "description": _("The number of calls left"),
            "schema": {"type": "integer", "minimum": 0},
        },
        "RateLimitReset": {
            "description": _("The number of seconds until another call is possible"),
            "schema": {"type": "integer", "minimum": 1},
        },
        "IdempotencyReplayed": {
            "description": _("`true` if the answer is the stored answer of an earlier request"),
            "schema": {"type": "string"},
        },
        "PreferenceApplied": {
            "description": _("`handling=dry-run` if nothing was sent"),
            "schema": {"type": "string"},
        },
    }


RATE_LIMIT_HEADERS = {
    f"X-RateLimit-{name}": {"$ref": f"#/components/headers/RateLimit{name}"}
    for name in ("Limit", "Remaining", "Reset")
}


def _by_status(specs: list[ErrorSpec]) -> dict[int, list[ErrorSpec]]:
    by_status: dict[int, list[ErrorSpec]] = {}
    for spec in specs:
        by_status.setdefault(spec.status(settings.API_STATUS), []).append(spec)
    return by_status


def success_headers(*, writes: bool) -> Json:
    """Return the headers of a success, as references to `headers`."""
    write_headers = {
        name: {"$ref": f"#/components/headers/{name.replace('-', '')}"}
        for name in ("Idempotency-Replayed", "Preference-Applied")
    }
    return (
        {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
        | RATE_LIMIT_HEADERS
        | (write_headers if writes else {})
    )


def _response(
    description: str, specs: list[ErrorSpec], scope: str | None, more_headers: Json | None = None
) -> Json:
    shapes = {_shape(spec): None for spec in specs}
    refs: list[Json] = [{"$ref": f"#/components/schemas/{shape}"} for shape in shapes]
    schema: Json = {"oneOf": refs} if len(refs) > 1 else refs[0]
    return {
        "description": description,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}} | (more_headers or {}),
        "content": {
            "application/json": {
                "schema": schema,
                "examples": {_example_name(spec): _example(spec, scope) for spec in specs},
            }
        },
    }


def _example_name(spec: ErrorSpec) -> str:
    first, *others = spec.name.split("_")
    return first + "".join(map(str.capitalize, others))


def _example(spec: ErrorSpec, scope: str | None) -> Json:
    attributes = {"scope": scope} if spec is reasons.SCOPE_MISSING else {}
    return {
        "summary": str(spec.title),
        "description": spec.explanation,
        "value": exceptions.error_example(spec, EXAMPLE_REQUEST_ID, **attributes),
    }


def _headers(status: int) -> Json:
    named = {405: "Allow", 429: "Retry-After", 503: "Retry-After"}.get(status)
    own_header = {named: {"$ref": f"#/components/headers/{named.replace('-', '')}"}} if named else {}
    return own_header | (RATE_LIMIT_HEADERS if status == 429 else {})


def _shape(spec: ErrorSpec) -> str:
    return "LegacyError" if spec.code is None else "StructuredError"


def _reasons(*, structured: bool) -> set[str]:
    return {spec.reason for spec in CATALOGUE.values() if (spec.code is not None) == structured}


def _reason(values: list[str]) -> Json:
    return {"type": "string", "enum": values, "description": _("The cause as one word. It never changes")}
