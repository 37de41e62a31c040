"""Texts of notices that tell of several keys at once, because the same happened to all of them."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import policies, policy_compliance
from keys.models import ApiKey
from keys.texts import format_days, short_date
from pumble_bridge.chat.blocks import Element, bullets, escape_user_text, paragraph, text
from pumble_bridge.chat.notices import policy_texts
from pumble_bridge.chat.notices.actors import actor_name, reason
from pumble_bridge.models import Notice

MAX_KEYS = 20

Kind = Notice.Kind
_BY_CLOCK = (Kind.EXPIRES_SOON, Kind.EXPIRED, Kind.IDLE_SOON)
_BY_EVENT = (Kind.REVOKED, Kind.DISABLED, Kind.NARROWED)
_PASTED = "PASTED"  # the prefix of the reasons of keys that were pasted, each somewhere else


def cause(notice: Notice) -> tuple[object, ...] | None:
    """Return what happened, by whom and why. Notices of a member with the same cause are sent as one. None: alone."""
    if notice.kind in _BY_CLOCK:
        return (notice.kind,)
    event = notice.event
    if notice.kind not in _BY_EVENT or event is None:
        return None
    why = str(event.detail.get("reason") or "")
    if why.startswith(_PASTED):
        return None
    return (notice.kind, event.actor_id, why, str(event.detail.get("note") or ""), "breaches" in event.detail)


def parts(notices: list[Notice], now: datetime) -> list[Element]:
    """Return what happened to these keys, which all have the same cause."""
    heading, advice = _heading_and_advice(notices)
    more = len(notices) - MAX_KEYS
    event = notices[0].event
    detail = event.detail if event else {}
    asks_reason = (
        notices[0].kind in _BY_EVENT
        and "breaches" not in detail
        and detail.get("reason") != ApiKey.DisableReason.IDLE
    )
    return [
        paragraph(heading),
        bullets(_line(notice, now) for notice in notices[:MAX_KEYS]),
        *(
            [paragraph(ngettext("and %(n)s more.", "and %(n)s more.", more) % {"n": more})]
            if more > 0
            else []
        ),
        *([reason(event)] if event and asks_reason else []),
        paragraph(advice),
    ]


def _heading_and_advice(notices: list[Notice]) -> tuple[str, str]:
    event = notices[0].event
    by_policy = event is not None and "breaches" in event.detail
    is_idle = event is not None and event.detail.get("reason") == ApiKey.DisableReason.IDLE
    match notices[0].kind:
        case Kind.EXPIRES_SOON:
            heading = _("%(n)s of your API keys expire soon. Programs that use them will stop working then.")
            advice = _("Before then, renew those that you still need. The portal lists all of them.")
        case Kind.EXPIRED:
            heading = _("%(n)s of your API keys have expired. Calls with them are now refused.")
            advice = _("If you still need a key, create a new one.")
        case Kind.IDLE_SOON:
            heading = _(
                "%(n)s of your API keys have not been used for a long time and will soon be disabled."
            )
            advice = _("To keep a key, use it before that date. Delete those that you no longer need.")
        case Kind.REVOKED:
            heading = _("%(who)s revoked %(n)s of your API keys. Calls with them are now refused.")
            advice = _("If you still need a key, create a new one.")
        case Kind.NARROWED if by_policy:
            heading = _(
                "%(who)s reduced the permissions of %(n)s of your API keys because they did not comply with your workspace's policy."
            )
            advice = _("The keys still work. The portal shows what each can do now.")
        case Kind.NARROWED:
            heading = _("%(who)s reduced the permissions of %(n)s of your API keys.")
            advice = _("The keys still work. The portal shows what each can do now.")
        case _ if is_idle:
            heading = _(
                "%(n)s of your API keys were disabled because they had not been used for a long time."
            )
            advice = _("If you still need one, enable it. Its days without use are then counted from zero.")
        case _ if by_policy:
            heading = _(
                "%(who)s disabled %(n)s of your API keys because they do not comply with your workspace's policy."
            )
            advice = _(
                "Calls with them are refused. Reduce their permissions until they comply and then enable them, or ask an owner."
            )
        case _:
            heading = _(
                "%(who)s disabled %(n)s of your API keys. Calls with them are refused until they are enabled again."
            )
            advice = _("If you need them, ask an owner or administrator of your workspace to enable them.")
    return heading % {"n": len(notices), "who": actor_name(event) if event else ""}, advice


def _line(notice: Notice, now: datetime) -> Element:
    """Return the key, and what happened to this one."""
    key = notice.key
    if key is None:  # pragma: no cover - only notices about keys are grouped
        return paragraph("")
    what = _what_happened(notice, key, now)
    name = text(escape_user_text(key.name), bold=True)
    return paragraph(name, " · ", text(key.masked, code=True), *([f" · {what}"] if what else []))


def _what_happened(notice: Notice, key: ApiKey, now: datetime) -> str:
    event = notice.event
    match notice.kind:
        case Kind.EXPIRES_SOON if key.expires_at:
            values = {"days": format_days(key.expires_at - now), "date": short_date(key.expires_at, now=now)}
            return _("expires in %(days)s, on %(date)s") % values
        case Kind.EXPIRED if key.expires_at:
            return _("expired on %(date)s") % {"date": short_date(key.expires_at, now=now)}
        case Kind.IDLE_SOON:
            end = policy_compliance.idle_deadline(policies.get_policy(key.owner.workspace), key)
            return _("will be disabled on %(date)s") % {"date": short_date(end, now=now)} if end else ""
        case Kind.NARROWED if event:
            return policy_texts.changes(event, now)
        case Kind.DISABLED if event and "breaches" in event.detail:
            return policy_texts.violated_rules(event)
        case _:
            return ""
