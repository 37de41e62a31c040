"""Which audit events: by type, surface, actor, key and whom they are about."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from keys import spelling
from keys.models import AuditEvent
from portal.admin.filters import Choices, KeyId, ManyChoices, OfMember, Rows, Typed


class Type(ManyChoices):
    title = _("event")
    parameter_name = "type"
    options = [(value, value) for value in AuditEvent.Type.values]


class Surface(Choices):
    title = _("where")
    parameter_name = "surface"
    options = list(AuditEvent.Surface.choices)


class ByActor(Typed):
    title = _("who: name, e-mail or id")
    parameter_name = "actor"

    def narrow(self, rows: Rows, typed: str) -> Rows:
        named = spelling.query("actor__name__icontains", typed) | Q(actor__email__iexact=typed)
        return rows.filter(named | Q(actor_ref=typed))


class OfKey(KeyId):
    field = "key_ref"


class About(OfMember):
    """Chosen on the member's own page."""

    title = _("whose")
    parameter_name = "member"

    def narrow(self, rows: Rows, chosen: int) -> Rows:
        return rows.filter(member=chosen)
