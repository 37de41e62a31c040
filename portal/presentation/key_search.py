"""Search for keys by state or by text, in the dashboard and in the admin."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from keys import unicode_text
from keys.models import ApiKeyQuerySet
from portal.templatetags.presentation import SOON

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

STATES: "list[tuple[str, StrPromise]]" = [
    ("live", _("Live")),
    ("active", _("Active")),
    ("expiring", _("Expires soon")),
    ("disabled", _("Disabled")),
    ("replaced", _("Being replaced")),
    ("ended", _("Ended")),
    ("all", _("All")),
]


def filter_by_state(keys: ApiKeyQuerySet, state: str, now: datetime) -> ApiKeyQuerySet:
    live = keys.live(now)
    match state:
        case "active":
            return live.filter(disabled_at=None, retires_at=None, confirmed_at__isnull=False)
        case "expiring":
            return live.filter(expires_at__lte=now + SOON)
        case "disabled":
            return live.filter(disabled_at__isnull=False)
        case "replaced":
            return live.filter(retires_at__isnull=False)
        case "ended":
            return keys.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=now) | Q(retires_at__lte=now))
        case "all":
            return keys
        case _:
            return live


def text_query(text: str) -> Q:
    """Return a query for a part of the name, the id, the start of the id, or the last characters of the key."""
    by_id = Q(key_id__startswith=text.removeprefix("pmb_")) | Q(last_four=text)
    return unicode_text.matches("name__icontains", text) | by_id
