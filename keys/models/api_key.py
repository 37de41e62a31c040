"""API keys and their rights."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Protocol

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from keys.models.people import Member, visible_to
from keys.rights import CALLS_PER_MINUTE, Rights

RIGHTS = tuple(field.name for field in fields(Rights))
_UNDELIVERED_SUCCESSOR = Q(replaces__isnull=False, confirmed_at__isnull=True)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def for_viewer(self, viewer: Member) -> "ApiKeyQuerySet":
        """Return what `viewer` may see: operators all, owners and administrators their workspace's.

        Members see their own keys, and the workspace keys for which they are responsible.
        """
        return visible_to(
            viewer, self, workspace="owner__workspace", person="owner", responsible="responsible"
        )

    def changeable_by(self, member: Member) -> "ApiKeyQuerySet":
        """Return the keys that `member` may rename, narrow and rotate, as `permissions.require_can_change` says.

        These are their own, the workspace keys for which they are responsible, and all of an owner's or administrator's
        workspace.
        """
        held = Q(owner=member) | Q(responsible=member)
        if member.is_workspace_admin:
            held |= Q(owner__is_bot=True, owner__workspace=member.workspace_id)
        return self.filter(held)

    def workspace_keys(self) -> "ApiKeyQuerySet":
        """Return the keys that belong to workspaces."""
        return self.filter(owner__is_bot=True)

    def live(self, now: datetime) -> "ApiKeyQuerySet":
        """Return the keys that are not revoked, not expired, and not replaced for good. Disabled keys are live."""
        return self.filter(revoked_at__isnull=True).exclude(expires_at__lte=now).exclude(retires_at__lte=now)

    def current(self, now: datetime) -> "ApiKeyQuerySet":
        """Return the live keys that own their name: without replaced keys and undelivered successors."""
        return self.live(now).filter(retires_at__isnull=True).exclude(_UNDELIVERED_SUCCESSOR)

    def enableable(self, now: datetime) -> "ApiKeyQuerySet":
        """Return the current keys that are enabled, or that their owners may enable: `ApiKey.is_locked` is False."""
        by_holder = Q(disabled_by=F("owner")) | Q(disabled_by=F("responsible"))
        by_another = Q(disabled_by__isnull=True) | ~by_holder
        is_locked = Q(disabled_reason=ApiKey.DisableReason.POLICY) | (Q(disabled_reason="") & by_another)
        return self.current(now).exclude(is_locked, disabled_at__isnull=False)

    def idle_since(self, moment: datetime) -> "ApiKeyQuerySet":
        """Return the keys that were not confirmed, enabled or used after `moment`. Uses of replaced keys do not count."""
        later = Q(confirmed_at__gt=moment) | Q(enabled_at__gt=moment) | Q(last_use__at__gt=moment)
        return self.filter(confirmed_at__isnull=False).exclude(later)


class ApiKey(models.Model):
    """An API key and its rights. The plaintext is not stored, only its digest.

    A workspace key belongs to the workspace instead of a person: its owner is the app's bot.

    Attributes:
        responsible: the person who looks after a workspace key. None if there is nobody, and for all other keys.
        pepper_number: the number of the pepper of the digest, in the setting `KEY_PEPPERS`.
        confirmed_at: when the plaintext was delivered or first used. None while the key is pending.
        disabled_reason: empty if a person disabled the key.
        enabled_at: when the key was last enabled again, if ever.
        replaces: the predecessor, if the key was created by a rotation.
        is_renewal: it has an expiry of its own, and not that of its predecessor.
        created_by_key: the key that created it over HTTP, if a key did. A successor has that of its predecessor.
        is_trial: it was created to try the API in the reference. Its writes are dry runs. Its owner's lists leave it out,
            the admin shows it.
        grace: how long the predecessor works after this key was confirmed.
        retires_at: when this key stops working, because its successor was confirmed.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("pending")
        ACTIVE = "ACTIVE", _("active")
        DISABLED = "DISABLED", _("disabled")
        RETIRING = "RETIRING", _("being replaced")
        ROTATED = "ROTATED", _("replaced")
        EXPIRED = "EXPIRED", _("expired")
        REVOKED = "REVOKED", _("revoked")

        @property
        def is_over(self) -> bool:
            """Return whether the key never works again."""
            return self in {self.ROTATED, self.EXPIRED, self.REVOKED}

    class RevokeReason(models.TextChoices):
        BY_HOLDER = "BY_HOLDER", _("deleted by its owner")
        BY_ADMINISTRATOR = "BY_ADMINISTRATOR", _("revoked by an administrator")
        BY_OPERATOR = "BY_OPERATOR", _("revoked by the operator")
        PASTED = "PASTED", _("pasted into chat")  # before the place was recorded
        PASTED_IN_COMMAND = "PASTED_IN_COMMAND", _("pasted into a chat command")
        PASTED_IN_WINDOW = "PASTED_IN_WINDOW", _("pasted into a window of the app in Pumble")
        PASTED_IN_MESSAGE = "PASTED_IN_MESSAGE", _("found in a chat message")
        NOT_DELIVERED = "NOT_DELIVERED", _("never delivered")
        PREDECESSOR_REVOKED = "PREDECESSOR_REVOKED", _("the key that it should replace was revoked")
        UNAUTHORIZED = "UNAUTHORIZED", _("its owner no longer authorizes the app")
        UNINSTALLED = "UNINSTALLED", _("the app was uninstalled")
        DEACTIVATED = "DEACTIVATED", _("its owner was deactivated in Pumble")
        BY_KEY = "BY_KEY", _("revoked through the API")
        CREATOR_REVOKED = "CREATOR_REVOKED", _("the key that created it was revoked")

        @property
        def is_pasted(self) -> bool:
            """Whether the plaintext of the key was in chat."""
            return self in {
                self.PASTED,
                self.PASTED_IN_COMMAND,
                self.PASTED_IN_WINDOW,
                self.PASTED_IN_MESSAGE,
            }

    class DisableReason(models.TextChoices):
        IDLE = "IDLE", _("not used for a long time")
        POLICY = "POLICY", _("violates the policy of the workspace")

    key_id = models.CharField(max_length=12, unique=True)
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="api_keys")
    responsible = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="responsible_for"
    )
    name = models.CharField(max_length=64)
    purpose = models.CharField(max_length=200, blank=True)
    digest = models.BinaryField(max_length=32)
    pepper_number = models.PositiveSmallIntegerField()
    last_four = models.CharField(max_length=4)
    scopes = models.JSONField()
    channels = models.JSONField(null=True)
    allowed_addresses = models.JSONField(default=list)
    calls_per_minute = models.PositiveSmallIntegerField(default=CALLS_PER_MINUTE)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    disabled_reason = models.CharField(max_length=16, choices=DisableReason.choices, blank=True)
    enabled_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="successors")
    created_by_key = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="created_keys"
    )
    grace = models.DurationField(null=True)
    is_renewal = models.BooleanField(default=False, db_default=False)
    is_trial = models.BooleanField(default=False, db_default=False)
    retires_at = models.DateTimeField(null=True)
    late_use_noted_at = models.DateTimeField(null=True)
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
            models.CheckConstraint(
                condition=Q(retires_at__isnull=True)
                | Q(expires_at__isnull=True)
                | Q(retires_at__lte=F("expires_at")),
                name="keys_apikey_grace_ends_before_expiry",
            ),
        ]

    def __str__(self) -> str:
        return f"API key {self.key_id}"

    def state(self, now: datetime) -> State:
        return state_of(self, now)

    @property
    def rights(self) -> Rights:
        return Rights(
            scopes=self.scopes,
            channels=self.channels,
            allowed_addresses=self.allowed_addresses,
            calls_per_minute=self.calls_per_minute,
            expires_at=self.expires_at,
        )

    @rights.setter
    def rights(self, rights: Rights) -> None:
        for name in RIGHTS:
            setattr(self, name, getattr(rights, name))

    def first_wider_field(self, rights: Rights) -> str | None:
        """Return the name of the first field in which `rights` exceed those of this key, or None.

        A workspace key without a channel list reads public channels only. A list can add a private channel, so it extends
        the key.
        """
        if self.is_workspace_key and self.channels is None and rights.channels is not None:
            return "channels"
        return rights.first_wider_field(self.rights)

    @property
    def is_locked(self) -> bool:
        """Return whether the key is disabled and its owner cannot enable it, or only once it complies with the policy."""
        if self.disabled_at is None or self.disabled_reason == self.DisableReason.IDLE:
            return False
        return bool(self.disabled_reason) or not self.was_disabled_by_holder

    @property
    def was_disabled_by_holder(self) -> bool:
        """Return whether the person who disabled the key is its holder."""
        return self.disabled_by_id is not None and self.disabled_by_id in {self.owner_id, self.responsible_id}

    @property
    def is_workspace_key(self) -> bool:
        """Return whether the key belongs to the workspace. Select `owner` with the key."""
        return self.owner.is_bot

    @property
    def holder(self) -> Member | None:
        """Return the person to ask about the key: its owner, or who is responsible for a workspace key, if anybody."""
        return self.responsible if self.is_workspace_key else self.owner

    @property
    def last_used_at(self) -> datetime | None:
        """Return when the key was last used, or None. Select `last_use` with the key."""
        use = getattr(self, "last_use", None)
        return use.at if use else None

    def is_in_use(self, now: datetime) -> bool:
        """Return whether the key was used within the last 24 hours, so that its end would break something."""
        return self.last_used_at is not None and self.last_used_at > now - timedelta(hours=24)

    @property
    def idle_since(self) -> datetime:
        """Return when the key or its predecessor was last used, or when it was confirmed or enabled, if that is later."""
        uses = [key.last_used_at for key in (self, self.replaces) if key is not None]
        moments = [self.confirmed_at or self.created_at, self.enabled_at, *uses]
        latest: datetime = max(moment for moment in moments if moment is not None)
        return latest

    @property
    def masked(self) -> str:
        """Return the beginning of the id and the last four characters, to show in lists."""
        return f"pmb_{self.key_id[:4]}…{self.last_four}"


class HasState(Protocol):
    """An `ApiKey` or a `key_cache.KeyRecord`."""

    @property
    def confirmed_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def disabled_at(self) -> datetime | None: ...
    @property
    def retires_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...


def state_of(key: HasState, now: datetime) -> ApiKey.State:
    """Return the state of the key. If several apply, return the first of: revoked, replaced, expired, disabled."""
    if key.revoked_at is not None:
        return ApiKey.State.REVOKED
    if key.retires_at is not None and key.retires_at <= now:
        return ApiKey.State.ROTATED
    if key.expires_at is not None and key.expires_at <= now:
        return ApiKey.State.EXPIRED
    if key.disabled_at is not None:
        return ApiKey.State.DISABLED
    if key.retires_at is not None:
        return ApiKey.State.RETIRING
    return ApiKey.State.ACTIVE if key.confirmed_at is not None else ApiKey.State.PENDING
