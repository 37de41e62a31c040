"""Workspaces and their members."""

from typing import ClassVar, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

Rows = TypeVar("Rows", bound="QuerySet[Model]")


def visible_to(viewer: "Member", rows: Rows, *, workspace: str, person: str) -> Rows:
    """Those of `rows` that `viewer` may see: operators all, owners and administrators their workspace's, others their own.

    Args:
        workspace: the lookup from a row to its workspace.
        person: the lookup from a row to the member whose it is.
    """
    if viewer.is_superuser:
        return rows
    if viewer.is_workspace_admin:
        return rows.filter(**{workspace: viewer.workspace_id})
    return rows.filter(**{person: viewer.pk})


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
        """An operator: signs in with a password, belongs to no workspace."""
        operator = self.model(username=username, name=username, is_superuser=True)
        operator.set_password(password)
        operator.save(using=self._db)
        return operator

    def for_viewer(self, viewer: "Member") -> "models.QuerySet[Member]":
        return visible_to(viewer, self.get_queryset(), workspace="workspace", person="pk")


class Member(AbstractBaseUser, PermissionsMixin):
    """A person of one workspace, known by Pumble's user id in it; or an operator, who has neither.

    `authorized_at` is None while the person has not authorised the app. `is_active` is False once Pumble deactivated
    them. A member has no password: people sign in with Pumble. `erased_at` is the moment since which nothing but
    Pumble's user id is known of them; authorising the app again ends that.
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
    signed_out_at = models.DateTimeField(null=True)  # everywhere: sessions that began before are over
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
        """Changes with what a session stands on, so that none outlives it.

        That is the authorisation it began with, the role it was begun in, and that nobody signed out everywhere.
        """
        stands_on = [self.password, self.role, *map(str, (self.authorized_at, self.signed_out_at))]
        return salted_hmac("keys.Member", " ".join(stands_on), secret=secret, algorithm="sha256").hexdigest()
