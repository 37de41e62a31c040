"""The audit log: a read-only list with filters, the state of its chain, an export, the verifier and a legend."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import audit, unicode_text
from keys.audit import export, verification, verifier
from keys.models import AuditChain, AuditEvent, AuditVerification, Member, Workspace
from portal.accounts.kept_forms import FormPage, form_page
from portal.admin.base import ViewerAdmin
from portal.admin.filters import (
    ChoiceFilter,
    KeyIdFilter,
    MemberFilter,
    PeriodFilter,
    Rows,
    SinceFilter,
    TextFilter,
    UntilFilter,
    workspace_filter,
)
from portal.admin.viewer import get_actor, get_viewer
from portal.error_pages import error_page
from portal.presentation import event_details, event_texts
from portal.templatetags import presentation

MAX_EVENTS_TO_VERIFY = 50_000  # about 3 seconds; `audit_verify` checks any number


class EventTypeFilter(ChoiceFilter):
    title = gettext_lazy("event")
    parameter_name = "type"
    options = [(value, event_details.type_name(value)) for value in AuditEvent.Type.values]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the types in the language of the request, sorted."""
        names = [(value, event_details.type_name(value)) for value, _name in self.options]
        return sorted(names, key=lambda option: option[1].casefold())


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
        return [
            self.named_path("export/", self.export, "export"),
            self.named_path("verify/", self.verify, "verify"),
            self.named_path("verifier.py", self.download_verifier, "verifier"),
            self.named_path("legend/", self.legend, "legend"),
        ]

    def row_context(self, request: HttpRequest, row: AuditEvent) -> dict[str, Any]:
        return {
            "title": event_texts.describe_event(row),
            "type_name": event_details.type_name(row.type),
            "who": self.who(row),
            "where": event_texts.surface_label(row),
            "details": list(event_details.list_details(row)),
        }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chains = list(self._chains(request))
        results = list(AuditVerification.objects.filter(chain__in=chains).order_by("at"))
        is_complete = len(results) == len(chains)
        proof = {
            "events": sum(chain.number - chain.pruned_number for chain in chains),
            "number": len(chains),
            "problems": [result.problem for result in results if result.problem],
            "checked_at": results[0].at if results and is_complete else None,
            "url": reverse("admin:keys_auditevent_verify") + _workspace_query(request),
        }
        context = {"proof": proof, "is_whole_chain": _asks_for_whole_chain(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def _chains(self, request: HttpRequest) -> QuerySet[AuditChain]:
        """Return the chains of what the viewer sees: of their workspace, or all or the filtered one for operators."""
        viewer, chains = get_viewer(request), AuditChain.objects.order_by("name")
        if not viewer.is_superuser:
            return chains.filter(name=viewer.workspace.pumble_id) if viewer.workspace else chains.none()
        chosen = request.GET.get("workspace", "").replace("\x00", "")
        return chains.filter(name=chosen) if chosen else chains

    @form_page(FormPage(lambda: reverse("admin:keys_auditevent_changelist")))
    def verify(self, request: HttpRequest) -> HttpResponseBase:
        """POST: verify the chains now, and go back to the list, which shows the result."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chains = list(self._chains(request))
        if sum(chain.number - chain.pruned_number for chain in chains) > MAX_EVENTS_TO_VERIFY:
            message = _("There are too many events to verify on a page. Use the command audit_verify.")
            messages.warning(request, message)
        else:
            for chain in chains:
                verification.verify_and_record(chain, now=timezone.now())
        return redirect(reverse("admin:keys_auditevent_changelist") + _workspace_query(request))

    def download_verifier(self, request: HttpRequest) -> HttpResponseBase:
        """GET: the program that verifies an export on another machine."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET", "HEAD"])
        path = Path(verifier.__file__)
        response = HttpResponse(path.read_bytes(), content_type="text/x-python; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{path.name}"'
        return response

    def legend(self, request: HttpRequest) -> HttpResponse:
        """GET: what the names in the log and in an export mean."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET", "HEAD"])
        context = {
            "title": _("Names in the audit log"),
            "types": [(value, event_details.type_name(value)) for value in AuditEvent.Type.values],
            "surfaces": AuditEvent.Surface.choices,
            "columns": [(name, str(text)) for name, text in _COLUMNS],
            "fields": sorted(event_details.FIELDS.items()),
        }
        return self.render_page(request, "admin/audit_legend.html", context)

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
        is_whole_chain = _asks_for_whole_chain(request)
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
        if is_whole_chain:
            chains = AuditChain.objects.filter(name=workspace.pumble_id)
            lines = export.export_ranges(export.chain_ranges(chains), export_format)
        else:
            events = self.get_changelist_instance(request).queryset
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
        member, key = _member_link(event, event.actor, event.actor_ref), event_texts.key_label(event)
        return format_html("<bdi>{}</bdi> · {}", key, member) if key else member

    @admin.display(description=gettext_lazy("Member"))
    def about_whom(self, event: AuditEvent) -> str:
        return _member_link(event, event.member, event.member_ref)

    @admin.display(description=gettext_lazy("Key"))
    def key_name(self, event: AuditEvent) -> str:
        if event.key is None:
            return event.key_ref
        return _link("admin:keys_apikey_change", event.key.pk, event.key.name)

    @admin.display(description=gettext_lazy("Where"))
    def where(self, event: AuditEvent) -> str:
        return event_texts.surface_label(event)

    @admin.display(description=gettext_lazy("IP address"))
    def ip_address(self, event: AuditEvent) -> str:
        return event.address or ""


_COLUMNS = [
    ("chain", gettext_lazy("the ID of the workspace in Pumble, or `installation`")),
    ("number", gettext_lazy("the position of the event in its chain")),
    ("at", gettext_lazy("when it happened, in UTC")),
    ("type", gettext_lazy("what happened")),
    ("surface", gettext_lazy("where it was done")),
    ("actor", gettext_lazy("who did it: the ID of a member in Pumble, or `operator:` and a name")),
    ("member", gettext_lazy("whom it is about: the ID of a member in Pumble")),
    ("key", gettext_lazy("the ID of the key")),
    ("detail", gettext_lazy("the details as JSON")),
    ("address", gettext_lazy("the pseudonym of the IP address")),
    ("request_id", gettext_lazy("the ID of the request that did it")),
    ("previous", gettext_lazy("the digest of the event before it in the chain")),
    ("digest", gettext_lazy("the SHA-256 of all fields above")),
    (
        "addresses",
        gettext_lazy("the IP addresses of the pseudonyms that were not erased, each with its salt"),
    ),
]


def _asks_for_whole_chain(request: HttpRequest) -> bool:
    """Return whether the URL filters by nothing but a workspace, which has one chain."""
    return not {name for name, value in request.GET.items() if value} - {"workspace", PAGE_VAR}


def _workspace_query(request: HttpRequest) -> str:
    """Return the query that keeps the filter by workspace, or ""."""
    chosen = request.GET.get("workspace", "")
    return f"?{urlencode({'workspace': chosen})}" if chosen else ""


def _member_link(event: AuditEvent, member: Member | None, reference: str) -> str:
    """Return the member's name as a link. Members of other workspaces and operators have no page to link to."""
    if member is None:
        return reference
    name = member.name or reference
    if member.workspace_id is None or member.workspace_id != event.workspace_id:
        return name
    return _link("admin:keys_member_change", member.pk, name)


def _link(url_name: str, pk: int, text: str) -> str:
    return format_html('<a href="{}"><bdi>{}</bdi></a>', reverse(url_name, args=[pk]), text)
