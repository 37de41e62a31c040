"""Which people: by role, by whether they authorise the app, by when they left."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from keys.models import AuditEvent, Member
from portal.admin.filters import Choices, Rows

LATELY = timedelta(days=30)
_LEFT = (AuditEvent.Type.MEMBER_UNAUTHORIZED, AuditEvent.Type.MEMBER_DEACTIVATED)


class Role(Choices):
    title = _("role")
    parameter_name = "role"
    options = list(Member.Role.choices)


class Authorized(Choices):
    title = _("authorization")
    parameter_name = "authorized"
    options = [("yes", _("Authorizes the app")), ("no", _("Does not")), ("off", _("Deactivated in Pumble"))]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        if chosen == "off":
            return rows.filter(is_active=False)
        return rows.filter(is_active=True, authorized_at__isnull=chosen == "no")


class Left(Choices):
    title = _("off-boarded")
    parameter_name = "left"
    options = [("lately", _("In the past 30 days"))]

    @classmethod
    def choose(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        """Who went in that time and did not come back since."""
        events = AuditEvent.objects.filter(type__in=_LEFT, at__gt=now - LATELY).values("member")
        return rows.filter(Q(is_active=False) | Q(authorized_at=None), pk__in=events)
