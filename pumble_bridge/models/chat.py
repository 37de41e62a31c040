"""What the app shows in chat: Home tabs and the notices of the bot."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from keys.models import ApiKey, AuditEvent, Member


class HomeTab(models.Model):
    """The state of a member's Home tab in Pumble. It is stale while `version > published_version`.

    `next_at` is the earliest time of the next publication. While a process publishes the tab, `claimed` is True
    and `next_at` is when the claim expires. `failures` counts the failures since the last success. `new_key` is the key
    whose text was last sent to the Messages tab.
    """

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="home_tab")
    version = models.PositiveIntegerField(default=0, db_column="changes")
    published_version = models.PositiveIntegerField(default=0, db_column="shown")
    published_at = models.DateTimeField(null=True, db_column="shown_at")
    next_at = models.DateTimeField(default=timezone.now)
    claimed = models.BooleanField(default=False)
    failures = models.PositiveIntegerField(default=0)
    new_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(version__gt=F("published_version")),
                name="pumble_bridge_stale_homes",
            )
        ]

    def __str__(self) -> str:
        return f"Home tab, version {self.published_version} of {self.version}"


class Notice(models.Model):
    """A direct message from the bot to a member, sent at most once. The row exists before the message is sent.

    `dedup_key` distinguishes notices of one kind about one key, or about no key. `event` is the audit event that
    caused the notice, if any. `sent_with` is the notice whose message also tells this one.
    """

    RETENTION = timedelta(days=400)

    class Kind(models.TextChoices):
        EXPIRES_SOON = "EXPIRES_SOON"
        EXPIRED = "EXPIRED"
        REVOKED = "REVOKED"
        DISABLED = "DISABLED"
        NARROWED = "NARROWED"
        IDLE_SOON = "IDLE_SOON"
        USED_ELSEWHERE = "USED_ELSEWHERE"
        LEAKED = "LEAKED"
        LEAK_REVOKED = "LEAK_REVOKED"
        LEAK_DISMISSED = "LEAK_DISMISSED"
        PERSON_LEFT = "PERSON_LEFT"
        REJECTED = "REJECTED"
        RESPONSIBLE = "RESPONSIBLE"
        NO_RESPONSIBLE = "NO_RESPONSIBLE"
        SELF_ROTATED = "SELF_ROTATED"

    class State(models.TextChoices):
        QUEUED = "QUEUED"
        SENDING = "SENDING"  # remains after a crash or an uncertain failure, until `reconcile`
        SENT = "SENT"
        DROPPED = "DROPPED"  # no recipient, or no longer true

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notices")
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, related_name="notices")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    dedup_key = models.CharField(max_length=64, db_column="fact")
    event = models.ForeignKey(AuditEvent, on_delete=models.CASCADE, null=True, related_name="notices")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(db_index=True)
    tried_at = models.DateTimeField(null=True)
    sent_with = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "key", "kind", "dedup_key"], name="notice_once_of_a_key"
            ),
            models.UniqueConstraint(
                fields=["member", "kind", "dedup_key"],
                condition=Q(key__isnull=True),
                name="notice_once_of_a_member",
            ),
        ]
        indexes = [
            models.Index(fields=["tried_at", "id"], condition=Q(state="QUEUED"), name="notice_queued"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} to {self.member}"
