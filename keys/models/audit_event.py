"""What happened, for good.

Events follow each other in chains: one for each workspace, one for the installation itself. Each holds the digest of the
one before it; `keys.audit.verifier` says how. The database refuses to change or remove one: `keys.audit.triggers`.
"""

from functools import cached_property
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

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
    lookups. Addresses stand as pseudonyms, here and in `detail`. `address` and `detail_with_addresses`
    show those that were not erased.
    """

    class Type(models.TextChoices):
        """What happened, and how it is told. `%(name)s` stands for a detail of the event; `portal.presentation.event_texts` fills it in."""

        KEY_ISSUED = "key.issued", _("Created")
        KEY_CONFIRMED = "key.confirmed", _("Key shown to its owner")
        KEY_RENAMED = "key.renamed", _("Renamed from “%(before)s” to “%(after)s”")
        KEY_NARROWED = "key.narrowed", _("Given fewer rights: %(changed)s")
        KEY_DISABLED = "key.disabled", _("Disabled")
        KEY_ENABLED = "key.enabled", _("Enabled again")
        KEY_ROTATED = "key.rotated", _("Rotated: pmb_%(successor)s takes its place")
        KEY_RETIRED = "key.retired", _("Its grace was ended")
        KEY_USED_AFTER_ROTATION = "key.used_after_rotation", _("Presented after its grace had ended")
        KEY_REHASHED = "key.rehashed", _("Its digest was renewed")
        KEY_REVOKED = "key.revoked", _("Revoked: %(reason)s")
        KEY_USED_ELSEWHERE = "key.used_elsewhere", _("Used from a network for the first time")
        KEY_LEAKED = "key.leaked", _("Found in a chat message")
        KEY_LEAK_DISMISSED = "key.leak_dismissed", _("Its leak was said to be a test")
        KEY_IDENTIFIED = "key.identified", _("Looked up by its plaintext")
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
        RIGHTS_REFUSED = "rights.refused", _("Tried what is not theirs to do: %(tried)s")
        OPERATOR_SIGNED_IN = "operator.signed_in", _("An operator signed in")
        OPERATOR_SIGN_IN_REFUSED = "operator.sign_in_refused", _("Somebody failed to sign in as operator")
        OPERATOR_SIGNED_OUT = "operator.signed_out", _("An operator signed out")
        OPERATOR_LOOKED = "operator.looked", _("An operator looked at this workspace: %(page)s")
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
        """Where the actor was. None where that is unknown, or was erased."""
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
    """The address or network that stands in an event as a pseudonym. Erasing `member` deletes their addresses."""

    event = models.ForeignKey(AuditEvent, on_delete=models.CASCADE, related_name="addresses")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", db_column="of_id"
    )
    pseudonym = models.CharField(max_length=72, db_column="mark")
    salt = models.CharField(max_length=32)
    address = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"address of {self.event}"
