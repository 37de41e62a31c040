"""The lifetimes among which a modal lets people choose: those that the workspace allows."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from keys import policies, texts
from keys.models import Policy
from pumble_bridge.chat.blocks import Element, option

_NEVER = "never"


def lifetime_options(policy: Policy, now: datetime) -> list[Element]:
    lifetimes = policies.expiry_choices(policy)
    return [option(lifetime_value(lifetime), _label(lifetime, now)) for lifetime in lifetimes]


def with_default(options: list[Element], lifetime: timedelta | None, now: datetime) -> list[Element]:
    """Return `options` with that lifetime among them."""
    value = lifetime_value(lifetime)
    if value in [item["value"] for item in options]:
        return options
    return [option(value, _label(lifetime, now)), *options]


def lifetime_value(lifetime: timedelta | None) -> str:
    return _NEVER if lifetime is None else str(max(1, lifetime.days))


def read_expiry(value: str, now: datetime) -> datetime | None:
    """Return when a key expires whose lifetime is the option `value`."""
    return None if value == _NEVER else now + timedelta(days=int(value))


def _label(lifetime: timedelta | None, now: datetime) -> str:
    if lifetime is None:
        return _("Never")
    return _("%(lifetime)s, until %(date)s") % {
        "lifetime": texts.format_days(lifetime),
        "date": texts.short_date(now + lifetime, now=now),
    }
