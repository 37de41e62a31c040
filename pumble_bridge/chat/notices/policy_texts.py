"""Texts of notices about keys that do not comply with the workspace's policy."""

from datetime import datetime

from django.utils.translation import gettext as _

from keys import policies, policy_compliance, texts, violations
from keys.models import ApiKey, AuditEvent
from keys.texts import format_days, short_date
from pumble_bridge.chat.blocks import Element, paragraph
from pumble_bridge.chat.key_blocks import describe_rights
from pumble_bridge.chat.notices.actors import reason


def idle_dedup_key(end: datetime) -> str:
    """Return the deduplication key of the notice that an unused key will be disabled at `end`."""
    return f"idle {end:%Y-%m-%dT%H:%M:%S.%f}"


def idle_soon(key: ApiKey, values: dict[str, str], dedup_key: str, now: datetime) -> list[Element]:
    """Return nothing if the key was used or enabled in the meantime, or the policy has changed."""
    end = policy_compliance.idle_deadline(policies.get_policy(key.owner.workspace), key)
    if end is None or idle_dedup_key(end) != dedup_key:
        return []
    values = values | {"days": format_days(now - key.idle_since), "date": short_date(end, now=now)}
    template = _(
        "Your API key “%(name)s” has not been used for %(days)s. It will be disabled on %(date)s if it is not used before."
    )
    return [paragraph(template % values), paragraph(_("If you no longer need it, delete it."))]


def disabled_when_idle(event: AuditEvent, values: dict[str, str]) -> list[Element]:
    if event.actor is None:
        template = _("Your API key “%(name)s” was disabled because it had not been used for a long time.")
    else:
        template = _("%(who)s disabled your API key “%(name)s” because it had not been used for a long time.")
    return [
        paragraph(template % values),
        paragraph(_("If you still need it, enable it. Its days without use are then counted from zero.")),
    ]


def disabled_for_policy(event: AuditEvent, values: dict[str, str]) -> list[Element]:
    template = _(
        "%(who)s disabled your API key “%(name)s” because it does not comply with your workspace's policy: %(why)s."
    )
    return [
        paragraph(template % (values | {"why": violated_rules(event)})),
        *_note(event),
        paragraph(
            _(
                "Calls with it are refused. Reduce its permissions until it complies and then enable it, or ask an owner."
            )
        ),
    ]


def narrowed(event: AuditEvent, key: ApiKey, values: dict[str, str], now: datetime) -> list[Element]:
    template = _(
        "%(who)s reduced the permissions of your API key “%(name)s” because it did not comply with your workspace's policy: %(why)s."
    )
    rights = describe_rights(key, now)
    by_policy = "breaches" in event.detail
    if not by_policy:
        template = _("%(who)s reduced the permissions of your API key “%(name)s”.")
    return [
        paragraph(template % (values | {"why": violated_rules(event)})),
        paragraph(_("What changed: %(changes)s.") % {"changes": changes(event, now)}),
        *(_note(event) if by_policy else [reason(event)]),
        paragraph(_("It now has these permissions: %(rights)s") % {"rights": rights}),
    ]


def changes(event: AuditEvent, now: datetime) -> str:
    """Return what a reduction of permissions changed, as parts of a sentence about the key."""
    before, after = event.detail.get("before", {}), event.detail.get("after", {})
    changed = []
    if lost := [scope for scope in before.get("scopes", []) if scope not in after.get("scopes", [])]:
        changed.append(_("it loses %(scopes)s") % {"scopes": ", ".join(lost)})
    if after.get("expires_at") and before.get("expires_at") != after["expires_at"]:
        end = datetime.fromisoformat(after["expires_at"])
        changed.append(_("it expires on %(date)s") % {"date": texts.short_date(end, now=now)})
    others = [
        str(label)
        for name, label in texts.RIGHTS.items()
        if name not in {"scopes", "expires_at"} and before.get(name) != after.get(name)
    ]
    if others:
        changed.append(_("its %(what)s are more limited") % {"what": texts.enumerate_all(others)})
    return texts.enumerate_all(changed)


def _note(event: AuditEvent) -> list[Element]:
    """Return the reason that the administrator gave, if any."""
    return [reason(event)] if event.detail.get("note") else []


def violated_rules(event: AuditEvent) -> str:
    return texts.enumerate_all(
        texts.describe_violation(violation) for violation in violations.violations_in(event.detail)
    )
