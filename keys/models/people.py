"""Workspaces and their members."""

from typing import ClassVar, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.auth.password_validation import validate_password
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

Rows = TypeVar("Rows", bound="QuerySet[Model]")


def visible_to(viewer: "Member", rows: Rows, *, workspace: str, person: str, responsible: str = "") -> Rows:
    """Return the rows that `viewer` may see: operators all, owners and administrators their workspace's, others their own.

    Every list and lookup uses this, so rows of other workspaces do not exist for the viewer.

    Args:
        workspace: the lookup from a row to its workspace.
        person: the lookup from a row to its member.
        responsible: the lookup from a row to the member who is responsible for it, if it can have one.
    """
    if viewer.is_superuser:
        return rows
    if viewer.is_workspace_admin:
        return rows.filter(**{workspace: viewer.workspace_id})
    own = Q(**{person: viewer.pk})
    return rows.filter(own | Q(**{responsible: viewer.pk}) if responsible else own)


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def for_viewer(self, viewer: "Member") -> "WorkspaceQuerySet":
        return visible_to(viewer, self, workspace="pk", person="members")


class Workspace(models.Model):
    """A Pumble workspace. `installed_at` is None while the app is not installed there."""

    pumble_id = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=200)
    installed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"workspace {self.pumble_id}"


class MemberManager(BaseUserManager["Member"]):
    def create_superuser(self, username: str, password: str | None = None) -> "Member":
        """Create an operator, who signs in with a password and belongs to no workspace.

        Raises:
            ValidationError: the password is too weak.
        """
        operator = self.model(username=username, name=username, is_superuser=True)
        if password is not None:
            validate_password(password, operator)
        operator.set_password(password)
        operator.save(using=self._db)
        return operator

    def people(self) -> "models.QuerySet[Member]":
        """Return all members that are people, without the bots of the workspaces."""
        return self.get_queryset().filter(is_bot=False)

    def for_viewer(self, viewer: "Member") -> "models.QuerySet[Member]":
        """Return the people that `viewer` may see."""
        return visible_to(viewer, self.people(), workspace="workspace", person="pk")


class Member(AbstractBaseUser, PermissionsMixin):
    """A member of a workspace, or an operator, who has no workspace and no Pumble user id.

    Members sign in with Pumble and have no password. The app's bot is a member too, so that it can own the workspace's keys.
    It is no person: it never signs in, and `MemberManager.people` leaves it out.

    Attributes:
        role: Pumble's role. Unknown roles are stored too, and have no staff rights.
        time_zone, time_format: as Pumble tells them: the name of a time zone, which may be unknown or "", and 12 or 24.
        is_bot: it is the app's bot, of which a workspace has one at most.
        is_active: False if the person was deactivated in Pumble.
        authorized_at: None if the person does not authorize the app. Of a bot: None while the app is not installed.
        signed_out_at: when they signed out everywhere. Sessions that began before are over.
        erased_at: when their personal data was erased. A new authorization sets it to None.
    """

    class Role(models.TextChoices):
        OWNER = "OWNER", _("owner")
        ADMINISTRATOR = "ADMINISTRATOR", _("administrator")
        USER = "USER", _("member")
        GUEST_MULTI_CHANNEL = "GUEST_MULTI_CHANNEL", _("guest")
        GUEST_SINGLE_CHANNEL = "GUEST_SINGLE_CHANNEL", _("guest of one channel")

    username = models.CharField(max_length=64, unique=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="members")
    pumble_user_id = models.CharField(max_length=24, null=True)  # noqa: DJ001 - operators have none, and "" is not unique
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=320, blank=True)
    role = models.CharField(max_length=32, default=Role.USER)
    language = models.CharField(max_length=5, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    time_format = models.PositiveSmallIntegerField(null=True)
    is_bot = models.BooleanField(default=False, db_default=False)
    is_active = models.BooleanField(default=True)
    authorized_at = models.DateTimeField(null=True)
    signed_out_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

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
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(is_bot=True), name="keys_member_one_bot_per_workspace"
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.username}"

    @property
    def is_workspace_admin(self) -> bool:
        return (
            self.workspace_id is not None
            and not self.is_bot
            and self.role in {self.Role.OWNER, self.Role.ADMINISTRATOR}
        )

    @property
    def is_staff(self) -> bool:
        return self.is_superuser or self.is_workspace_admin

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return a hash that ends all sessions when it changes.

        It covers the password, the authorization, the role, and the time of signing out everywhere.
        """
        parts = [self.password, self.role, *map(str, (self.authorized_at, self.signed_out_at))]
        return salted_hmac("keys.Member", " ".join(parts), secret=secret, algorithm="sha256").hexdigest()
