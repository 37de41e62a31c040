"""The ground floor's rows: workspaces, their members, the members' API keys, and what happened to them.

Rows change only through `keys.lifecycle` and `keys.membership`, which record an audit event in the same transaction.
"""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Workspace(models.Model):
    """A Pumble workspace. `installed_at` is None while the app is not installed there."""

    pumble_id = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=200)
    installed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"workspace {self.pumble_id}"


class MemberManager(BaseUserManager["Member"]):
    def create_superuser(self, username: str, password: str | None = None) -> "Member":
        """An operator: signs in with a password, belongs to no workspace."""
        operator = self.model(username=username, name=username, is_superuser=True)
        operator.set_password(password)
        operator.save(using=self._db)
        return operator


class Member(AbstractBaseUser, PermissionsMixin):
    """A person of one workspace, known by Pumble's user id in it; or an operator, who has neither.

    `authorized_at` is None while the person has not authorised the app. `is_active` is False once Pumble deactivated
    them. A member has no password: people sign in with Pumble.
    """

    class Role(models.TextChoices):
        OWNER = "OWNER", _("owner")
        ADMINISTRATOR = "ADMINISTRATOR", _("administrator")
        USER = "USER", _("member")
        GUEST_MULTI_CHANNEL = "GUEST_MULTI_CHANNEL", _("guest")
        GUEST_SINGLE_CHANNEL = "GUEST_SINGLE_CHANNEL", _("guest of one channel")

    username = models.CharField(max_length=64, unique=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="members")
    pumble_user_id = models.CharField(max_length=24, null=True)  # noqa: DJ001 - an operator has none, "" would repeat
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=320, blank=True)
    role = models.CharField(
        max_length=32, default=Role.USER
    )  # open: Pumble may add roles, they get no staff rights
    language = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    authorized_at = models.DateTimeField(null=True)

    objects: ClassVar[MemberManager] = MemberManager()
    USERNAME_FIELD = "username"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "pumble_user_id"], name="keys_member_one_per_workspace"
            ),
            models.CheckConstraint(
                condition=Q(workspace__isnull=False, pumble_user_id__isnull=False, is_superuser=False)
                | Q(workspace__isnull=True, pumble_user_id__isnull=True),
                name="keys_member_of_a_workspace_or_operator",
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.username}"

    @property
    def is_workspace_admin(self) -> bool:
        return self.workspace_id is not None and self.role in {self.Role.OWNER, self.Role.ADMINISTRATOR}

    @property
    def is_staff(self) -> bool:
        return self.is_superuser or self.is_workspace_admin

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Changes when the authorisation does, so that no session outlives the grant it began with."""
        granted = self.authorized_at.isoformat() if self.authorized_at else ""
        return salted_hmac(
            "keys.Member", f"{self.password} {granted}", secret=secret, algorithm="sha256"
        ).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def for_viewer(self, viewer: Member) -> "ApiKeyQuerySet":
        """What `viewer` may see: operators all, owners and administrators their workspace's, members their own."""
        if viewer.is_superuser:
            return self
        if viewer.is_workspace_admin:
            return self.filter(owner__workspace=viewer.workspace_id)
        return self.filter(owner=viewer)

    def live(self, now: datetime) -> "ApiKeyQuerySet":
        return self.filter(revoked_at__isnull=True).exclude(expires_at__lte=now)


class ApiKey(models.Model):
    """A key and its rights. The plaintext is not here: only its digest under a numbered pepper.

    `confirmed_at` is None while the key is pending, that is, until its plaintext was delivered or first presented.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("pending")
        ACTIVE = "ACTIVE", _("active")
        EXPIRED = "EXPIRED", _("expired")
        REVOKED = "REVOKED", _("revoked")

    class RevokeReason(models.TextChoices):
        BY_HOLDER = "BY_HOLDER", _("deleted by its holder")
        BY_ADMINISTRATOR = "BY_ADMINISTRATOR", _("revoked by an administrator")
        BY_OPERATOR = "BY_OPERATOR", _("revoked by the operator")
        PASTED = "PASTED", _("pasted into chat")
        NOT_DELIVERED = "NOT_DELIVERED", _("never delivered")
        UNAUTHORIZED = "UNAUTHORIZED", _("its holder no longer authorizes the app")
        UNINSTALLED = "UNINSTALLED", _("the app was uninstalled")

    key_id = models.CharField(max_length=12, unique=True)
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32)
    pepper_number = models.PositiveSmallIntegerField()
    last_four = models.CharField(max_length=4)
    scopes = models.JSONField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=32, choices=RevokeReason.choices, blank=True)
    revoked_note = models.CharField(max_length=200, blank=True)
    revoked_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "revoked_at"], name="keys_apikey_of_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_reason="")
                | Q(revoked_at__isnull=False) & ~Q(revoked_reason=""),
                name="keys_apikey_revoked_at_and_reason_together",
            ),
        ]

    def __str__(self) -> str:
        return f"API key {self.key_id}"

    def state(self, now: datetime) -> State:
        if self.revoked_at is not None:
            return self.State.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return self.State.EXPIRED
        return self.State.ACTIVE if self.confirmed_at is not None else self.State.PENDING

    @property
    def preview(self) -> str:
        """How the key is shown in lists: enough to tell keys apart, useless for anything else."""
        return f"pmb_{self.key_id[:4]}…{self.last_four}"


class AuditEvent(models.Model):
    """One change of a key or a grant: who, through what, what, when. Written in the change's own transaction."""

    class Type(models.TextChoices):
        KEY_ISSUED = "key.issued"
        KEY_CONFIRMED = "key.confirmed"
        KEY_RENAMED = "key.renamed"
        KEY_REVOKED = "key.revoked"
        APP_INSTALLED = "app.installed"
        APP_UNINSTALLED = "app.uninstalled"
        MEMBER_AUTHORIZED = "member.authorized"
        MEMBER_UNAUTHORIZED = "member.unauthorized"
        MEMBER_ROLE_CHANGED = "member.role_changed"
        MEMBER_SIGNED_IN = "member.signed_in"

    class Surface(models.TextChoices):
        WEB = "WEB"
        CHAT = "CHAT"
        API = "API"
        CLI = "CLI"
        PUMBLE = "PUMBLE"  # a lifecycle event or an answer of the platform
        SYSTEM = "SYSTEM"  # maintenance

    type = models.CharField(max_length=32, choices=Type.choices)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="audit_events")
    surface = models.CharField(max_length=8, choices=Surface.choices)
    actor = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="audit_events")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="audit_events")
    detail = models.JSONField()
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "at"], name="keys_audit_of_workspace")]

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%dT%H:%M:%SZ}"
