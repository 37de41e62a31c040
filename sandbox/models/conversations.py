"""Channels, who is in them, and what was said. Ephemeral messages are never rows."""

from django.db import models

from sandbox.models.workspaces import Person, Workspace


class Channel(models.Model):
    class Type(models.TextChoices):
        PUBLIC = "PUBLIC"
        PRIVATE = "PRIVATE"
        DIRECT = "DIRECT"
        SELF = "SELF"

    id = models.CharField(primary_key=True, max_length=24)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="channels")
    channel_type = models.CharField(max_length=8, choices=Type.choices)
    name = models.CharField(max_length=80, blank=True)
    description = models.CharField(max_length=250, blank=True)
    creator_id = models.CharField(max_length=24, blank=True)
    created_ms = models.BigIntegerField()
    is_main = models.BooleanField(default=False)
    archived_by_id = models.CharField(max_length=24, blank=True)
    posting_group = models.CharField(max_length=24, default="EVERYONE")

    def __str__(self) -> str:
        return f"{self.channel_type} {self.name or self.id}"

    @property
    def is_archived(self) -> bool:
        return bool(self.archived_by_id)


class Membership(models.Model):
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    added_by_id = models.CharField(max_length=24, blank=True)
    last_mark_ms = models.BigIntegerField(default=0)
    is_muted = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "person"], name="sandbox_membership_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.channel_id}"


class Message(models.Model):
    id = models.CharField(primary_key=True, max_length=24)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="messages")
    author = models.ForeignKey(Person, models.CASCADE, related_name="+")
    author_app_id = models.CharField(max_length=24, blank=True)
    text = models.TextField(blank=True)
    blocks = models.JSONField(default=list)
    attachments = models.JSONField(default=list)
    files = models.JSONField(default=list)
    link_previews = models.JSONField(default=list)
    quote = models.JSONField(null=True)
    sent_ms = models.BigIntegerField()
    root = models.ForeignKey("self", models.CASCADE, null=True, related_name="replies")
    also_in_channel = models.BooleanField(default=False)
    subtype = models.CharField(max_length=40, blank=True)
    edited = models.BooleanField(default=False)
    deleted = models.BooleanField(default=False)
    local_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["channel", "id"], name="sandbox_message_page")]

    def __str__(self) -> str:
        return f"{self.id} in {self.channel_id}"


class Reaction(models.Model):
    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    code = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "person", "code"], name="sandbox_reaction_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} on {self.message_id}"


class Pin(models.Model):
    message = models.OneToOneField(Message, models.CASCADE, related_name="pin")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"pin of {self.message_id}"
