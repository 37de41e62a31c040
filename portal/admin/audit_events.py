"""The audit log: a read-only list with filters and an export."""

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import audit, unicode_text
from keys.audit import export
from keys.models import AuditEvent, Workspace
from portal.accounts.kept_forms import FormPage, form_page
from portal.admin.base import ViewerAdmin
from portal.admin.filters import (
    ChoiceFilter,
    KeyIdFilter,
    MemberFilter,
    PeriodFilter,
    Rows,
    SelectFilter,
    SinceFilter,
    TextFilter,
    UntilFilter,
    workspace_filter,
)
from portal.admin.viewer import get_actor, get_viewer
from portal.error_pages import error_page
from portal.presentation import event_texts
from portal.templatetags import presentation


class EventTypeFilter(SelectFilter):
    title = gettext_lazy("event")
    parameter_name = "type"
    options = [(value, value) for value in AuditEvent.Type.values]


class SurfaceFilter(ChoiceFilter):
    title = gettext_lazy("where")
    parameter_name = "surface"
    options = list(AuditEvent.Surface.choices)


class ActorFilter(TextFilter):
    title = gettext_lazy("who: name, email or ID")
    parameter_name = "actor"

    def filter_text(self, rows: Rows, text: str) -> Rows:
        by_name = unicode_text.matches("actor__name__icontains", text) | Q(actor__email__iexact=text)
        return rows.filter(by_name | Q(actor_ref=text))


class KeyFilter(KeyIdFilter):
    field = "key_ref"


class AboutMemberFilter(MemberFilter):
    """Filter by the member whom the event is about. Only the member's page links to it."""

    title = gettext_lazy("member")
    parameter_name = "member"

    def filter_member(self, rows: Rows, member_pk: int) -> Rows:
        return rows.filter(member=member_pk)


_PERSONAL_FILTERS = {
    ActorFilter.parameter_name
}  # may have a member's name, which an audit event must not contain


class AuditEventAdmin(ViewerAdmin):
    singular, plural, order = gettext_lazy("Audit event"), gettext_lazy("Audit log"), 40
    row_template = "admin/audit_event.html"
    change_list_template = "admin/audit_event_list.html"
    list_display = ("when", "what", "who", "about_whom", "key_name", "where", "ip_address")
    list_filter = (
        EventTypeFilter,
        SurfaceFilter,
        PeriodFilter,
        ActorFilter,
        KeyFilter,
        SinceFilter,
        UntilFilter,
        AboutMemberFilter,
        workspace_filter("workspace"),
    )
    list_select_related = ("workspace", "actor", "member", "key")
    list_prefetch = ("addresses",)
    workspace_path = "workspace"
    sortable_by = ()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return newest first, in the order of the index that serves this viewer."""
        return ("-pk",) if get_viewer(request).is_superuser else ("-at", "-pk")

    def extra_urls(self) -> list[URLPattern]:
        return [self.named_path("export/", self.export, "export")]

    def row_context(self, request: HttpRequest, row: AuditEvent) -> dict[str, Any]:
        return {
            "title": event_texts.describe_event(row),
            "who": self.who(row),
            "where": event_texts.surface_label(row),
            "details": list(_list_details(row.detail_with_addresses)),
        }

    @form_page(FormPage(lambda: reverse("admin:keys_auditevent_changelist")))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """POST: stream the events that match the filters of the URL as a file.

        Raises:
            Http404: the method is not POST, or the format is unknown.
        """
        export_format = request.POST.get("format", "")
        if request.method != "POST" or export_format not in export.CONTENT_TYPES:
            raise Http404
        if rejection := self.reject_unknown_filters(request):
            return rejection
        viewer = get_viewer(request)
        workspace = (
            viewer.workspace
            or Workspace.objects.filter(
                pumble_id=request.GET.get("workspace", "").replace("\x00", "")
            ).first()
        )
        if workspace is None:
            return error_page(
                request,
                status=409,
                title=_("Choose a workspace first"),
                advice=_(
                    "An export is recorded in the audit log of one workspace. Filter the list by a workspace. To export all workspaces, use the command audit_export."
                ),
            )
        events = self.get_changelist_instance(request).queryset
        audit.record(
            AuditEvent.Type.AUDIT_EXPORTED,
            workspace=workspace,
            by=get_actor(request),
            now=timezone.now(),
            format=export_format,
            filters={
                name: _("(typed)") if name in _PERSONAL_FILTERS else text
                for name, text in request.GET.items()
            },
        )
        lines = export.export_events(events.select_related(None).prefetch_related(None), export_format)
        response = StreamingHttpResponse(lines, content_type=export.CONTENT_TYPES[export_format])
        response["Content-Disposition"] = (
            f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.{export_format}"'
        )
        return response

    @admin.display(description=gettext_lazy("When"))
    def when(self, event: AuditEvent) -> str:
        return presentation.time_at(event.at)

    @admin.display(description=gettext_lazy("Event"))
    def what(self, event: AuditEvent) -> str:
        return event_texts.describe_event(event)

    @admin.display(description=gettext_lazy("Who"))
    def who(self, event: AuditEvent) -> str:
        if event.actor is None:
            return event.actor_ref
        return event.actor.name or event.actor_ref

    @admin.display(description=gettext_lazy("Member"))
    def about_whom(self, event: AuditEvent) -> str:
        return event.member.name or event.member_ref if event.member else event.member_ref

    @admin.display(description=gettext_lazy("Key"))
    def key_name(self, event: AuditEvent) -> str:
        return event.key.name if event.key else event.key_ref

    @admin.display(description=gettext_lazy("Where"))
    def where(self, event: AuditEvent) -> str:
        return event_texts.surface_label(event)

    @admin.display(description=gettext_lazy("IP address"))
    def ip_address(self, event: AuditEvent) -> str:
        return event.address or ""


def _list_details(detail: dict[str, Any]) -> Iterator[tuple[str, str | None, str | None, str]]:
    """Yield (name, before, after, value) for each part of an event's detail.

    For a change, `before` and `after` are set; otherwise they are None and `value` is set.
    """
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            if before.get(name) != after.get(name):
                yield name, _format_value(before.get(name)), _format_value(after.get(name)), ""
    elif "before" in detail or "after" in detail:
        yield "", _format_value(before), _format_value(after), ""
    for name, value in detail.items():
        if name not in {"before", "after"}:
            yield name, None, None, _format_value(value)


def _format_value(value: Any) -> str:
    if value is None or value == [] or value == "":
        return "–"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
