"""Map exceptions to the contract's error responses. The catalogue in `keys.reasons` has status, reason and text of each.

There are two shapes: legacy `{"error"}` for what this app decides, and structured `{"message", "localizedMessage",
"code"}` for invalid input and for refusals by Pumble. Both also have `reason` and `requestId`.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.settings import api_settings

from keys import reasons
from keys.exceptions import KeysError, ScopeMissing
from keys.reasons import ErrorSpec
from portal.api.renderers import json_response
from pumble_bridge import hints
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hints import Hint

log = logging.getLogger(__name__)

ANY_REQUIRED = "one_of"  # the error code of fields of which at least one is required
_NULL = "must not be null"
_TEXT_BY_CODE = {"required": _NULL, "null": _NULL, "blank": "must not be blank"}


class ApiError(Exception):
    """The REST API refuses the call. `reason` and `case` name the row of the catalogue, `field` the wrong field, if any."""

    reason: str
    case: str = ""
    field: str = ""


class InvalidBody(ApiError):
    """The body is not a JSON object, or the request as a whole cannot be used. `hint` names the cause."""

    reason = "validation"
    case = "invalid_body"

    def __init__(self, hint: Hint | None = None) -> None:
        super().__init__(hint)
        self.hint = hint


class HostUnknown(InvalidBody):
    """The `Host` header is not in ALLOWED_HOSTS."""

    def __init__(self) -> None:
        super().__init__(Hint.HOST)


class HttpsRequired(ApiError):
    """A call or a key arrived without TLS. nginx answers this; `deploy/nginx.conf.template` repeats the text."""

    reason = "https_required"


class UploadTooLarge(ApiError):
    """A request with files is larger than 50 MiB."""

    reason = "too_large"
    case = "upload_too_large"


class TooManyFiles(ApiError):
    reason = "too_large"
    case = "too_many_files"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class FilesNotStored(ApiError):
    """The files of a form cannot be written to FILE_UPLOAD_TEMP_DIR."""

    reason = "unavailable"


class InvalidInput(drf.ValidationError):
    """Fields are missing or invalid. `hint` names what is wrong with the request as a whole, if anything."""

    def __init__(self, detail: Any, hint: Hint | None = None) -> None:
        super().__init__(detail)
        self.hint = hint


class ChannelNotFound(ApiError):
    """The channel does not exist, or the key's owner cannot see it."""

    reason = "not_found"
    case = "unknown_channel"

    def __init__(self, field: str = "") -> None:
        super().__init__(field)
        self.field = field


class KeyIdNotFound(ApiError):
    """The owner of the presented key has no live key with this id."""

    reason = "not_found"
    case = "unknown_key"


class RotationInProgress(ApiError):
    """A successor of the key was created less than a minute ago, and its answer may be under way."""

    reason = "idempotency_in_progress"
    case = "rotation_in_progress"


class TooManyNewKeys(ApiError):
    """Keys created so many keys of the owner within an hour that they have to wait `retry_after` seconds."""

    reason = "rate_limited"
    case = "too_many_new_keys"

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(limit, retry_after)
        self.limit, self.retry_after = limit, retry_after


class BotNotInChannel(ApiError):
    """The app's bot is not a member of the private channel."""

    reason = "bot_not_in_channel"


class PeopleNotValid(ApiError):
    """A recipient is not a user of the workspace, or there is no recipient."""

    reason = "validation"
    case = "unknown_people"


class CursorUnknown(ApiError):
    """The cursor is not a message of this list."""

    reason = "validation"
    case = "unknown_cursor"
    field = "cursor"


class EventCursorUnknown(ApiError):
    """The cursor was made up, or given to another key."""

    reason = "validation"
    case = "unknown_event_cursor"
    field = "cursor"

    def __init__(self) -> None:
        super().__init__()
        self.fields = {"cursor": ["is not from an answer of listEvents to this key"]}


class EventCursorExpired(ApiError):
    """Events after the cursor are no longer stored, or the key stopped listening. Some may have been missed."""

    reason = "validation"
    case = "cursor_expired"
    field = "cursor"

    def __init__(self) -> None:
        super().__init__()
        self.fields = {"cursor": ["has expired: events after it were deleted; call again without a cursor"]}


class EventsNotAllowed(ApiError):
    """The workspace's policy does not let keys listen to events."""

    reason = "scope_missing"
    case = "events_not_allowed"


class PathUnknown(ApiError):
    """No URL pattern matches the path."""

    reason = "not_found"
    case = "unknown_path"


class PathSimilar(PathUnknown):
    """No URL pattern matches the path. `operation` is the one that was probably meant."""

    case = "similar_path"

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


# Exceptions of libraries, which do not name their row.
_SPECS_BY_EXCEPTION: dict[type[Exception], ErrorSpec] = {
    drf.ValidationError: reasons.VALIDATION,
    drf.MethodNotAllowed: reasons.METHOD_NOT_ALLOWED,
    SuspiciousOperation: reasons.INVALID_BODY,
    RequestDataTooBig: reasons.TOO_LARGE,
    OperationalError: reasons.UNAVAILABLE,
    InterfaceError: reasons.UNAVAILABLE,
}


