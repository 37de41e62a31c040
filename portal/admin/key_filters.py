"""Which keys: by state, end, use, breadth, holder and scope."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from keys import scopes
from keys.models import Member
from keys.wording import SCOPES
from portal.admin.filters import Choices, ManyChoices, OfMember, Rows
from portal.admin.viewing import viewer_of
from portal.dashboard import hygiene, key_list

SOON = timedelta(days=14)
_MOST_HOLDERS = 20


class State(Choices):
    title = _("state")
    parameter_name = "state"
    options = [
        *[(name, label) for name, label in key_list.STATES if name not in {"expiring", "all"}],
        ("pending", _("Being delivered")),
    ]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        if chosen == "pending":
            return rows.live(now).filter(confirmed_at=None)
        return key_list.in_state(rows, chosen, now)


class Expiry(Choices):
    title = _("expiry")
    parameter_name = "expiry"
    options = [("soon", _("Within 14 days")), ("never", _("Never"))]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        live = rows.live(now)
        return live.filter(expires_at__lte=now + SOON) if chosen == "soon" else live.filter(expires_at=None)


class LastUsed(Choices):
    title = _("last use")
    parameter_name = "used"
    options = [
        ("day", _("Past 24 hours")),
        ("month", _("Past 30 days")),
        ("idle", _("Not for 90 days")),
        ("never", _("Never")),
    ]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        match chosen:
            case "idle":
                return hygiene.idle(rows, now)
            case "never":
                return rows.filter(last_use=None)
            case _:
                length = timedelta(days=1 if chosen == "day" else 30)
                return rows.filter(last_use__at__gt=now - length)


class Breadth(Choices):
    title = _("breadth")
    parameter_name = "breadth"
    options = [("broad", _("May do more than it did")), ("full", _("Full access"))]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        if chosen == "full":
            return rows.live(now).filter(scopes=list(scopes.ALL))
        return rows.filter(pk__in=hygiene.too_broad(rows, now))


class Scope(ManyChoices):
    title = _("scope")
    parameter_name = "scope"
    options = [(name, text.label) for name, text in SCOPES.items()]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        return rows.filter(scopes__icontains=f'"{chosen}"')


class Holder(OfMember):
    """The first holders by name; the page of any other member leads to their keys."""

    title = _("holder")
    parameter_name = "holder"

    def offered(self, request: HttpRequest) -> list[tuple[str, str]]:
        holders = Member.objects.for_viewer(viewer_of(request)).filter(api_keys__isnull=False).distinct()
        return [
            (str(pk), name)
            for pk, name in holders.order_by("name", "pk").values_list("pk", "name")[:_MOST_HOLDERS]
        ]

    def narrow(self, rows: Rows, chosen: int) -> Rows:
        return rows.filter(owner=chosen)
