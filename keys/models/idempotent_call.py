"""Calls with an `Idempotency-Key`."""

from datetime import timedelta

from django.db import models

from keys.models.api_key import ApiKey


class IdempotentCall(models.Model):
    """A write with an `Idempotency-Key`, and its answer for repetitions.

    `answer` is None until the call has ended, and stays None if its outcome is unknown.
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
