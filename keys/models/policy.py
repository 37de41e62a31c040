"""What a workspace lets its members' keys be."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from keys.models.people import Member, Workspace


class Policy(models.Model):
    """What a workspace lets its members' keys be. A workspace without a row has the defaults.

    `allowed_scopes` None allows all. `largest_lifetime` None sets no bound; a key without an end needs `never_allowed`.
    `idle_days` None disables no key for lying idle; `idle_from` is when it last became stricter. `revision` counts the
    changes, so that a form can tell whether it shows the policy as it is.
    """

    class Creators(models.TextChoices):
        EVERYONE = "EVERYONE", _("everyone")
        ADMINISTRATORS = "ADMINISTRATORS", _("owners and administrators")
        CHOSEN = "CHOSEN", _("owners, administrators and chosen people")

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, primary_key=True, related_name="policy"
    )
    creators = models.CharField(max_length=16, choices=Creators.choices, default=Creators.EVERYONE)
    chosen = models.ManyToManyField(Member, related_name="+")
    allowed_scopes = models.JSONField(null=True)
    largest_lifetime = models.DurationField(null=True)
    never_allowed = models.BooleanField(default=True)
    most_keys = models.PositiveSmallIntegerField(default=200)
    addresses_required = models.BooleanField(default=False)
    idle_days = models.PositiveSmallIntegerField(null=True)
    idle_from = models.DateTimeField(null=True)
    requests_kept_days = models.PositiveSmallIntegerField(default=90)
    leak_guard = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"policy of {self.workspace}"
