"""The form that leaves a key fewer rights than it has."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from keys.models import ApiKey
from keys.policy import LIFETIMES
from keys.rights import CALLS_PER_MINUTE
from portal.dashboard.rights_form import RightsForm, end_label, own_day
from portal.templatetags.dashboard import exact


class NarrowForm(RightsForm):
    """Shows the key as it is; only what it has is offered."""

    def __init__(self, *args: Any, key: ApiKey, now: datetime, **kwargs: Any) -> None:
        self.key = key
        keep = _("As now: %(date)s") % {"date": exact(key.expires_at) if key.expires_at else _("never")}
        sooner = [one for one in LIFETIMES if key.expires_at is None or now + one < key.expires_at]
        ends = [("keep", keep)] + [end_label(one, now) for one in sooner] + [own_day()]
        initial = {
            "scopes": key.scopes,
            "channels": list(key.channels or ()),
            "expiry": "keep",
            "addresses": "\n".join(key.allowed_addresses),
            "calls_per_minute": key.calls_per_minute if key.calls_per_minute < CALLS_PER_MINUTE else None,
        }
        bound = key.channels is not None
        super().__init__(
            *args, initial=initial, now=now, offered=key.scopes, ends=ends, bound=bound, **kwargs
        )

    def chosen_end(self, value: str) -> datetime | None:
        return self.key.expires_at if value == "keep" else super().chosen_end(value)
