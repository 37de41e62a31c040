"""The hooks that were accepted."""

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction


class AcceptedHook(models.Model):
    """A deduplication key of an accepted hook: the digest of its signature, trigger id or event request id."""

    RETENTION = timedelta(seconds=660)  # twice the signature's tolerance and a margin

    dedup_key = models.CharField(max_length=64, unique=True, db_column="mark")
    accepted_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"hook {self.dedup_key[:8]}"

    @staticmethod
    def remember(dedup_keys: list[str], *, now: datetime) -> bool:
        """Store `dedup_keys` and return True, or store nothing and return False if one of them is known.

        Atomic: of two simultaneous repetitions, exactly one gets True.
        """
        try:
            with transaction.atomic():
                AcceptedHook.objects.bulk_create(
                    [AcceptedHook(dedup_key=key, accepted_at=now) for key in sorted(set(dedup_keys))]
                )
        except IntegrityError:
            return False
        return True
