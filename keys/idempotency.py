"""Idempotent writes: the first call with an `Idempotency-Key` is carried out, and its repetitions get its answer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from keys import batches
from keys.exceptions import IdempotencyConflict, IdempotencyInProgress, IdempotencyOutcomeUnknown
from keys.models import IdempotentCall

MAX_VALUE_LENGTH = 255
# Longer than any call without files may take.
MAX_CALL_DURATION = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Started:
    """The first call with its `Idempotency-Key`. End it with exactly one of these methods."""

    call: IdempotentCall

    def complete(self, answer: bytes, *, now: datetime) -> None:
        """Store the answer. Repetitions within 24 hours get it."""
        IdempotentCall.objects.filter(pk=self.call.pk).update(answer=answer, ended_at=now)

    def release(self) -> None:
        """Forget the call, because nothing happened. A repetition is carried out like a first call."""
        IdempotentCall.objects.filter(pk=self.call.pk).delete()

    def mark_unknown(self, *, now: datetime) -> None:
        """Record that the outcome is unknown. Repetitions raise IdempotencyOutcomeUnknown."""
        IdempotentCall.objects.filter(pk=self.call.pk).update(ended_at=now)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The call was carried out before. `answer` is the stored body."""

    answer: bytes


def begin(
    key_pk: int,
    value: str,
    request: bytes,
    *,
    now: datetime,
    max_duration: timedelta = MAX_CALL_DURATION,
) -> Started | Replayed:
    """Begin a call of this key with this `Idempotency-Key`. Of parallel calls exactly one is `Started`.

    Args:
        value: the header's value.
        request: the canonical form of the request. The same value with another request is a conflict.
        max_duration: longer than the call may take. The outcome of a call that has not ended by then is unknown.

    Raises:
        IdempotencyConflict, IdempotencyInProgress, IdempotencyOutcomeUnknown.
    """
    names = {"key_id": key_pk, "value_digest": hashlib.sha256(value.encode()).digest()}
    request_digest = hashlib.sha256(request).digest()
    IdempotentCall.objects.filter(**names, begun_at__lte=now - IdempotentCall.RETENTION).delete()
    try:
        with transaction.atomic():
            return Started(
                IdempotentCall.objects.create(**names, request_digest=request_digest, begun_at=now)
            )
    except IntegrityError:
        first = IdempotentCall.objects.filter(**names).first()
    if first is None:
        raise IdempotencyInProgress  # it was released between the two queries
    if bytes(first.request_digest) != request_digest:
        raise IdempotencyConflict
    if first.answer is not None:
        return Replayed(bytes(first.answer))
    if first.ended_at is None and first.begun_at > now - max_duration:
        raise IdempotencyInProgress
    raise IdempotencyOutcomeUnknown


def forget(key_pk: int, value: str) -> None:
    """Forget the ended call of this key with this `Idempotency-Key`. A repetition is carried out like a first call."""
    digest = hashlib.sha256(value.encode()).digest()
    IdempotentCall.objects.filter(key_id=key_pk, value_digest=digest).delete()


def delete_expired(*, now: datetime) -> int:
    """Delete the calls that began more than 24 hours ago. Return how many rows."""
    return batches.delete_in_batches(
        IdempotentCall.objects.filter(begun_at__lte=now - IdempotentCall.RETENTION)
    )
