"""Workspaces and who is in them: people, and the bot users of installed apps."""

from django.db import models
from django.db.models import Q


class Workspace(models.Model):
    id = models.CharField(primary_key=True, max_length=24)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


HUMAN = Q(app=None, is_pumble_bot=False)


class Person(models.Model):
    """A workspace user; `app_id` is set on an app's bot user only, `is_pumble_bot` on Pumble's own."""

    class Role(models.TextChoices):
        OWNER = "OWNER"
        ADMINISTRATOR = "ADMINISTRATOR"
        USER = "USER"
        GUEST_MULTI_CHANNEL = "GUEST_MULTI_CHANNEL"
        GUEST_SINGLE_CHANNEL = "GUEST_SINGLE_CHANNEL"

    class Status(models.TextChoices):
        ACTIVATED = "ACTIVATED"
        INVITED = "INVITED"
        DEACTIVATED = "DEACTIVATED"

    id = models.CharField(primary_key=True, max_length=24)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="people")
    app = models.ForeignKey("sandbox.App", models.CASCADE, null=True, related_name="bots")
    name = models.CharField(max_length=80)
    email = models.CharField(max_length=254, blank=True)
    role = models.CharField(max_length=24, choices=Role.choices, default=Role.USER)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVATED)
    title = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    time_zone = models.CharField(max_length=64, default="Europe/Belgrade")
    custom_status = models.JSONField(null=True)
    invited_by_id = models.CharField(max_length=24, blank=True)
    is_pumble_bot = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def is_bot(self) -> bool:
        return self.app_id is not None or self.is_pumble_bot

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVATED

    @property
    def is_guest(self) -> bool:
        return "GUEST" in self.role

    @property
    def may_install(self) -> bool:
        """Owners and administrators install apps. Source: Pumble app platform reference, 1.5."""
        return self.role in {self.Role.OWNER, self.Role.ADMINISTRATOR}

    @property
    def may_authorize(self) -> bool:
        return self.role != self.Role.GUEST_SINGLE_CHANNEL


class UserGroup(models.Model):
    """People who are mentioned under one handle; `member_ids` in the order in which they joined it."""

    id = models.CharField(primary_key=True, max_length=24)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="user_groups")
    created_by_id = models.CharField(max_length=24)
    name = models.CharField(max_length=80)
    handle = models.CharField(max_length=80)
    description = models.CharField(max_length=250, blank=True)
    disabled = models.BooleanField(default=False)
    member_ids = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"@{self.handle} ({self.id})"
