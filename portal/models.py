"""What the portal itself keeps: which forms were sent already."""

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction


class SentForm(models.Model):
    """A form that counts once, and was sent: a reload or a double click does nothing a second time."""

    RETENTION = timedelta(hours=24)

    nonce = models.CharField(max_length=32, unique=True)
    sent_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"form {self.nonce[:6]}"

    @staticmethod
    def consume(nonce: str, *, now: datetime) -> bool:
        """Whether `nonce` is new; then it is remembered. Atomic: of two repetitions one is new."""
        SentForm.objects.filter(sent_at__lte=now - SentForm.RETENTION).delete()
        try:
            with transaction.atomic():
                SentForm.objects.create(nonce=nonce, sent_at=now)
        except IntegrityError:
            return False
        return True
