"""What happened, for good.

Events follow each other in chains: one for each workspace, one for the installation itself. Each holds the digest of the
one before it; `keys.audit.verifier` says how. The database refuses to change or remove one: `keys.audit.guards`.
"""

from functools import cached_property
from typing import Any

from django.db import models

from keys.models.api_key import ApiKey
from keys.models.people import Member, Workspace


class AuditChain(models.Model):
    """Where a chain ends: the number and digest of its last event. The database moves it with each event.

    `name` is the workspace's Pumble id. `pruned_number` and `pruned_digest` are of the last event that retention removed.
    """

    INSTALLATION = "installation"

    name = models.CharField(max_length=24, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)
    pruned_number = models.PositiveBigIntegerField(default=0)
    pruned_digest = models.CharField(max_length=64, default="", blank=True)

    def __str__(self) -> str:
        return f"audit chain of {self.name}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def for_viewer(self, viewer: Member) -> "AuditEventQuerySet":
        """What `viewer` may see: operators all, owners and administrators their workspace's, others nothing."""
        if viewer.is_superuser:
            return self
        if viewer.is_workspace_admin:
            return self.filter(workspace=viewer.workspace_id)
        return self.none()


class AuditEvent(models.Model):
    """One change of a key or a grant: who, through what, what, when. Written in the change's own transaction.

    What the digest covers is text, so that it means the same without any other row: `actor_ref` and `member_ref` are
    Pumble's user ids, or `operator:USERNAME`; `key_ref` is the key's public id. The foreign keys beside them are for
    lookups. Addresses stand as marks, here and in `detail`; `address` and `told` show those that were not erased.
    """

    class Type(models.TextChoices):
        KEY_ISSUED = "key.issued"
        KEY_CONFIRMED = "key.confirmed"
        KEY_RENAMED = "key.renamed"
        KEY_NARROWED = "key.narrowed"
        KEY_DISABLED = "key.disabled"
        KEY_ENABLED = "key.enabled"
        KEY_ROTATED = "key.rotated"
        KEY_RETIRED = "key.retired"
        KEY_USED_AFTER_ROTATION = "key.used_after_rotation"
        KEY_REHASHED = "key.rehashed"
        KEY_REVOKED = "key.revoked"
        KEY_USED_ELSEWHERE = "key.used_elsewhere"
        KEY_LEAKED = "key.leaked"
        KEY_LEAK_DISMISSED = "key.leak_dismissed"
        KEY_IDENTIFIED = "key.identified"
        POLICY_CHANGED = "policy.changed"
        APP_INSTALLED = "app.installed"
        APP_UNINSTALLED = "app.uninstalled"
        MEMBER_AUTHORIZED = "member.authorized"
        MEMBER_UNAUTHORIZED = "member.unauthorized"
        MEMBER_ROLE_CHANGED = "member.role_changed"
        MEMBER_DEACTIVATED = "member.deactivated"
        MEMBER_REACTIVATED = "member.reactivated"
        MEMBER_SIGNED_IN = "member.signed_in"
        MEMBER_SIGNED_OUT = "member.signed_out"
        MEMBER_ERASED = "member.erased"
        RIGHTS_REFUSED = "rights.refused"
        OPERATOR_SIGNED_IN = "operator.signed_in"
        OPERATOR_SIGN_IN_REFUSED = "operator.sign_in_refused"
        OPERATOR_SIGNED_OUT = "operator.signed_out"
        OPERATOR_LOOKED = "operator.looked"
        AUDIT_EXPORTED = "audit.exported"
        AUDIT_CHECKPOINT = "audit.checkpoint"
        SECRETS_ROTATED = "secrets.rotated"

    class Surface(models.TextChoices):
        WEB = "WEB"
        CHAT = "CHAT"
        ADMIN = "ADMIN"
        API = "API"
        CLI = "CLI"
        PUMBLE = "PUMBLE"  # a lifecycle event or an answer of the platform
        SYSTEM = "SYSTEM"  # maintenance

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="events", db_column="chain")
    number = models.PositiveBigIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    type = models.CharField(max_length=32, choices=Type.choices)
    surface = models.CharField(max_length=8, choices=Surface.choices)
    actor_ref = models.CharField(max_length=80, blank=True)
    member_ref = models.CharField(max_length=80, blank=True)
    key_ref = models.CharField(max_length=12, blank=True)
    detail = models.JSONField()
    address_mark = models.CharField(max_length=72, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="audit_events")
    actor = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="audit_events")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="audit_events")

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "at"], name="keys_audit_of_workspace")]
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="keys_audit_one_of_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def address(self) -> str | None:
        """Where the actor was. None where that is unknown, or was erased."""
        return self._kept_addresses.get(self.address_mark)

    @property
    def told(self) -> dict[str, Any]:
        """`detail` with addresses in place of their marks, where they were not erased."""
        shown: dict[str, Any] = self._unmarked(self.detail)
        return shown

    @cached_property
    def _kept_addresses(self) -> dict[str, str]:
        return {row.mark: row.address for row in self.addresses.all()}

    def _unmarked(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._unmarked(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._unmarked(item) for item in value]
        return self._kept_addresses.get(value, value) if isinstance(value, str) else value


class AuditAddress(models.Model):
    """An address or network that an event tells of by its mark. Erasing a person removes those that are `of` them."""

    event = models.ForeignKey(AuditEvent, on_delete=models.CASCADE, related_name="addresses")
    of = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    mark = models.CharField(max_length=72)
    salt = models.CharField(max_length=32)
    address = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"address of {self.event}"
