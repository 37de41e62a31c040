"""The models of the portal itself: forms that were sent, and the last result of doctor."""

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction


class SentForm(models.Model):
    """The nonce of a form that was sent. A reload or a double click does not send it again."""

    RETENTION = timedelta(hours=24)

    nonce = models.CharField(max_length=32, unique=True)
    sent_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"form {self.nonce[:6]}"

    @staticmethod
    def consume(nonce: str, *, now: datetime) -> bool:
        """Store `nonce` and return whether it was new. Atomic: of two concurrent calls, one returns True."""
        SentForm.objects.filter(sent_at__lte=now - SentForm.RETENTION).delete()
        try:
            with transaction.atomic():
                SentForm.objects.create(nonce=nonce, sent_at=now)
        except IntegrityError:
            return False
        return True


class DoctorRun(models.Model):
    """The last run of `doctor`. `findings` are rows of `portal.doctor.findings.Finding`."""

    finished_at = models.DateTimeField()
    findings = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"doctor at {self.finished_at:%Y-%m-%dT%H:%M:%SZ}"
