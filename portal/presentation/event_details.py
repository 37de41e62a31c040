"""The types and details of audit events in words: labels of types, fields and values."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import texts
from keys.models import ApiKey, AuditEvent, Policy
from portal.templatetags import presentation

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_Type = AuditEvent.Type
_NAMES: "dict[str, StrPromise]" = {
    _Type.KEY_ISSUED: gettext_lazy("Key created"),
    _Type.KEY_CONFIRMED: gettext_lazy("Key shown to its owner"),
    _Type.KEY_RENAMED: gettext_lazy("Key renamed"),
    _Type.KEY_PURPOSE_CHANGED: gettext_lazy("Purpose of a key changed"),
    _Type.KEY_NARROWED: gettext_lazy("Permissions of a key reduced"),
    _Type.KEY_DISABLED: gettext_lazy("Key disabled"),
    _Type.KEY_ENABLED: gettext_lazy("Key enabled again"),
    _Type.KEY_ROTATED: gettext_lazy("Key rotated"),
    _Type.KEY_RETIRED: gettext_lazy("Grace period ended"),
    _Type.KEY_USED_AFTER_ROTATION: gettext_lazy("Used after its grace period"),
    _Type.KEY_REHASHED: gettext_lazy("Digest renewed"),
    _Type.KEY_REVOKED: gettext_lazy("Key revoked"),
    _Type.KEY_RESPONSIBLE_REPLACED: gettext_lazy("Responsible person replaced"),
    _Type.KEY_USED_ELSEWHERE: gettext_lazy("Used from a network for the first time"),
    _Type.KEY_LEAKED: gettext_lazy("Found in a chat message"),
    _Type.KEY_LEAK_DISMISSED: gettext_lazy("Leak reported as a test"),
    _Type.KEY_LISTENING_STARTED: gettext_lazy("Began to listen to events"),
    _Type.KEY_LISTENING_STOPPED: gettext_lazy("Stopped listening to events"),
    _Type.KEY_IDENTIFIED: gettext_lazy("Identified by its plaintext"),
    _Type.POLICY_CHANGED: gettext_lazy("Policy changed"),
    _Type.APP_INSTALLED: gettext_lazy("App installed"),
    _Type.APP_UNINSTALLED: gettext_lazy("App uninstalled"),
    _Type.MEMBER_AUTHORIZED: gettext_lazy("Authorized the app"),
    _Type.MEMBER_UNAUTHORIZED: gettext_lazy("No longer authorizes the app"),
    _Type.MEMBER_ROLE_CHANGED: gettext_lazy("Role changed"),
    _Type.MEMBER_DEACTIVATED: gettext_lazy("Deactivated in Pumble"),
    _Type.MEMBER_REACTIVATED: gettext_lazy("Active in Pumble again"),
    _Type.MEMBER_SIGNED_IN: gettext_lazy("Signed in"),
    _Type.MEMBER_SIGNED_OUT: gettext_lazy("Signed out"),
    _Type.MEMBER_ERASED: gettext_lazy("Name, e-mail and addresses erased"),
    _Type.RIGHTS_REFUSED: gettext_lazy("Attempt denied"),
    _Type.OPERATOR_SIGNED_IN: gettext_lazy("An operator signed in"),
    _Type.OPERATOR_SIGN_IN_REFUSED: gettext_lazy("Failed sign-in as operator"),
    _Type.OPERATOR_SIGNED_OUT: gettext_lazy("An operator signed out"),
    _Type.OPERATOR_LOOKED: gettext_lazy("An operator viewed this workspace"),
    _Type.AUDIT_EXPORTED: gettext_lazy("Audit log exported"),
    _Type.AUDIT_CHECKPOINT: gettext_lazy("Audit events were removed by retention"),
    _Type.SECRETS_ROTATED: gettext_lazy("Secrets of the installation were rotated"),
}
FIELDS: "dict[str, StrPromise]" = {
    **texts.RIGHTS,
    "name": gettext_lazy("name"),
    "purpose": gettext_lazy("purpose"),
    "reason": gettext_lazy("reason"),
    "note": gettext_lazy("note"),
    "replaces": gettext_lazy("replaces the key"),
    "successor": gettext_lazy("replaced by the key"),
    "retires_at": gettext_lazy("works until"),
    "renewal": gettext_lazy("renewal"),
    "renewed_until": gettext_lazy("renewed until"),
    "grace_minutes": gettext_lazy("grace period in minutes"),
    "by_key": gettext_lazy("done by the key"),
    "by_key_name": gettext_lazy("name of that key"),
    "what": gettext_lazy("attempt"),
    "why": gettext_lazy("reason of the refusal"),
    "more_this_hour": gettext_lazy("more in this hour"),
    "page": gettext_lazy("page"),
    "format": gettext_lazy("format"),
    "filters": gettext_lazy("filters"),
    "since": gettext_lazy("first day"),
    "message": gettext_lazy("message ID"),
    "keys": gettext_lazy("keys that were stopped"),
    "everywhere": gettext_lazy("in all browsers"),
    "installer": gettext_lazy("installed by"),
    "renewed": gettext_lazy("installed again"),
    "number": gettext_lazy("last deleted event"),
    "digest": gettext_lazy("digest of the last deleted event"),
    "before": gettext_lazy("before"),
    "after": gettext_lazy("after"),
    "creators": gettext_lazy("who may create keys"),
    "chosen": gettext_lazy("chosen people"),
    "allowed_scopes": gettext_lazy("allowed scopes"),
    "full_access_forbidden": gettext_lazy("full access is forbidden"),
    "default_preset": gettext_lazy("default permissions"),
    "default_lifetime_days": gettext_lazy("default lifetime in days"),
    "largest_lifetime_days": gettext_lazy("maximum lifetime in days"),
    "never_allowed": gettext_lazy("keys without expiry are allowed"),
    "workspace_keys_allowed": gettext_lazy("workspace keys are allowed"),
    "workspace_key": gettext_lazy("workspace key"),
    "most_keys": gettext_lazy("keys of one member"),
    "addresses_required": gettext_lazy("IP addresses are required"),
    "idle_days": gettext_lazy("days without use until a key is disabled"),
    "requests_kept_days": gettext_lazy("days for which calls are logged"),
    "leak_guard": gettext_lazy("keys in chat messages are detected"),
    "events_allowed": gettext_lazy("keys may listen to events"),
    "tokens_reencrypted": gettext_lazy("tokens encrypted again"),
    "tokens_unreadable": gettext_lazy("tokens that cannot be decrypted"),
    "newest_pepper": gettext_lazy("newest pepper"),
    "type": gettext_lazy("event"),
    "surface": gettext_lazy("where"),
    "when": gettext_lazy("time"),
    "actor": gettext_lazy("who"),
    "key": gettext_lazy("key ID"),
    "until": gettext_lazy("last day"),
    "member": gettext_lazy("member"),
    "workspace": gettext_lazy("workspace"),
}
PAGES: "dict[str, StrPromise]" = {
    "front": gettext_lazy("Overview"),
    "apikey": gettext_lazy("API keys"),
    "member": gettext_lazy("Members"),
    "policy": gettext_lazy("Policy"),
    "auditevent": gettext_lazy("Audit log"),
    "requestlog": gettext_lazy("Calls"),
    "hourlyuse": gettext_lazy("Counts"),
    "lookup": gettext_lazy("Look up"),
}
# The names of values are those of the choices, except where two fields use one name for different things.
_VALUES: "dict[str, dict[str, StrPromise | str]]" = {
    "reason": {**dict(ApiKey.RevokeReason.choices), **dict(ApiKey.DisableReason.choices)},
    "creators": dict(Policy.Creators.choices),
    "page": dict(PAGES),
    "default_preset": {name: text.label for name, text in texts.PRESETS.items()},
    "scopes": {scope: text.label for scope, text in texts.SCOPES.items()},
    "allowed_scopes": {scope: text.label for scope, text in texts.SCOPES.items()},
    "why": {
        "not_allowed": gettext_lazy("no permission"),
        "creation_not_allowed": gettext_lazy("may not create keys"),
        "management_not_given": gettext_lazy("only a person may give the scope keys:manage"),
        "key_manages_keys": gettext_lazy("the other key manages keys"),
        "wider_than_managing_key": gettext_lazy("more rights than those of the key"),
        "scope_missing": gettext_lazy("the key does not have the scope keys:manage"),
    },
    "type": {**_NAMES},
    "surface": dict(AuditEvent.Surface.choices),
    "more_this_hour": {"not recorded": gettext_lazy("not recorded")},
}
# Other fields may hold a text of a person in the form of a time. `before` and `after` are those of a renewal.
_TIMES = {"expires_at", "retires_at", "renewed_until", "idle_since", "before", "after"}
_EMPTY: "dict[str, StrPromise]" = {
    "channels": gettext_lazy("all channels"),
    "allowed_addresses": gettext_lazy("any"),
    "expires_at": gettext_lazy("never"),
    "allowed_scopes": gettext_lazy("all"),
    "largest_lifetime_days": gettext_lazy("no limit"),
    "idle_days": gettext_lazy("never"),
}


class Detail(NamedTuple):
    """A part of an event's detail. For a change, `before` and `after` are set; otherwise they are None."""

    label: str
    value: str = ""
    before: str | None = None
    after: str | None = None


