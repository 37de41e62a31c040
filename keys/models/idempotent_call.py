"""Writes that must not happen twice."""

from datetime import timedelta

from django.db import models

from keys.models.api_key import ApiKey


class IdempotentCall(models.Model):
    """A write that came with an `Idempotency-Key`: its answer, so that a repetition gets it and nothing happens twice.

    `answer` is None while the call is under way, and for good where nobody knows how it ended.
    """

    RETENTION = timedelta(hours=24)

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="idempotent_calls")
    value_digest = models.BinaryField(max_length=32)
    request_digest = models.BinaryField(max_length=32)
    begun_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "value_digest"], name="keys_idempotent_once"),
        ]

    def __str__(self) -> str:
        return f"call begun at {self.begun_at:%Y-%m-%dT%H:%M:%SZ}"
