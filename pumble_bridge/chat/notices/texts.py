"""Builds the messages of notices in the active language: which key, what happened, what to do."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import times, usage
from keys.models import ApiKey, AuditEvent, Member
from keys.permissions import is_entitled
from keys.texts import format_days, short_date
from pumble_bridge.chat import onboarding
from pumble_bridge.chat.blocks import Element, bullets, escape_user_text, link, message, paragraph, text
from pumble_bridge.chat.notices import group_texts, leak_texts, policy_texts
from pumble_bridge.chat.notices.actors import actor_name, display_name, reason
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.manifest import COMMAND
from pumble_bridge.models import Notice

Kind = Notice.Kind
State = ApiKey.State

KEYS_PER_NOTICE = 20
_ABOUT_RESPONSIBILITY = {Kind.RESPONSIBLE, Kind.NO_RESPONSIBLE}


def is_current(notice: Notice, now: datetime) -> bool:
    """Return whether the notice is still true and useful."""
    return bool(_parts(notice, now))


def build_message(notices: list[Notice], now: datetime) -> dict[str, Any]:
    """Return the message `{text, blocks}` of current notices with the same cause. It has the link of the first one."""
    notice = notices[0]
    parts = _parts(notice, now) if len(notices) == 1 else group_texts.parts(notices, now)
    content = message(*parts, paragraph(link(notice_url(notice), _("Open the portal"))))
    if notice.kind == Kind.LEAKED and notice.key and notice.event:
        leak_texts.add_channel(content, notice.event)
        content["blocks"].append(leak_texts.buttons(notice.key.key_id, message_id=notice.dedup_key))
    return content


def notice_url(notice: Notice) -> str:
    """Return the link in the message of a notice. It contains the message's id, so that `reconcile` can find it."""
    page = "/workspace-keys/" if notice.key and notice.key.is_workspace_key else "/"
    return f"{portal_url(page)}#notice-{notice.sent_with_id or notice.pk}"


def _parts(notice: Notice, now: datetime) -> list[Element]:
    key, event = notice.key, notice.event
    if key is None:
        return _parts_without_key(notice)
    parts = _parts_about_key(notice, key, event, now)
    if parts and key.is_workspace_key and notice.kind not in _ABOUT_RESPONSIBILITY:
        parts.append(_responsibility(key, notice.member))
    return parts


def _parts_about_key(notice: Notice, key: ApiKey, event: AuditEvent | None, now: datetime) -> list[Element]:
    values = {"name": escape_user_text(key.name)}
    state = key.state(now)
    match notice.kind:
        case Kind.EXPIRES_SOON if key.expires_at and state == State.ACTIVE:
            return _expires_soon(key.expires_at, key.key_id, values, now)
        case Kind.EXPIRED if key.expires_at and state == State.EXPIRED:
            return _expired(key.expires_at, values, now)
        case Kind.REVOKED if event:
            return _revoked(event, values)
        case Kind.DISABLED if event and state == State.DISABLED:
            return _disabled(event, values)
        case Kind.NARROWED if event and not state.is_over:
            return policy_texts.narrowed(event, key, values | {"who": actor_name(event)}, now)
        case Kind.IDLE_SOON if state == State.ACTIVE:
            return policy_texts.idle_soon(key, values, notice.dedup_key, now)
        case Kind.SELF_ROTATED if event and not state.is_over:
            return _self_rotated(event, key, values, now)
        case Kind.USED_ELSEWHERE if event and event.address and not state.is_over:
            return _used_elsewhere(event, values, now)
        case Kind.LEAKED if event and not state.is_over:
            return leak_texts.leaked(values)
        case Kind.LEAK_REVOKED:
            return leak_texts.revoked(values)
        case Kind.LEAK_DISMISSED:
            return leak_texts.dismissed(values)
        case Kind.RESPONSIBLE if event and key.responsible == notice.member and not state.is_over:
            return _now_responsible(values | {"who": actor_name(event)})
        case Kind.NO_RESPONSIBLE if key.responsible is None and not state.is_over:
            return _without_responsible(key, values)
        case _:
            return []


def _responsibility(key: ApiKey, reader: Member) -> Element:
    """Return why the reader is told of a key that is not theirs."""
    values = {"name": escape_user_text(key.name)}
    if key.responsible == reader:
        return paragraph(_("“%(name)s” is a workspace key. You are responsible for it.") % values)
    return paragraph(
        _("“%(name)s” is a workspace key. No person is responsible for it. Choose one in the portal.")
        % values
    )


def _now_responsible(values: dict[str, str]) -> list[Element]:
    return [
        paragraph(
            _(
                "%(who)s made you responsible for the workspace key “%(name)s”. You can change, rotate and delete it, and you get the messages about it."
            )
            % values
        )
    ]


def _without_responsible(key: ApiKey, values: dict[str, str]) -> list[Element]:
    return [
        paragraph(
            _("The workspace key “%(name)s” has no responsible person any more. It still works.") % values
        ),
        bullets([_key_line(key)]),
        paragraph(
            _("Choose another person under “Workspace keys” in the portal, or delete the key."),
        ),
    ]


def _parts_without_key(notice: Notice) -> list[Element]:
    if notice.kind == Kind.PERSON_LEFT:
        return _person_left(notice.event) if notice.event else []
    return [] if is_entitled(notice.member) else _rejected()


