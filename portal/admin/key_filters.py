"""Which keys: by state, end, use, breadth, holder and scope."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from keys import scopes
from keys.models import ApiKey, Member
from portal.admin.filters import Choices, Rows
from portal.admin.viewing import viewer_of
from portal.dashboard import hygiene

SOON = timedelta(days=14)
_MOST_OWNERS = 30


class State(Choices):
    title = _("state")
    parameter_name = "state"
    options = [
        ("live", _("Live")),
        ("active", _("Active")),
        ("disabled", _("Disabled")),
        ("replaced", _("Being replaced")),
        ("pending", _("Being delivered")),
        ("ended", _("Ended")),
    ]

    def choose(self, rows: Rows, chosen: str, now: datetime) -> Rows:
        live = rows.live(now)  # type: ignore[attr-defined]
        match chosen:
            case "active":
                return live.filter(disabled_at=None, retires_at=None, confirmed_at__isnull=False)
            case "disabled":
                return live.filter(disabled_at__isnull=False)
            case "replaced":
                return live.filter(retires_at__isnull=False)
            case "pending":
                return live.filter(confirmed_at=None)
            case "ended":
                return rows.filter(
                    Q(revoked_at__isnull=False) | Q(expires_at__lte=now) | Q(retires_at__lte=now)
                )
            case _:
                return live
