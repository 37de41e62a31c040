"""The list of members and the page of one member."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import unicode_text
from keys.models import ApiKey, AuditEvent, LastUse, Member
from portal.accounts.kept_forms import FormPage, form_page, get_kept_form
from portal.admin import member_keys
from portal.admin.base import ViewerAdmin
from portal.admin.filters import ChoiceFilter, Rows, workspace_filter
from portal.templatetags import presentation

RECENT = timedelta(days=30)
_OFFBOARDING_EVENTS = (AuditEvent.Type.MEMBER_UNAUTHORIZED, AuditEvent.Type.MEMBER_DEACTIVATED)


class RoleFilter(ChoiceFilter):
    title = gettext_lazy("role")
    parameter_name = "role"
    options = list(Member.Role.choices)


class AuthorizedFilter(ChoiceFilter):
    title = gettext_lazy("authorization")
    parameter_name = "authorized"
    options = [
        ("yes", gettext_lazy("Authorized")),
        ("no", gettext_lazy("Not authorized")),
        ("off", gettext_lazy("Deactivated in Pumble")),
    ]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        if choice == "off":
            return rows.filter(is_active=False)
        return rows.filter(is_active=True, authorized_at__isnull=choice == "no")


class OffboardedFilter(ChoiceFilter):
    title = gettext_lazy("left")
    parameter_name = "left"
    options = [("lately", gettext_lazy("In the past 30 days"))]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        """Return members who left in that time and did not come back."""
        events = AuditEvent.objects.filter(type__in=_OFFBOARDING_EVENTS, at__gt=now - RECENT).values("member")
        return rows.filter(Q(is_active=False) | Q(authorized_at=None), pk__in=events)


_MAX_KEYS = 50


class MemberAdmin(ViewerAdmin):
    singular, plural, order = gettext_lazy("Member"), gettext_lazy("Members"), 20
    row_template = "admin/member.html"
    list_display = ("display_name", "mail", "role_name", "app_access", "live_keys", "last_used")
    list_filter = (RoleFilter, AuthorizedFilter, OffboardedFilter, workspace_filter("workspace"))
    list_select_related = ("workspace",)
    workspace_path = "workspace"
    search_fields = ("name",)  # shows the search field; get_search_results has the search
    search_help_text = gettext_lazy("name or email")
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return members with the number of their live keys and the last use of any of their keys."""
        live = ApiKey.objects.live(timezone.now()).filter(owner=OuterRef("pk")).order_by()
        counted = live.values("owner").annotate(number=Count("pk")).values("number")
        uses = LastUse.objects.filter(key__owner=OuterRef("pk")).order_by("-at").values("at")[:1]
        people = super().get_queryset(request).filter(workspace__isnull=False)
        annotated: QuerySet[Any] = people.annotate(
            keys_alive=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
            last_used_at=Subquery(uses),
        )
        return annotated

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return queryset.filter(
            unicode_text.matches("name__icontains", text) | unicode_text.matches("email__icontains", text)
        ), False

    def extra_urls(self) -> list[URLPattern]:
        return [self.named_path("<str:object_id>/stop/", self.stop_view, "stop")]

    @form_page(FormPage(fields=("how", "reason")))
    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a confirmation, then stop all keys of the member."""
        self.require_view(request)
        member = self.get_row(request, object_id)
        self.record_view(request, [member])
        form = member_keys.read_form(request, member)
        if request.method == "POST" and not form.errors:
            return member_keys.stop(request, member, form)
        form.restore(get_kept_form(request))
        keys = list(member_keys.list_live_keys(member)[: member_keys.MAX_LISTED + 1])
        context = {
            "title": _("Stop all keys of %(name)s?") % {"name": self.display_name(member)},
            "form": form,
            "keys": keys[: member_keys.MAX_LISTED],
            "has_more": len(keys) > member_keys.MAX_LISTED,
        }
        status = 400 if form.errors else 200
        return self.render_page(request, "admin/stop_keys.html", context, row=member, status=status)

    def row_context(self, request: HttpRequest, row: Member) -> dict[str, Any]:
        keys = ApiKey.objects.filter(owner=row).live(timezone.now()).order_by("-created_at", "-pk")
        context = {"role": self.role_name(row), "app_access": self.app_access(row), "keys": keys[:_MAX_KEYS]}
        return context | {"title": self.display_name(row)}

    @admin.display(description=gettext_lazy("Name"), ordering=Lower("name"))
    def display_name(self, member: Member) -> str:
        return member.name or member.pumble_user_id or ""

    @admin.display(description=gettext_lazy("Email"), ordering="email")
    def mail(self, member: Member) -> str:
        return member.email

    @admin.display(description=gettext_lazy("Role"), ordering="role")
    def role_name(self, member: Member) -> str:
        return str(dict(Member.Role.choices).get(member.role, member.role))

    @admin.display(description=gettext_lazy("The app"), ordering="authorized_at")
    def app_access(self, member: Member) -> str:
        if not member.is_active:
            return _("Deactivated in Pumble")
        return _("Authorized") if member.authorized_at else _("Not authorized")

    @admin.display(description=gettext_lazy("Live keys"), ordering="keys_alive")
    def live_keys(self, member: Any) -> int:
        return int(member.keys_alive)

    @admin.display(description=gettext_lazy("Last used"), ordering=F("last_used_at").asc(nulls_first=True))
    def last_used(self, member: Any) -> str:
        return (
            presentation.time_ago(member.last_used_at, timezone.now()) if member.last_used_at else _("Never")
        )
