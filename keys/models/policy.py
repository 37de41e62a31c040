"""The policy of a workspace."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from keys.models.people import Member, Workspace


class Policy(models.Model):
    """What a workspace allows for the keys of its members. A workspace without a row has the defaults.

    Attributes:
        allowed_creators: who may create keys, beside administrators, if `creators` is `CHOSEN`.
        allowed_scopes: None allows all.
        full_access_forbidden: no key may have all scopes at once.
        default_preset: a name in `scopes.PRESETS`, the permissions of a new key unless somebody chooses others; "" sets none.
        max_lifetime: None sets no limit. Then a key without expiry needs `allows_no_expiry`.
        default_lifetime: of a new key unless somebody chooses another; None sets none.
        workspace_keys_allowed: there may be keys that belong to the workspace instead of a person.
        max_keys: how many current keys a member may have, and how many keys the workspace.
        idle_days: after how many days without use a key is disabled; None disables none.
        idle_rule_since: when `idle_days` last became stricter.
        request_log_retention_days: how long single calls are kept.
        events_allowed: whether keys may listen to events, whose texts are stored while they listen.
        revision: the number of changes. A form sends it, so that it cannot overwrite a later policy.
    """

    class Creators(models.TextChoices):
        EVERYONE = "EVERYONE", _("everyone")
        ADMINISTRATORS = "ADMINISTRATORS", _("owners and administrators")
        CHOSEN = "CHOSEN", _("owners, administrators and chosen people")

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, primary_key=True, related_name="policy"
    )
    creators = models.CharField(max_length=16, choices=Creators.choices, default=Creators.EVERYONE)
    allowed_creators = models.ManyToManyField(Member, related_name="+", db_table="keys_policy_chosen")
    allowed_scopes = models.JSONField(null=True)
    full_access_forbidden = models.BooleanField(default=False, db_default=False)
    default_preset = models.CharField(max_length=16, blank=True, default="", db_default="")
    max_lifetime = models.DurationField(null=True, db_column="largest_lifetime")
    default_lifetime = models.DurationField(null=True)
    allows_no_expiry = models.BooleanField(default=True, db_column="never_allowed")
    workspace_keys_allowed = models.BooleanField(default=True, db_default=True)
    max_keys = models.PositiveSmallIntegerField(default=200, db_column="most_keys")
    addresses_required = models.BooleanField(default=False)
    idle_days = models.PositiveSmallIntegerField(null=True)
    idle_rule_since = models.DateTimeField(null=True, db_column="idle_from")
    request_log_retention_days = models.PositiveSmallIntegerField(default=90, db_column="requests_kept_days")
    leak_detection_enabled = models.BooleanField(default=True, db_column="leak_guard")
    events_allowed = models.BooleanField(default=True, db_default=True)
    revision = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"policy of {self.workspace}"
