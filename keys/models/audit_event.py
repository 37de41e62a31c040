"""Audit events.

Events form chains: one for each workspace, and one for the installation. Each event has the digest of the previous one: see
`keys.audit.verifier`. Triggers in the database prevent changes: see `keys.audit.triggers`.
"""

from functools import cached_property
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from keys.models.api_key import ApiKey
from keys.models.people import Member, Workspace


class AuditChain(models.Model):
    """The end of a chain. A trigger updates it with each event.

    Attributes:
        name: the Pumble id of the workspace, or `INSTALLATION`.
        number, digest: those of the last event.
        pruned_number, pruned_digest: those of the last event that retention deleted.
    """

    INSTALLATION = "installation"

    name = models.CharField(max_length=24, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)
    pruned_number = models.PositiveBigIntegerField(default=0)
    pruned_digest = models.CharField(max_length=64, default="", blank=True)

    def __str__(self) -> str:
        return f"audit chain of {self.name}"


class AuditVerification(models.Model):
    """The result of the last verification of a chain.

    Attributes:
        at: when it ended.
        events: how many events were verified.
        problem: the first altered event, or the missing triggers; "" if the chain is intact.
    """

    chain = models.OneToOneField(
        AuditChain, on_delete=models.CASCADE, primary_key=True, related_name="verification"
    )
    at = models.DateTimeField()
    events = models.PositiveBigIntegerField(default=0)
    problem = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"verification of {self.chain_id} at {self.at:%Y-%m-%dT%H:%M:%SZ}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def for_viewer(self, viewer: Member) -> "AuditEventQuerySet":
        """Return what `viewer` may see: operators all, owners and administrators their workspace's, others nothing."""
        if viewer.is_superuser:
            return self
        if viewer.is_workspace_admin:
            return self.filter(workspace=viewer.workspace_id)
        return self.none()


class AuditEvent(models.Model):
    """One change: who made it, through which surface, what, and when. Written in the transaction of the change.

    The digest covers texts, so an event can be verified without other rows. `actor_ref` and `member_ref` are Pumble's user
    ids, or `operator:USERNAME`. `key_ref` is the public id of the key. The foreign keys are for lookups. Addresses are
    pseudonyms, here and in `detail`. `address` and `detail_with_addresses` return those that were not erased.
    """

    class Type(models.TextChoices):
        """The type, and its text for people. `portal.presentation.event_texts` fills in `%(name)s` from the detail."""

        KEY_ISSUED = "key.issued", _("Created")
        KEY_CONFIRMED = "key.confirmed", _("Key shown to its owner")
        KEY_RENAMED = "key.renamed", _("Renamed from “%(before)s” to “%(after)s”")
        KEY_PURPOSE_CHANGED = "key.purpose_changed", _("Purpose changed")
        KEY_NARROWED = "key.narrowed", _("Permissions reduced: %(changed)s")
        KEY_DISABLED = "key.disabled", _("Disabled")
        KEY_ENABLED = "key.enabled", _("Enabled again")
        KEY_ROTATED = "key.rotated", _("Rotated: replaced by pmb_%(successor)s")
        KEY_RETIRED = "key.retired", _("Grace period ended")
        KEY_USED_AFTER_ROTATION = "key.used_after_rotation", _("Used after its grace period")
        KEY_REHASHED = "key.rehashed", _("Digest renewed")
        KEY_REVOKED = "key.revoked", _("Revoked: %(reason)s")
        KEY_RESPONSIBLE_REPLACED = "key.responsible_replaced", _("Responsible person replaced")
        KEY_USED_ELSEWHERE = "key.used_elsewhere", _("Used from a network for the first time")
        KEY_LEAKED = "key.leaked", _("Found in a chat message")
        KEY_LEAK_DISMISSED = "key.leak_dismissed", _("Leak reported as a test")
        KEY_LISTENING_STARTED = "key.listening_started", _("Began to listen to events")
        KEY_LISTENING_STOPPED = "key.listening_stopped", _("Stopped listening to events")
        KEY_IDENTIFIED = "key.identified", _("Identified by its plaintext")
        POLICY_CHANGED = "policy.changed", _("The workspace's policy was changed")
        APP_INSTALLED = "app.installed", _("The app was installed")
        APP_UNINSTALLED = "app.uninstalled", _("The app was uninstalled")
        MEMBER_AUTHORIZED = "member.authorized", _("Authorized the app")
        MEMBER_UNAUTHORIZED = "member.unauthorized", _("No longer authorizes the app")
        MEMBER_ROLE_CHANGED = "member.role_changed", _("Role changed from %(before)s to %(after)s")
        MEMBER_DEACTIVATED = "member.deactivated", _("Deactivated in Pumble")
        MEMBER_REACTIVATED = "member.reactivated", _("Active in Pumble again")
        MEMBER_SIGNED_IN = "member.signed_in", _("Signed in")
        MEMBER_SIGNED_OUT = "member.signed_out", _("Signed out")
        MEMBER_ERASED = "member.erased", _("Name, e-mail and addresses erased")
        RIGHTS_REFUSED = "rights.refused", _("Attempt denied: %(tried)s")
        OPERATOR_SIGNED_IN = "operator.signed_in", _("An operator signed in")
        OPERATOR_SIGN_IN_REFUSED = "operator.sign_in_refused", _("Failed sign-in as operator")
        OPERATOR_SIGNED_OUT = "operator.signed_out", _("An operator signed out")
        OPERATOR_LOOKED = "operator.looked", _("An operator viewed this workspace: %(page)s")
        AUDIT_EXPORTED = "audit.exported", _("The audit log was exported")
        AUDIT_CHECKPOINT = "audit.checkpoint", _("Audit events were removed by retention")
        SECRETS_ROTATED = "secrets.rotated", _("Secrets of the installation were rotated")

    class Surface(models.TextChoices):
        WEB = "WEB", _("in the browser")
        CHAT = "CHAT", _("in chat")
        ADMIN = "ADMIN", _("in the admin")
        API = "API", _("through the API")
        MCP = "MCP", _("through MCP")
        CLI = "CLI", _("by the operator")
        PUMBLE = "PUMBLE", _("by Pumble")  # a lifecycle event or an answer of the platform
        SYSTEM = "SYSTEM", _("by itself")  # maintenance

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
    address_pseudonym = models.CharField(max_length=72, blank=True, db_column="address_mark")
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
        """Return the address of the actor. None if it is unknown or was erased."""
        return self._addresses_by_pseudonym.get(self.address_pseudonym)

    @property
    def detail_with_addresses(self) -> dict[str, Any]:
        """Return `detail` with addresses in place of pseudonyms, if they were not erased."""
        detail: dict[str, Any] = self._with_addresses(self.detail)
        return detail

    @cached_property
    def _addresses_by_pseudonym(self) -> dict[str, str]:
        return {row.pseudonym: row.address for row in self.addresses.all()}

    def _with_addresses(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._with_addresses(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._with_addresses(item) for item in value]
        return self._addresses_by_pseudonym.get(value, value) if isinstance(value, str) else value


class AuditAddress(models.Model):
    """The address or network behind a pseudonym in an event. Erasing `member` deletes their addresses."""

    event = models.ForeignKey(AuditEvent, on_delete=models.CASCADE, related_name="addresses")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", db_column="of_id"
    )
    pseudonym = models.CharField(max_length=72, db_column="mark")
    salt = models.CharField(max_length=32)
    address = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"address of {self.event}"
