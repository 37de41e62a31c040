"""What happened, for good."""

from django.db import models

from keys.models.api_key import ApiKey
from keys.models.people import Member, Workspace
from keys.models.viewing import seen_by


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def for_viewer(self, viewer: Member) -> "AuditEventQuerySet":
        return seen_by(viewer, self, workspace="workspace", person="member")


class AuditEvent(models.Model):
    """One change of a key or a grant: who, through what, what, when. Written in the change's own transaction."""

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

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "at"], name="keys_audit_of_workspace")]

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%dT%H:%M:%SZ}"
