"""`Idempotency-Key`: a write that is repeated happens once. Source: the IETF draft of that name."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from keys import idempotency
from keys.exceptions import RateLimited
from keys.key_cache import KeyRecord
from portal.api import wire
from portal.api.exceptions import ApiError
from portal.api.watching import Watch
from pumble_bridge.exceptions import PumbleError

log = logging.getLogger(__name__)

_REFUSED = (ApiError, RateLimited, ValidationError)


def answer(
    meta: Mapping[str, Any],
    key: KeyRecord,
    operation: str,
    read: dict[str, Any],
    watch: Watch,
    run: Callable[[], HttpResponse],
) -> HttpResponse:
    """The answer of `run`, or of the first call of this key with the same `Idempotency-Key`.

    Raises:
        ValidationError: the header's value is not usable.
        IdempotencyConflict, IdempotencyInProgress, IdempotencyUnknown.
    """
    if "HTTP_IDEMPOTENCY_KEY" not in meta:
        return run()
    request = json.dumps([operation, read], sort_keys=True, separators=(",", ":")).encode()
    begun = idempotency.begin(key.pk, _value(meta["HTTP_IDEMPOTENCY_KEY"]), request, now=timezone.now())
    if isinstance(begun, idempotency.Repeated):
        response = wire.raw_answer(begun.answer)
        response["Idempotency-Replayed"] = "true"
        return response
    try:
        response = run()
    except Exception as error:
        with _said_but_not_lost():
            if watch.wrote and _may_have_happened(error):
                begun.may_have_happened(now=timezone.now())
            else:
                begun.did_nothing()
        raise
    with _said_but_not_lost():
        begun.succeeded(response.content, now=timezone.now())
    return response


@contextlib.contextmanager
def _said_but_not_lost() -> Iterator[None]:
    """A database that is away now changes nothing about what happened; repetitions will hear that it is not known."""
    try:
        yield
    except DatabaseError:
        log.exception("idempotency.not_stored")


def _value(header: str) -> str:
    """The value; the draft has it in quotes, most clients leave them out."""
    text = header.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 1 <= len(text) <= idempotency.MAX_LENGTH or not (text.isascii() and text.isprintable()):
        raise ValidationError({"Idempotency-Key": "Idempotency-Key must have 1 to 255 visible characters"})
    return text


def _may_have_happened(error: Exception) -> bool:
    if isinstance(error, PumbleError):
        return error.may_have_happened
    return not isinstance(error, _REFUSED)
