"""Registered apps, where they are installed, and who authorised them.

A token is derived from its owner and a number that grows whenever the token must die, so the seed's tokens are the
same every time, and a person who consents again gets the token that already works.
"""

import hashlib
import hmac

from django.db import models

from sandbox.models.workspaces import Person, Workspace


class App(models.Model):
    """`owner` is the developer who registered it; apps that came by `/act/apps` have none."""

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
        """48 hex digits that only a holder of the client secret could compute."""
        message = ":".join(str(part) for part in parts)
        return hmac.digest(self.client_secret.encode(), message.encode(), hashlib.sha256).hex()[:48]


class Installation(models.Model):
    """An app in a workspace. The row outlives an uninstallation, because the bot user and the numbering do."""

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
    """What an app published as one person's Home tab."""

    app = models.ForeignKey(App, models.CASCADE, related_name="home_views")
    person = models.ForeignKey(Person, models.CASCADE, related_name="home_views")
    view = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "person"], name="sandbox_homeview_once")]

    def __str__(self) -> str:
        return f"{self.app_id} for {self.person_id}"
