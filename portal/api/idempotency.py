"""`Idempotency-Key`: a write that is repeated happens once. Source: the IETF draft of that name."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from keys import idempotency
from keys.exceptions import RateLimited
from portal.api.calls import CallObserver
from portal.api.exceptions import ApiError
from portal.api.parsers import read_input
from portal.api.renderers import JsonRenderer, stored_response
from pumble_bridge.exceptions import PumbleError

log = logging.getLogger(__name__)

_REFUSED = (ApiError, RateLimited, ValidationError)


def is_requested(request: Request) -> bool:
    return "HTTP_IDEMPOTENCY_KEY" in request.META


def respond(
    request: Request, operation: str, observer: CallObserver, perform: Callable[[], Any]
) -> HttpResponse:
    """Return the answer of `perform`, or that of the first call of this key with the same `Idempotency-Key`.

    Raises:
        ValidationError: the header's value is not usable.
        IdempotencyConflict, IdempotencyInProgress, IdempotencyUnknown.
    """
    value = _value(request.META["HTTP_IDEMPOTENCY_KEY"])
    content = json.dumps([operation, read_input(request)], sort_keys=True, separators=(",", ":")).encode()
    begun = idempotency.begin(request.auth.pk, value, content, now=timezone.now())
    if isinstance(begun, idempotency.Replayed):
        response = stored_response(begun.answer)
        response["Idempotency-Replayed"] = "true"
        return response
    try:
        answer = JsonRenderer().render(perform())
    except Exception as error:
        with _storing_errors_logged():
            if observer.wrote and _may_have_happened(error):
                begun.may_have_happened(now=timezone.now())
            else:
                begun.did_nothing()
        raise
    with _storing_errors_logged():
        begun.succeeded(answer, now=timezone.now())
    return stored_response(answer)


@contextlib.contextmanager
def _storing_errors_logged() -> Iterator[None]:
    """A database that is away now changes nothing about what happened; repetitions hear that it is not known."""
    try:
        yield
    except DatabaseError:
        log.exception("idempotency.not_stored")


def _value(header: str) -> str:
    """Return the value; the draft has it in quotes, most clients leave them out."""
    text = header.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 1 <= len(text) <= idempotency.MAX_VALUE_LENGTH or not (text.isascii() and text.isprintable()):
        raise ValidationError({"Idempotency-Key": "Idempotency-Key must have 1 to 255 visible characters"})
    return text


def _may_have_happened(error: Exception) -> bool:
    if isinstance(error, PumbleError):
        return error.may_have_happened
    return not isinstance(error, _REFUSED)