def _expires_soon(expires_at: datetime, key_id: str, values: dict[str, str], now: datetime) -> list[Element]:
    content = values | {"days": format_days(expires_at - now), "date": short_date(expires_at, now=now)}
    return [
        paragraph(
            _(
                "Your API key “%(name)s” expires in %(days)s, on %(date)s. Programs that use it will stop working then."
            )
            % content
        ),
        paragraph(
            _("Before then, renew it: a new key with the same permissions takes its place. Type: "),
            text(f"{COMMAND} renew {key_id}", code=True),
        ),
    ]


def _expired(expires_at: datetime, values: dict[str, str], now: datetime) -> list[Element]:
    content = values | {"date": short_date(expires_at, now=now)}
    return [
        paragraph(_("Your API key “%(name)s” expired on %(date)s. Calls with it are now refused.") % content),
        paragraph(_("If you still need a key, create a new one.")),
    ]


def _revoked(event: AuditEvent, values: dict[str, str]) -> list[Element]:
    content = values | {"who": actor_name(event)}
    pasted = True
    match event.detail.get("reason"):
        case ApiKey.RevokeReason.PASTED_IN_COMMAND:
            template = _(
                "%(who)s pasted your API key “%(name)s” into a chat command, so it was revoked. Calls with it are now refused."
            )
        case ApiKey.RevokeReason.PASTED_IN_WINDOW:
            template = _(
                "%(who)s pasted your API key “%(name)s” into a window of the app in Pumble, so it was revoked. Calls with it are now refused."
            )
        case ApiKey.RevokeReason.PASTED_IN_MESSAGE | ApiKey.RevokeReason.PASTED:
            template = _(
                "Your API key “%(name)s” was revoked after %(who)s pasted or reported it. Calls with it are now refused."
            )
        case _:
            pasted = False
            template = _("%(who)s revoked your API key “%(name)s”. Calls with it are now refused.")
    return [
        paragraph(template % content),
        *([] if pasted else [reason(event)]),
        paragraph(_("If you still need a key, create a new one.")),
    ]


def _disabled(event: AuditEvent, values: dict[str, str]) -> list[Element]:
    match event.detail.get("reason"):
        case ApiKey.DisableReason.IDLE:
            return policy_texts.disabled_when_idle(event, values | {"who": actor_name(event)})
        case ApiKey.DisableReason.POLICY:
            return policy_texts.disabled_for_policy(event, values | {"who": actor_name(event)})
    template = _(
        "%(who)s disabled your API key “%(name)s”. Calls with it are refused until it is enabled again."
    )
    return [
        paragraph(template % (values | {"who": actor_name(event)})),
        reason(event),
        paragraph(_("If you need it, ask an owner or administrator of your workspace to enable it.")),
    ]


def _self_rotated(event: AuditEvent, key: ApiKey, values: dict[str, str], now: datetime) -> list[Element]:
    content = values | {
        "address": event.address or _("an unknown address"),
        "date": short_date(event.at, now=now),
        "id": key.key_id,
    }
    return [
        paragraph(
            _("Your API key “%(name)s” rotated itself from %(address)s, on %(date)s. The new key is %(id)s.")
            % content
        ),
        paragraph(
            _(
                "If a program of yours does that, you do not need to do anything. If not, somebody else may have the key: revoke it at once."
            )
        ),
    ]


def _used_elsewhere(event: AuditEvent, values: dict[str, str], now: datetime) -> list[Element]:
    content = values | {
        "network": usage.network_prefix(str(event.address)),
        "date": short_date(event.at, now=now),
    }
    return [
        paragraph(
            _("Your API key “%(name)s” was used from a new network: %(network)s, on %(date)s.") % content
        ),
        paragraph(
            _(
                "If you know why, you do not need to do anything. If not, somebody else may have the key: revoke it at once."
            )
        ),
    ]


def _person_left(event: AuditEvent) -> list[Element]:
    keys = list(
        ApiKey.objects.filter(key_id__in=event.detail.get("keys", []), owner=event.member_id)
        .select_related("last_use")
        .order_by("pk")
    )
    template = ngettext(
        "%(who)s was deactivated in Pumble, so their API key no longer works:",
        "%(who)s was deactivated in Pumble, so their %(n)s API keys no longer work:",
        len(keys),
    )
    parts = [
        paragraph(template % {"who": display_name(event.member), "n": len(keys)}),
        bullets(_key_line(key) for key in keys[:KEYS_PER_NOTICE]),
    ]
    more = len(keys) - KEYS_PER_NOTICE
    if more > 0:
        parts.append(paragraph(ngettext("and %(n)s more.", "and %(n)s more.", more) % {"n": more}))
    parts.append(paragraph(_("Programs that used them need a key of an active member.")))
    return parts


def _rejected() -> list[Element]:
    return [
        paragraph(
            _("Pumble no longer accepts your authorization of the API app, so your API keys are refused.")
        ),
        paragraph(
            _("To make them work again, authorize the app: "),
            link(onboarding.authorize_url(), _("authorize the app")),
        ),
    ]


def _key_line(key: ApiKey) -> Element:
    used = _("never used")
    if key.last_used_at:
        used = _("last used %(date)s") % {"date": times.full_date(key.last_used_at)}
    return paragraph(
        text(escape_user_text(key.name), bold=True), " · ", text(key.masked, code=True), f" · {used}"
    )
