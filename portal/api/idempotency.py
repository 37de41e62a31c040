"""Carry out a repeated write once. Source: the IETF draft "The Idempotency-Key HTTP Header Field"."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
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
from portal.api.renderers import JsonRenderer, rendered_response
from pumble_bridge.exceptions import PumbleError

log = logging.getLogger(__name__)

_REFUSED = (ApiError, RateLimited, ValidationError)


def is_requested(request: Request) -> bool:
    return "HTTP_IDEMPOTENCY_KEY" in request.META


def respond(
    request: Request,
    content: Any,
    observer: CallObserver,
    perform: Callable[[], Any],
    max_duration: timedelta,
) -> HttpResponse:
    """Return the response of `perform`, or the stored one of this key's first call with the same `Idempotency-Key`.

    Args:
        content: what tells this request from another, as JSON.
        max_duration: longer than `perform` may take.

    Raises:
        ValidationError: the header's value is not 1 to 255 visible ASCII characters.
        IdempotencyConflict, IdempotencyInProgress, IdempotencyOutcomeUnknown.
    """
    value = read_value(request)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    attempt = idempotency.begin(
        request.auth.pk, value, canonical, now=timezone.now(), max_duration=max_duration
    )
    if isinstance(attempt, idempotency.Replayed):
        observer.trace.is_replay = True
        response = rendered_response(attempt.answer)
        response["Idempotency-Replayed"] = "true"
        return response
    try:
        body = JsonRenderer().render(perform())
    except Exception as error:
        with _log_database_errors():
            if observer.wrote and _may_have_happened(error):
                attempt.mark_unknown(now=timezone.now())
            else:
                attempt.release()
        raise
    with _log_database_errors():
        attempt.complete(body, now=timezone.now())
    return rendered_response(body)


@contextlib.contextmanager
def _log_database_errors() -> Iterator[None]:
    """Log a database error instead of raising it: the write was sent. A repetition gets `idempotency_unknown`."""
    try:
        yield
    except DatabaseError:
        log.exception("idempotency.not_stored")


def read_value(request: Request) -> str:
    """Return the value of the header without quotes. The draft requires quotes; most clients omit them.

    Raises:
        ValidationError: it is not 1 to 255 visible ASCII characters.
    """
    text = str(request.META["HTTP_IDEMPOTENCY_KEY"]).strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 1 <= len(text) <= idempotency.MAX_VALUE_LENGTH or not (text.isascii() and text.isprintable()):
        raise ValidationError({"Idempotency-Key": "Idempotency-Key must have 1 to 255 visible characters"})
    return text


def _may_have_happened(error: Exception) -> bool:
    if isinstance(error, PumbleError):
        return error.may_have_happened
    return not isinstance(error, _REFUSED)
