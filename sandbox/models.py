"""Workspaces, people, apps, channels, messages, uploaded files and scheduled messages.

A token is derived from its owner and a number that is increased to revoke the token. So the seed's tokens are always the
same, and a person who consents again gets the token that is already valid.
"""

import hashlib
import hmac

from django.db import models
from django.db.models import Q


class Workspace(models.Model):
    id = models.CharField(primary_key=True, max_length=24)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


HUMAN = Q(app=None, is_pumble_bot=False)


class Person(models.Model):
    """A workspace user. `app_id` is set only for an app's bot user, `is_pumble_bot` only for Pumble's own bot."""

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


class App(models.Model):
    """A registered app. `owner` is the developer who registered it; apps registered through `/act/apps` have none."""

    id = models.CharField(primary_key=True, max_length=24)
    owner = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="owned_apps")
    app_key = models.CharField(max_length=80, unique=True)
    client_secret = models.CharField(max_length=80)
    signing_secret = models.CharField(max_length=80)
    manifest_url = models.CharField(max_length=500, blank=True)
    manifest = models.JSONField(null=True)
    fallback_name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.fallback_name} ({self.id})"

    def derive(self, *parts: object) -> str:
        """Return 48 hex digits that only a holder of the client secret can compute."""
        message = ":".join(str(part) for part in parts)
        return hmac.digest(self.client_secret.encode(), message.encode(), hashlib.sha256).hex()[:48]


class Installation(models.Model):
    """An app in a workspace. The row is kept after an uninstall, with the bot user and the number."""

    id = models.CharField(primary_key=True, max_length=24)
    app = models.ForeignKey(App, models.CASCADE, related_name="installations")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="installations")
    installed_by_id = models.CharField(max_length=24)
    bot = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")
    bot_scopes = models.JSONField(default=list)
    bot_token = models.CharField(max_length=80, unique=True, null=True, blank=True)
    number = models.IntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "workspace"], name="sandbox_installation_once")]

    def __str__(self) -> str:
        return f"{self.app_id} in {self.workspace_id}"

    def current_bot_token(self) -> str:
        return f"lp-bot-{self.app.derive('bot', self.workspace_id, self.number)}"


class Authorization(models.Model):
    id = models.CharField(primary_key=True, max_length=24)
    app = models.ForeignKey(App, models.CASCADE, related_name="authorizations")
    person = models.ForeignKey(Person, models.CASCADE, related_name="authorizations")
    scopes = models.JSONField(default=list)
    token = models.CharField(max_length=80, unique=True, null=True, blank=True)
    number = models.IntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "person"], name="sandbox_authorization_once")]

    def __str__(self) -> str:
        return f"{self.app_id} by {self.person_id}"

    def current_token(self) -> str:
        return f"lp-user-{self.app.derive('user', self.person_id, self.number)}"


class GrantCode(models.Model):
    code = models.CharField(primary_key=True, max_length=64)
    authorization = models.ForeignKey(Authorization, models.CASCADE, related_name="codes")
    expires_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return f"code for {self.authorization_id}"


class HomeView(models.Model):
    """The Home tab that an app published for one person."""

    app = models.ForeignKey(App, models.CASCADE, related_name="home_views")
    person = models.ForeignKey(Person, models.CASCADE, related_name="home_views")
    view = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "person"], name="sandbox_homeview_once")]

    def __str__(self) -> str:
        return f"{self.app_id} for {self.person_id}"


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


class UploadedFile(models.Model):
    """A file. `upload_token` is set until the bytes are uploaded. A message can have only `completed` files.

    Attributes:
        app: null if a person sent the file on the chat page.
    """

    id = models.CharField(primary_key=True, max_length=24)
    app = models.ForeignKey(App, models.CASCADE, null=True, related_name="files")
    owner = models.ForeignKey(Person, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=130, blank=True)
    size = models.BigIntegerField()
    upload_token = models.CharField(max_length=64, unique=True, null=True, blank=True)
    uploaded_ms = models.BigIntegerField(default=0)
    completed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.id} of {self.owner_id}"

    def signature(self) -> str:
        """Return the signature with which the upload host confirms the bytes to the app."""
        if self.app is None:
            raise ValueError("a person's file has no signature")
        return self.app.derive("file", self.id, self.size, self.uploaded_ms)


class ScheduledMessage(models.Model):
    """A pending message. `occurrence` counts the posts of a recurring message from 1."""

    id = models.CharField(primary_key=True, max_length=24)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="scheduled_messages")
    author = models.ForeignKey(Person, models.CASCADE, related_name="scheduled_messages")
    text = models.TextField(blank=True)
    blocks = models.JSONField(default=list)
    attachments = models.JSONField(default=list)
    files = models.JSONField(default=list)
    send_at_ms = models.BigIntegerField(db_index=True)
    # Without CASCADE a reply to a deleted thread would be posted to the whole channel.
    root = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    also_in_channel = models.BooleanField(default=False)
    quote = models.JSONField(null=True)
    recurrence = models.JSONField(null=True)
    occurrence = models.IntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.id} for {self.channel_id}"
