"""Who did something to a key, and the reason that they gave."""

from django.utils.translation import gettext as _

from keys.models import AuditEvent, Member
from pumble_bridge.chat.blocks import Element, escape_user_text, paragraph


def actor_name(event: AuditEvent) -> str:
    if key_name := event.detail.get("by_key_name"):
        return _("The key “%(name)s”") % {"name": escape_user_text(str(key_name))}
    actor = event.actor
    return _("The operator of the API app") if actor is None or actor.is_superuser else display_name(actor)


def display_name(member: Member | None) -> str:
    return escape_user_text(member.name if member and member.name else _("Somebody"))


def reason(event: AuditEvent) -> Element:
    note = str(event.detail.get("note") or "").strip()
    if not note:
        return paragraph(_("No reason was given."))
    return paragraph(_("Reason: “%(note)s”") % {"note": escape_user_text(note, limit=200)})
