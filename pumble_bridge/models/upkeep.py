"""The state of maintenance, and check values of secrets."""

from datetime import datetime, timedelta

from django.db import models


class MaintenanceRun(models.Model):
    """The last run of `maintenance`.

    Attributes:
        every: the seconds between two runs; None if it runs once.
        failed: the names of the parts that failed.
    """

    MAX_AGE = timedelta(hours=25)  # of a run that is not repeated, such as a daily one
    MIN_AGE_IN_LOOP = timedelta(hours=1)  # a loop that is younger is not late: one run may take long

    finished_at = models.DateTimeField()
    every = models.PositiveIntegerField(null=True)
    failed = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"maintenance at {self.finished_at:%Y-%m-%dT%H:%M:%SZ}"

    @staticmethod
    def record(*, every: int | None, failed: list[str], now: datetime) -> None:
        values = {"finished_at": now, "every": every, "failed": failed}
        MaintenanceRun.objects.update_or_create(pk=1, defaults=values)

    def is_late(self, now: datetime) -> bool:
        """Return whether the next run should have ended before `now`."""
        max_age = self.MAX_AGE
        if self.every:
            max_age = max(timedelta(seconds=5 * self.every), self.MIN_AGE_IN_LOOP)
        return now - self.finished_at > max_age


class SecretCheck(models.Model):
    """A check value of a secret, from which the secret cannot be derived. See `secret_checks`.

    Attributes:
        number: that of the pepper; 0 for all others.
        worked_at: when it was found that a secret of the app at Pumble works. None for all others.
    """

    class Kind(models.TextChoices):
        PEPPER = "PEPPER"
        ENCRYPTION_KEY = "ENCRYPTION_KEY"
        CLIENT_SECRET = "CLIENT_SECRET"  # noqa: S105 - the name
        SIGNING_SECRET = "SIGNING_SECRET"  # noqa: S105 - the name

    kind = models.CharField(max_length=16, choices=Kind.choices)
    number = models.PositiveSmallIntegerField(default=0)
    value = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number", "value"], name="secret_check_once"),
        ]

    def __str__(self) -> str:
        return f"check value of {self.kind} {self.number}"
