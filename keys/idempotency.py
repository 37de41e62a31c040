"""Writes that must happen once: the first call with an `Idempotency-Key` is carried out, its repetitions get its answer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from keys import batches
from keys.exceptions import IdempotencyConflict, IdempotencyInProgress, IdempotencyOutcomeUnknown
from keys.models import IdempotentCall

MAX_VALUE_LENGTH = 255
# Longer than any call may take: one that has not ended by then never will, and nobody knows what it did.
MAX_CALL_DURATION = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Started:
    """The call is the first with its `Idempotency-Key`; it ends with exactly one of these methods."""

    call: IdempotentCall

    def succeeded(self, answer: bytes, *, now: datetime) -> None:
        """Repetitions within 24 h get `answer`."""
        IdempotentCall.objects.filter(pk=self.call.pk).update(answer=answer, ended_at=now)

    def did_nothing(self) -> None:
        """It was refused before anything happened: a repetition is carried out like a first call."""
        IdempotentCall.objects.filter(pk=self.call.pk).delete()

    def may_have_happened(self, *, now: datetime) -> None:
        """Nobody knows whether it was carried out: repetitions are told so."""
        IdempotentCall.objects.filter(pk=self.call.pk).update(ended_at=now)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The call was carried out before, with this answer."""

    answer: bytes


def begin(key_pk: int, value: str, request: bytes, *, now: datetime) -> Started | Replayed:
    """Note that a call of this key with this `Idempotency-Key` begins. Of parallel ones exactly one is the first.

    Args:
        request: what is asked for, spelt canonically; the same value with another request is a conflict.

    Raises:
        IdempotencyConflict, IdempotencyInProgress, IdempotencyUnknown.
    """
    names = {"key_id": key_pk, "value_digest": hashlib.sha256(value.encode()).digest()}
    request_digest = hashlib.sha256(request).digest()
    IdempotentCall.objects.filter(**names, begun_at__lte=now - IdempotentCall.KEPT_FOR).delete()
    try:
        with transaction.atomic():
            return Started(
                IdempotentCall.objects.create(**names, request_digest=request_digest, begun_at=now)
            )
    except IntegrityError:
        before = IdempotentCall.objects.filter(**names).first()
    if before is None:
        raise IdempotencyInProgress  # it ended without effect this very moment
    if bytes(before.request_digest) != request_digest:
        raise IdempotencyConflict
    if before.answer is not None:
        return Replayed(bytes(before.answer))
    if before.ended_at is None and before.begun_at > now - MAX_CALL_DURATION:
        raise IdempotencyInProgress
    raise IdempotencyOutcomeUnknown


def delete_expired(*, now: datetime) -> int:
    """Forget calls of more than 24 h ago; how many."""
    return batches.delete_in_batches(
        IdempotentCall.objects.filter(begun_at__lte=now - IdempotentCall.KEPT_FOR)
    )
