"""Encrypted Pumble tokens, check values of secrets, OAuth states, accepted hooks, Home tabs, notices, and stored events."""

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from keys.models import ApiKey, AuditEvent, Member, Workspace
from pumble_bridge import tokens


class Installation(models.Model):
    """The app in one workspace: its bot user and the bot's encrypted token.

    Attributes:
        granted_scopes: the bot's scopes that were asked for; None for an installation from before they were recorded.
        rejected_at: when Pumble first rejected the token; None while the token works.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="installation")
    bot_user_id = models.CharField(max_length=24)
    encrypted_bot_token = models.BinaryField()
    granted_scopes = models.JSONField(null=True)
    rejected_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"installation in {self.workspace}"

    @property
    def bot_token(self) -> str | None:
        return tokens.decrypt(
            self.encrypted_bot_token,
            workspace_id=self.workspace.pumble_id,
            user_id=self.bot_user_id,
            kind="bot",
        )


class Authorization(models.Model):
    """A member's grant: the encrypted token with which the app acts as that member.

    Attributes:
        granted_scopes: the scopes that were asked for; None for an authorization from before they were recorded.
        rejected_at: when Pumble first rejected the token; None while the token works.
    """

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="authorization")
    encrypted_access_token = models.BinaryField()
    granted_scopes = models.JSONField(null=True)
    rejected_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"authorization of {self.member}"

    @property
    def access_token(self) -> str | None:
        workspace, user_id = self.member.workspace, self.member.pumble_user_id
        stored = self.encrypted_access_token
        return (
            tokens.decrypt(stored, workspace_id=workspace.pumble_id, user_id=user_id, kind="access")
            if workspace and user_id
            else None
        )


class OAuthState(models.Model):
    """A started OAuth flow. The first return from Pumble's consent screen deletes it. Only digests are stored.

    Attributes:
        form: fields of a form that was submitted after the session had ended, as a query string without keys.
        form_author: the member who submitted the form. It is shown to no other member.
    """

    LIFETIME = timedelta(minutes=10)
    FORM_LIFETIME = timedelta(hours=1)  # until the browser is redirected to Pumble; then `LIFETIME`

    class Purpose(models.TextChoices):
        INSTALL = "INSTALL"
        SIGN_IN = "SIGN_IN"
        REINSTALL = "REINSTALL"

    digest = models.CharField(max_length=64, unique=True)
    browser_digest = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    return_to = models.TextField()
    expires_at = models.DateTimeField(db_index=True)
    form = models.TextField(default="", db_default="")
    form_author = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, related_name="+", db_column="typed_by_id"
    )

    def __str__(self) -> str:
        return f"{self.purpose} until {self.expires_at:%H:%M:%S}"


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


class EventFeed(models.Model):
    """The numbering of a workspace's stored events. Its row is locked while an event is stored: numbers commit in order.

    Attributes:
        last_number: of the newest event, deleted or not.
        cut_number: of the newest event that was deleted for its age or because there were too many.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_number = models.PositiveBigIntegerField(default=0)
    cut_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"event feed of {self.workspace_id}, {self.last_number} events"


class EventListener(models.Model):
    """A key that listens to events. Listening ends `TIMEOUT` after its last call: the next begins a new row.

    `started_at` is when it began, `called_at` is the last call, to the minute.
    """

    TIMEOUT = timedelta(hours=24)

    key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, related_name="event_listener")
    started_at = models.DateTimeField()
    called_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"listener {self.key_id} since {self.started_at:%Y-%m-%dT%H:%M:%SZ}"


class StoredEvent(models.Model):
    """An event of Pumble that a key of the workspace listens to.

    Attributes:
        type: the API's name, such as `message.created`.
        user_ids: the users that the hook named: those who may hear the event.
        author_id: who wrote the message, or did what the event reports; "" if it does not tell.
        content: `id` and `data` of the API's event, encrypted. See `pumble_bridge.events.contents`.
        is_partial: the hook did not carry the whole message. It is fetched once.
    """

    RETENTION = timedelta(hours=24)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveBigIntegerField()
    type = models.CharField(max_length=32)
    channel_id = models.CharField(max_length=24)
    user_ids = models.JSONField()
    author_id = models.CharField(max_length=24, blank=True)
    content = models.BinaryField()
    is_partial = models.BooleanField(default=False)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="stored_event_number")]

    def __str__(self) -> str:
        return f"event {self.number} of {self.workspace_id}"


class ChannelType(models.Model):
    """The type of a channel in which an event happened, as Pumble said lately. "" if Pumble does not show the channel.

    It is kept for a minute only: a public channel can become private, and no event tells it.
    """

    RETENTION = timedelta(minutes=1)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel_id = models.CharField(max_length=24)
    type = models.CharField(max_length=16, blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id"], name="channel_type_of_a_channel")
        ]

    def __str__(self) -> str:
        return f"channel {self.channel_id}: {self.type}"


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
