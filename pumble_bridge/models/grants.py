"""What workspaces and people granted to the app: encrypted tokens, and OAuth flows that are under way."""

from datetime import timedelta

from django.db import models

from keys.models import Member, Workspace
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
