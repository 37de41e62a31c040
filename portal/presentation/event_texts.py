"""Audit events as sentences, and the history of a key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from keys import texts
from keys.models import ApiKey, AuditEvent, Member
from portal.presentation import event_details

_MAX_ENTRIES = 100
_Type = AuditEvent.Type


@dataclass(frozen=True)
class HistoryEntry:
    at: datetime
    what: str
    who: str
    where: str


def key_history(key: ApiKey) -> list[HistoryEntry]:
    """Return the events of a key, newest first, at most 100."""
    events = AuditEvent.objects.filter(key=key).select_related("actor").order_by("-at", "-pk")[:_MAX_ENTRIES]
    return [
        HistoryEntry(event.at, describe_event(event), actor_name(event), surface_label(event))
        for event in events
    ]


def actor_name(event: AuditEvent) -> str:
    """Return who did it: the key that did it over HTTP, or a person, or ""."""
    return key_label(event) or (event.actor.name if event.actor else "")


def key_label(event: AuditEvent) -> str:
    """Return the key that did it over HTTP, or ""."""
    name = event.detail.get("by_key_name")
    return _("key “%(name)s”") % {"name": name} if name else ""


def surface_label(event: AuditEvent) -> str:
    return str(event.get_surface_display())


def describe_event(event: AuditEvent) -> str:
    """Return the event as a sentence, such as `Renamed from “a” to “b”`."""
    detail: dict[str, Any] = event.detail
    if event.type == _Type.KEY_ISSUED and detail.get("renewal"):
        return _("Created to renew pmb_%(key)s") % {"key": detail["replaces"]}
    if event.type == _Type.KEY_ROTATED and "renewed_until" in detail:
        return _("Renewed: pmb_%(key)s takes its place") % {"key": detail["successor"]}
    if event.type == _Type.KEY_ISSUED and detail.get("replaces"):
        return _("Created to replace pmb_%(key)s") % {"key": detail["replaces"]}
    if event.type == _Type.KEY_DISABLED and detail.get("reason"):
        return _("Disabled: %(reason)s") % {"reason": _describe_reason(str(detail["reason"]), "")}
    if event.type == _Type.KEY_RESPONSIBLE_REPLACED:
        return _describe_handover(event)
    placeholders = {
        "before": detail.get("before", ""),
        "after": detail.get("after", ""),
        "successor": detail.get("successor", ""),
        "tried": detail.get("what", ""),
        "page": event_details.PAGES.get(detail.get("page", ""), detail.get("page", "")),
        "reason": _describe_reason(str(detail.get("reason", "")), str(detail.get("note", ""))),
        "changed": _list_changed_rights(detail) if event.type == _Type.KEY_NARROWED else "",
    }
    return str(event.get_type_display()) % placeholders


def _describe_handover(event: AuditEvent) -> str:
    """Return who was and who is responsible. Events refer to people by Pumble's ids."""
    references = [event.detail["before"], event.detail["after"]]
    people = Member.objects.filter(workspace=event.workspace_id, pumble_user_id__in=references)
    names = dict(people.values_list("pumble_user_id", "name"))
    before, after = (names.get(reference, reference) or _("nobody") for reference in references)
    return _("Responsible person: %(before)s, now %(after)s") % {"before": before, "after": after}


def _describe_reason(name: str, note: str) -> str:
    labels = {**dict(ApiKey.RevokeReason.choices), **dict(ApiKey.DisableReason.choices)}
    reason = str(labels.get(name, name))
    return f"{reason} ({note})" if note else reason


def _list_changed_rights(detail: dict[str, Any]) -> str:
    before, after = detail.get("before", {}), detail.get("after", {})
    return ", ".join(str(word) for name, word in texts.RIGHTS.items() if before.get(name) != after.get(name))