def type_name(event_type: str) -> str:
    """Return the type in words, without the values of one event: `Key renamed`."""
    return str(_NAMES.get(event_type, event_type))


def list_details(event: AuditEvent) -> Iterator[Detail]:
    """Yield each part of the event's detail in words."""
    detail = event.detail_with_addresses
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            if before.get(name) != after.get(name):
                yield Detail(_label(name), "", _text(name, before.get(name)), _text(name, after.get(name)))
    elif "before" in detail and "after" in detail:
        yield Detail(_("Value"), "", _text("", before), _text("", after))
    elif "before" in detail:
        yield Detail(_label("before"), _text("before", before))
    for name, value in detail.items():
        if name not in {"before", "after"}:
            yield Detail(_label(name), _text(name, value))


def _label(name: str) -> str:
    return str(capfirst(str(FIELDS.get(name, name))))


def _text(name: str, value: Any) -> str:
    """Return the value in words. `name` is the field's."""
    if value is None or value in ([], {}, ""):
        return str(_EMPTY.get(name, "–"))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int):
        return number_format(value)
    if isinstance(value, dict) and name == "channels":
        return ", ".join(
            f"#{channel} ({channel_id})" if channel else channel_id for channel_id, channel in value.items()
        )
    if isinstance(value, dict):
        return "; ".join(f"{_label(str(part))}: {_text(str(part), inner)}" for part, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_text(name, item) for item in value)
    if isinstance(value, str):
        if name in _TIMES and (moment := parse_datetime(value)):
            return presentation.exact_time(moment)
        return str(_VALUES.get(name, {}).get(value, value))
    return json.dumps(value, ensure_ascii=False)
