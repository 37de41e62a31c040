"""From an exception to the contract's answer. The catalogue, `keys.reasons`, has status, reason and text of each.

Two shapes: legacy `{"error"}` for what this app decides, structured `{"message", "localizedMessage", "code"}` for what
the contract passes on from Pumble. Both carry `reason` and `requestId`, which no client trips over.
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
from keys.exceptions import KeysError
from keys.reasons import ErrorSpec
from portal.api.renderers import json_response
from pumble_bridge import hints
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hints import Hint

log = logging.getLogger(__name__)

ANY_REQUIRED = "one_of"  # the code of an error of each field of which one is needed
_NULL = "must not be null"
_TEXT_BY_CODE = {"required": _NULL, "null": _NULL, "blank": "must not be blank"}


class ApiError(Exception):
    """A refusal of the REST API itself. `reason` and `case` name its row of the catalogue."""

    reason: str
    case: str = ""


class InvalidBody(ApiError):
    """The body is no JSON object, or the request is of no use as a whole; `hint` says why."""

    reason = "validation"
    case = "invalid_body"

    def __init__(self, hint: Hint | None = None) -> None:
        super().__init__(hint)
        self.hint = hint


class HostUnknown(InvalidBody):
    """The request names a host that is not ours."""

    def __init__(self) -> None:
        super().__init__(Hint.HOST)


class HttpsRequired(ApiError):
    """A call of the API, or a key, came unencrypted. The front door answers this; its configuration repeats the text."""

    reason = "https_required"


class InvalidInput(drf.ValidationError):
    """Fields are missing or wrong; `hint` says what is wrong with the request as a whole, where something is."""

    def __init__(self, detail: Any, hint: Hint | None = None) -> None:
        super().__init__(detail)
        self.hint = hint


class ChannelNotFound(ApiError):
    """No such channel, or none that the key's owner can see."""

    reason = "not_found"
    case = "unknown_channel"


class BotNotInChannel(ApiError):
    """A private channel is served only where the app's bot is a member too."""

    reason = "bot_not_in_channel"


class PeopleNotValid(ApiError):
    """Somebody named is nobody of this workspace, or nobody at all is named."""

    reason = "validation"
    case = "unknown_people"


class CursorUnknown(ApiError):
    """The cursor is neither an id nor a time."""

    reason = "validation"
    case = "unknown_cursor"


class PathUnknown(ApiError):
    """No operation has this path."""

    reason = "not_found"
    case = "unknown_path"


# The rows of exceptions that others define and that therefore name none.
_SPECS_BY_EXCEPTION: dict[type[Exception], ErrorSpec] = {
    drf.ValidationError: reasons.VALIDATION,
    drf.MethodNotAllowed: reasons.METHOD_NOT_ALLOWED,
    SuspiciousOperation: reasons.INVALID_BODY,
    RequestDataTooBig: reasons.TOO_LARGE,
    OperationalError: reasons.UNAVAILABLE,
    InterfaceError: reasons.UNAVAILABLE,
}


def spec_for(error: Exception) -> ErrorSpec:
    """Return the row of the catalogue that answers `error`; that of an internal error where there is none."""
    if isinstance(error, ApiError | KeysError | PumbleError):
        return reasons.CATALOGUE.get(error.case or error.reason, reasons.INTERNAL)
    return next(
        (_SPECS_BY_EXCEPTION[kind] for kind in type(error).__mro__ if kind in _SPECS_BY_EXCEPTION),
        reasons.INTERNAL,
    )


def error_response(error: Exception, request: HttpRequest) -> HttpResponse:
    """Return the contract's answer to `error`."""
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
    """Answer `error`, and let the view know for the log of calls how the call ended. REST framework calls this."""
    context["view"].outcome, context["view"].hint = spec_for(error).reason, logged_hint(error)
    return error_response(error, context["request"])


def error_body(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the JSON of the contract's answer to `error`."""
    return _body(spec_for(error), _attributes(error), request_id)


def error_example(spec: ErrorSpec, request_id: str, **attributes: Any) -> dict[str, Any]:
    """Return an answer as the reference shows it; `attributes` take the place of the row's samples of that name."""
    return _body(spec, {**spec.sample, **attributes}, request_id)


def logged_hint(error: Exception) -> str:
    """Return what the log of calls keeps of the error beside its reason: nothing that the request held."""
    if hint := getattr(error, "hint", None):
        return str(hint)
    return hints.for_fields([*_fields(error)]) if isinstance(error, drf.ValidationError) else ""


def _body(spec: ErrorSpec, attributes: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    named = {name: "unknown" if value is None else value for name, value in attributes.items()}
    text = (spec.keeps_message and attributes.get("message")) or spec.text.format_map(named)
    if spec.code is None:
        body: dict[str, Any] = {"error": text}
    else:
        localized, code = attributes.get("localized_message"), attributes.get("code")
        body = {"message": text, "localizedMessage": localized or text, "code": code or spec.code}
    body |= {"reason": spec.reason, "requestId": request_id}
    if hint := attributes.get("hint"):
        body["hint"] = hints.english(Hint(hint))
    if fields := attributes.get("fields"):
        body["fields"] = fields
    return body


def _attributes(error: Exception) -> Mapping[str, Any]:
    """Return what the answer may say of `error`. Of an exception of others that is nothing but wrong fields."""
    if isinstance(error, drf.ValidationError):
        hint = getattr(error, "hint", None)
        return {"message": _validation_text(error), "fields": _fields(error), "hint": hint}
    return vars(error) if isinstance(error, ApiError | KeysError | PumbleError) else {}


def _validation_text(error: drf.ValidationError) -> str:
    """A bracketed list without field names, as Pumble words it: `[must not be null]`."""
    found = (
        _NULL if code == ANY_REQUIRED else text
        for _name, text, code in _field_errors(error.get_full_details())
    )
    return f"[{', '.join(dict.fromkeys(found))}]"


def _fields(error: drf.ValidationError) -> dict[str, list[str]]:
    """The same by field, one within another as `recurrence.endDate`."""
    fields: dict[str, list[str]] = {}
    for name, text, _code in _field_errors(error.get_full_details()):
        if name and text not in fields.setdefault(name, []):
            fields[name].append(text)
    return fields


def _field_errors(details: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Field, text and code of each thing that is wrong; what is about no single field has none."""
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