def spec_for(error: Exception) -> ErrorSpec:
    """Return the catalogue's row for `error`, or the row of an internal error."""
    if isinstance(error, ApiError | KeysError | PumbleError):
        return reasons.CATALOGUE.get(error.case or error.reason, reasons.INTERNAL)
    return next(
        (_SPECS_BY_EXCEPTION[kind] for kind in type(error).__mro__ if kind in _SPECS_BY_EXCEPTION),
        reasons.INTERNAL,
    )


def error_response(error: Exception, request: HttpRequest) -> HttpResponse:
    """Return the contract's response to `error`."""
    spec = spec_for(error)
    request_id = getattr(request, "request_id", "")
    if spec.reason in {"internal", "unavailable"}:
        log.error("request.failed", exc_info=error, extra={"request_id": request_id})
    response = json_response(error_body(error, request_id), status=spec.status(settings.API_STATUS))
    if isinstance(error, drf.MethodNotAllowed):
        response["Allow"] = error.args[0] if error.args else ""
    if seconds := _attributes(error).get("retry_after") or spec.retry_after:
        response["Retry-After"] = str(seconds)
    return response


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the response to `error`, and set the view's outcome for the request log. REST framework calls this."""
    record_refusal(context["view"], error)
    return error_response(error, context["request"])


def record_refusal(view: Any, error: Exception) -> None:
    """Set what the request log keeps of a refused call."""
    spec = spec_for(error)
    view.outcome, view.outcome_case, view.hint = spec.reason, spec.case, logged_hint(error)


def error_body(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the JSON of the contract's response to `error`."""
    return _body(spec_for(error), _attributes(error), request_id)


def help_url(request_id: str) -> str:
    """Return the address of the page that explains this call."""
    return f"{settings.PUBLIC_URL}/lookup/{request_id}/"


def error_example(spec: ErrorSpec, request_id: str, **attributes: Any) -> dict[str, Any]:
    """Return the JSON that the reference shows. `attributes` override the row's samples."""
    return _body(spec, {**spec.sample, **attributes}, request_id)


def logged_hint(error: Exception) -> str:
    """Return the hint for the request log. It contains nothing of the request."""
    if hint := getattr(error, "hint", None):
        return str(hint)
    if isinstance(error, ScopeMissing):
        return hints.for_scope(error.scope)
    if isinstance(error, drf.ValidationError):
        return hints.for_fields([*_fields(error)])
    return hints.for_fields([error.field]) if isinstance(error, ApiError) and error.field else ""


def _body(spec: ErrorSpec, attributes: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    arguments = {name: "unknown" if value is None else value for name, value in attributes.items()}
    text = (spec.keeps_message and attributes.get("message")) or spec.text.format_map(arguments)
    if outcome := attributes.get("outcome"):
        text = f"{text}. {outcome}"
    if spec.code is None:
        body: dict[str, Any] = {"error": text}
    else:
        localized, code = attributes.get("localized_message"), attributes.get("code")
        body = {"message": text, "localizedMessage": localized or text, "code": code or spec.code}
    body |= {"reason": spec.reason, "requestId": request_id}
    if request_id:
        body["help"] = help_url(request_id)
    if hint := attributes.get("hint"):
        body["hint"] = hints.english(Hint(hint))
    if fields := attributes.get("fields"):
        body["fields"] = fields
    return body


def _attributes(error: Exception) -> Mapping[str, Any]:
    """Return the attributes that the response may show. Of a library's exception these are only the invalid fields."""
    if isinstance(error, drf.ValidationError):
        hint = getattr(error, "hint", None)
        return {"message": _validation_text(error), "fields": _fields(error), "hint": hint}
    return vars(error) if isinstance(error, ApiError | KeysError | PumbleError) else {}


def _validation_text(error: drf.ValidationError) -> str:
    """Return the errors as Pumble writes them: a list in brackets without field names, `[must not be null]`."""
    messages = (
        _NULL if code == ANY_REQUIRED else text
        for _name, text, code in _field_errors(error.get_full_details())
    )
    return f"[{', '.join(dict.fromkeys(messages))}]"


def _fields(error: drf.ValidationError) -> dict[str, list[str]]:
    """Return the errors by field. A nested field is written `recurrence.endDate`."""
    fields: dict[str, list[str]] = {}
    for name, text, _code in _field_errors(error.get_full_details()):
        if name and text not in fields.setdefault(name, []):
            fields[name].append(text)
    return fields


def _field_errors(details: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield field, text and code of each error. The field is "" if the error concerns no single field."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        code = details["code"]
        yield name, _TEXT_BY_CODE.get(code, str(details["message"]).rstrip(".")), code
    elif isinstance(details, dict):
        for key, item in details.items():
            if key == api_settings.NON_FIELD_ERRORS_KEY or isinstance(key, int) or str(key).isdigit():
                yield from _field_errors(item, name)  # an item of a list has no name
            else:
                yield from _field_errors(item, f"{name}.{key}" if name else str(key))
    elif isinstance(details, list):
        for item in details:
            yield from _field_errors(item, name)
