"""From an exception to what an MCP client is told: an error of JSON-RPC, or the text of a tool's failed result.

Reasons and texts are those of the REST API (`keys.reasons`). What helps is said in terms of tools.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponse
from rest_framework import exceptions as drf

from keys import reasons
from portal.api.exceptions import ApiError, error_body, record_refusal, spec_for
from portal.api.renderers import json_response
from portal.mcp import text

log = logging.getLogger(__name__)

# Source: JSON-RPC 2.0 specification, 5.1.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603

MAX_ERROR_LENGTH = 2000

_ADVICE = {
    reasons.CHANNEL_NOT_ALLOWED: "pumble_whoami shows the channels of this key.",
    reasons.BOT_NOT_IN_CHANNEL: "Ask a member of the channel to add the API app's bot to it in Pumble.",
    reasons.UNKNOWN_CHANNEL: "Check the name, or use the channel's id.",
    reasons.NOT_FOUND: "Check the id: results of other tools show ids.",
    reasons.OWNER_NOT_AUTHORIZED: "Ask the owner of the key to sign in again: {url}",
    reasons.TOKEN_REJECTED: "Ask the owner of the key to sign in again: {url}",
    reasons.FORBIDDEN_BY_PUMBLE: "The key can do only what its owner can do in Pumble. Do not try again.",
    reasons.UNKNOWN_CURSOR: "Take the id or time from an earlier result.",
    reasons.PUMBLE_UNAVAILABLE: "A read can be repeated. A write may have happened: check before you repeat it.",
    reasons.PUMBLE_TIMEOUT: "A read can be repeated. A write may have happened: check before you repeat it.",
    reasons.PUMBLE_BUSY: "A read can be repeated. A write may have happened: check before you repeat it.",
    reasons.PUMBLE_NOT_ASKED: "Nothing was done. Try again in {retry_after} s.",
    reasons.PUMBLE_RATE_LIMITED: "Nothing was done. Try again in {retry_after} s.",
    reasons.UNAVAILABLE: "Try again in {retry_after} s.",
    reasons.INTERNAL: "Give the request id to the administrator of this service.",
}
# What the contract calls its fields, where a tool's parameter has another name than the same words joined by `_`.
_PARAMETERS = {
    "channelId": "channel",
    "threadRootId": "reply_to",
    "rootMessageId": "message_id",
    "reaction": "emoji",
    "code": "emoji",
    "status": "text",
    "expiresAt": "until",
    "recurrence.endDate": "repeat_until",
    "beforeTs": "before",
    "afterTs": "after",
    "cursor": "before, after or around",
}


class InvalidArgument(ApiError):
    """An argument of a tool is invalid. The message says which one, and what to send instead."""

    reason = "validation"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ProtocolError(ApiError):
    """A request that never reaches a tool. `code` is that of JSON-RPC."""

    reason = "validation"
    status = 400
    code = INVALID_REQUEST
    message = ""


class InvalidMessage(ProtocolError):
    """The body is not one message of JSON-RPC."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class MediaTypeNotSupported(ProtocolError):
    status = code = 415
    message = "Send the message as JSON, with Content-Type: application/json"


class OriginNotAllowed(ProtocolError):
    status = code = 403
    message = "Calls from web pages of other sites are not allowed"


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer `error` as JSON-RPC, and let the view know for the log of calls how the call ended."""
    view = context["view"]
    record_failure(view, error)
    spec = spec_for(error)
    body = error_body(error, view.actor.request_id)
    data: dict[str, Any] = {name: body[name] for name in ("reason", "requestId", "hint") if name in body}
    status = code = spec.status("semantic")
    message = body.get("error") or body["message"]
    retry_after = getattr(error, "retry_after", None) or spec.retry_after
    if retry_after:
        data["retryAfter"] = retry_after
    if isinstance(error, ProtocolError):
        status, code, message = error.status, error.code, error.message
    elif spec is reasons.INTERNAL:
        status, code = 200, INTERNAL_ERROR
    elif spec is reasons.INVALID_BODY:
        code = INVALID_REQUEST
    elif view.message_id is not None and spec.reason == reasons.RATE_LIMITED.reason:
        status = 200
    answer = {"code": code, "message": message, "data": data}
    response = json_response({"jsonrpc": "2.0", "id": view.message_id, "error": answer}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="pumble-api-keys"'
    if isinstance(error, drf.MethodNotAllowed):
        response["Allow"] = "POST"
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def record_failure(view: Any, error: Exception) -> None:
    """Log an error that is ours, and set what the request log keeps of the call."""
    if spec_for(error).reason in {"internal", "unavailable"}:
        log.error("mcp.failed", exc_info=error)
    record_refusal(view, error)


def tool_text(error: Exception, request_id: str) -> str:
    """Return what the model is told of a tool that failed: the reason, what happened, what helps, the request id."""
    spec = spec_for(error)
    body = error_body(error, request_id)
    if fields := body.get("fields"):
        message = "; ".join(f"{_parameter(name)} {', '.join(texts)}" for name, texts in fields.items())
    else:
        message = text.line(body.get("error") or body["message"], limit=MAX_ERROR_LENGTH)
    retry_after = getattr(error, "retry_after", None) or spec.retry_after
    general = _ADVICE.get(spec, "").format(url=settings.PUBLIC_URL, retry_after=retry_after)
    advice = [*getattr(error, "__notes__", [])] or [body.get("hint") or general]
    sentences = [f"{spec.reason}: {message.rstrip('.')}.", *advice, f"(request id {request_id})"]
    return " ".join(sentence for sentence in sentences if sentence)


def is_error(response: HttpResponse) -> bool:
    """Return whether the library's answer is an error of JSON-RPC."""
    return bool(response.content) and msgspec.json.decode(response.content, type=_Answer).error is not None


class _Answer(msgspec.Struct):
    error: Any = None


def _parameter(field: str) -> str:
    return _PARAMETERS.get(field) or re.sub(r"(?<=[a-z])([A-Z])", r"_\1", field).lower()
