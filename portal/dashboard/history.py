"""What happened to a key, told in sentences from its audit events."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys.models import ApiKey, AuditEvent

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_MOST = 100
_Type = AuditEvent.Type
_WORDS: "dict[str, StrPromise]" = {
    _Type.KEY_ISSUED: gettext_lazy("Made"),
    _Type.KEY_CONFIRMED: gettext_lazy("Shown to its owner"),
    _Type.KEY_RENAMED: gettext_lazy("Renamed from “%(before)s” to “%(after)s”"),
    _Type.KEY_NARROWED: gettext_lazy("Given fewer rights: %(changed)s"),
    _Type.KEY_DISABLED: gettext_lazy("Disabled"),
    _Type.KEY_ENABLED: gettext_lazy("Enabled again"),
    _Type.KEY_ROTATED: gettext_lazy("Rotated: pmb_%(successor)s takes its place"),
    _Type.KEY_RETIRED: gettext_lazy("Its grace was ended"),
    _Type.KEY_USED_AFTER_ROTATION: gettext_lazy("Presented after its grace had ended"),
    _Type.KEY_REHASHED: gettext_lazy("Its digest was renewed"),
    _Type.KEY_REVOKED: gettext_lazy("Revoked: %(reason)s"),
    _Type.KEY_USED_ELSEWHERE: gettext_lazy("Used from a network for the first time"),
    _Type.KEY_LEAKED: gettext_lazy("Found in a chat message"),
    _Type.KEY_LEAK_DISMISSED: gettext_lazy("Its leak was said to be a test"),
    _Type.KEY_IDENTIFIED: gettext_lazy("Looked up by its plaintext"),
    _Type.POLICY_CHANGED: gettext_lazy("The workspace's policy was changed"),
    _Type.APP_INSTALLED: gettext_lazy("The app was installed"),
    _Type.APP_UNINSTALLED: gettext_lazy("The app was uninstalled"),
    _Type.MEMBER_AUTHORIZED: gettext_lazy("Authorized the app"),
    _Type.MEMBER_UNAUTHORIZED: gettext_lazy("No longer authorizes the app"),
    _Type.MEMBER_ROLE_CHANGED: gettext_lazy("Role changed from %(before)s to %(after)s"),
    _Type.MEMBER_DEACTIVATED: gettext_lazy("Deactivated in Pumble"),
    _Type.MEMBER_REACTIVATED: gettext_lazy("Active in Pumble again"),
    _Type.MEMBER_SIGNED_IN: gettext_lazy("Signed in"),
    _Type.MEMBER_SIGNED_OUT: gettext_lazy("Signed out"),
    _Type.MEMBER_ERASED: gettext_lazy("Name, e-mail and addresses erased"),
    _Type.RIGHTS_REFUSED: gettext_lazy("Tried what is not theirs to do: %(tried)s"),
    _Type.OPERATOR_SIGNED_IN: gettext_lazy("An operator signed in"),
    _Type.OPERATOR_SIGN_IN_REFUSED: gettext_lazy("Somebody failed to sign in as operator"),
    _Type.OPERATOR_SIGNED_OUT: gettext_lazy("An operator signed out"),
    _Type.OPERATOR_LOOKED: gettext_lazy("An operator looked at this workspace: %(page)s"),
    _Type.AUDIT_EXPORTED: gettext_lazy("The audit log was exported"),
    _Type.AUDIT_CHECKPOINT: gettext_lazy("Audit events were removed by retention"),
    _Type.SECRETS_ROTATED: gettext_lazy("Secrets of the installation were rotated"),
}
SURFACES: "dict[str, StrPromise]" = {
    AuditEvent.Surface.WEB: gettext_lazy("in the browser"),
    AuditEvent.Surface.CHAT: gettext_lazy("in chat"),
    AuditEvent.Surface.ADMIN: gettext_lazy("in the admin"),
    AuditEvent.Surface.API: gettext_lazy("through the API"),
    AuditEvent.Surface.CLI: gettext_lazy("by the operator"),
    AuditEvent.Surface.PUMBLE: gettext_lazy("by Pumble"),
    AuditEvent.Surface.SYSTEM: gettext_lazy("by itself"),
}
_RIGHTS: "dict[str, StrPromise]" = {
    "scopes": gettext_lazy("scopes"),
    "channels": gettext_lazy("channels"),
    "allowed_addresses": gettext_lazy("addresses"),
    "calls_per_minute": gettext_lazy("calls a minute"),
    "expires_at": gettext_lazy("expiry"),
}


@dataclass(frozen=True)
class Entry:
    at: datetime
    what: str
    who: str
    where: str


def of_key(key: ApiKey) -> list[Entry]:
    """Newest first."""
    events = AuditEvent.objects.filter(key=key).select_related("actor").order_by("-at", "-pk")[:_MOST]
    return [
        Entry(event.at, what(event), event.actor.name if event.actor else "", where(event))
        for event in events
    ]


def where(event: AuditEvent) -> str:
    return str(SURFACES[event.surface])


def what(event: AuditEvent) -> str:
    """The event in a sentence, such as `Renamed from “a” to “b”`."""
    detail: dict[str, Any] = event.detail
    if event.type == _Type.KEY_ISSUED and detail.get("replaces"):
        return _("Made to replace pmb_%(key)s") % {"key": detail["replaces"]}
    if event.type == _Type.KEY_DISABLED and detail.get("reason"):
        return _("Disabled: %(reason)s") % {"reason": _reason(str(detail["reason"]), "")}
    words = {
        "before": detail.get("before", ""),
        "after": detail.get("after", ""),
        "successor": detail.get("successor", ""),
        "tried": detail.get("what", ""),
        "page": detail.get("page", ""),
        "reason": _reason(str(detail.get("reason", "")), str(detail.get("note", ""))),
        "changed": _changed(detail) if event.type == _Type.KEY_NARROWED else "",
    }
    told = _WORDS.get(event.type)
    return str(told) % words if told else event.type


def _reason(name: str, note: str) -> str:
    known = {**dict(ApiKey.RevokeReason.choices), **dict(ApiKey.DisableReason.choices)}
    reason = str(known.get(name, name))
    return f"{reason} ({note})" if note else reason


def _changed(detail: dict[str, Any]) -> str:
    before, after = detail.get("before", {}), detail.get("after", {})
    return ", ".join(str(word) for name, word in _RIGHTS.items() if before.get(name) != after.get(name))
