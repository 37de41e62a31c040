"""The use of keys. `keys.usage` writes the rows in batches, after the answer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from keys.models.api_key import ApiKey
from keys.models.audit_event import AuditEvent
from keys.models.people import Member, visible_to


class LastUse(models.Model):
    """The last use of a key. It has its own table, so that recording a use does not update the key."""

    key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="last_use")
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return f"last use of {self.key_id}"


class KnownNetwork(models.Model):
    """A network that a key was used from, such as `203.0.113.0/24` or `2001:db8:1::/48`. Kept while the key is live."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="networks")
    network = models.CharField(max_length=43)
    first_used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "network"], name="keys_network_known_once"),
        ]

    def __str__(self) -> str:
        return f"network of {self.key_id} since {self.first_used_at:%Y-%m-%d}"


class RequestLogQuerySet(models.QuerySet["RequestLog"]):
    def for_viewer(self, viewer: Member) -> "RequestLogQuerySet":
        return visible_to(
            viewer,
            self,
            workspace="key__owner__workspace",
            person="key__owner",
            responsible="key__responsible",
        )


class RequestLog(models.Model):
    """One call with a key: what was asked and how it ended. No bodies. `outcome` is `ok` or the reason of the refusal.

    `outcome_case` names the special case of the reason, `hint` what was wrong with the request: a name of
    `pumble_bridge.hints`, the wrong fields or the missing scope. `surface` is the API that was called, `agent` the program
    that called it. `channel_id` and `message_id` are Pumble's ids of what the call was about or made, and `speaker` is on
    whose behalf it changed something in Pumble. A dry run changed nothing, and a replay got the answer of an earlier call.
    """

    class Speaker(models.TextChoices):
        PERSON = "PERSON", _("the owner of the key")
        BOT = "BOT", _("the app's bot")

    SURFACES = [(AuditEvent.Surface.API, "REST"), (AuditEvent.Surface.MCP, "MCP")]

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="requests")
    at = models.DateTimeField()
    operation = models.CharField(max_length=32)
    outcome = models.CharField(max_length=32)
    status = models.PositiveSmallIntegerField()
    duration_ms = models.PositiveIntegerField()
    request_id = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    hint = models.CharField(max_length=120, blank=True, db_default="")
    surface = models.CharField(max_length=8, choices=SURFACES, db_default=AuditEvent.Surface.API)
    agent = models.CharField(max_length=120, blank=True, db_default="")
    outcome_case = models.CharField(max_length=32, blank=True, db_default="")
    channel_id = models.CharField(max_length=24, blank=True, db_default="")
    message_id = models.CharField(max_length=24, blank=True, db_default="")
    speaker = models.CharField(max_length=8, choices=Speaker.choices, blank=True, db_default="")
    is_dry_run = models.BooleanField(db_default=False)
    is_replay = models.BooleanField(db_default=False)

    objects = RequestLogQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["key", "at"], name="keys_requests_of_key"),
            models.Index(fields=["request_id"], name="keys_request_by_id"),
            models.Index(fields=["at"], name="keys_requests_by_age"),
            models.Index(
                fields=["message_id"], name="keys_requests_of_message", condition=~models.Q(message_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.outcome} at {self.at:%Y-%m-%dT%H:%M:%SZ}"


class HourlyUseQuerySet(models.QuerySet["HourlyUse"]):
    def for_viewer(self, viewer: Member) -> "HourlyUseQuerySet":
        return visible_to(
            viewer,
            self,
            workspace="key__owner__workspace",
            person="key__owner",
            responsible="key__responsible",
        )


class HourlyUse(models.Model):
    """The number of calls of a key with one outcome in one hour. `hour` is its beginning.

    `outcome` is that of the calls, or `dry_run` or `replay` where they did nothing anew (`keys.usage.SUCCESSES`).
    """

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField()
    outcome = models.CharField(max_length=32)
    count = models.PositiveIntegerField()

    objects = HourlyUseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "hour", "outcome"], name="keys_one_count_of_an_outcome"),
        ]
        indexes = [models.Index(fields=["hour"], name="keys_hours_by_age")]

    def __str__(self) -> str:
        return f"{self.count} {self.outcome} from {self.hour:%Y-%m-%dT%H:%MZ}"
