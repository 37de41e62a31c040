"""The lists of calls and of hourly counts. The log keeps calls for a limited time; the counts include every call."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from keys import selectors, texts
from keys.models import HourlyUse, RequestLog
from keys.models.usage import HourlyUseQuerySet, RequestLogQuerySet
from portal.admin.base import ViewerAdmin
from portal.admin.filters import (
    ChoiceFilter,
    KeyIdFilter,
    PeriodFilter,
    Rows,
    SinceFilter,
    TextFilter,
    UntilFilter,
    workspace_filter,
)
from portal.admin.viewer import get_viewer
from portal.api.urls import OPERATIONS
from portal.mcp.views import McpView
from portal.presentation import usage_charts
from portal.templatetags import presentation
from pumble_bridge import explanations, outcomes
from pumble_bridge.outcomes import Outcome


class OutcomeFilter(ChoiceFilter):
    title = _("outcome")
    parameter_name = "outcome"
    options = [
        *outcomes.SUCCESS_TITLES.items(),
        ("refused", _("Refused")),
        *outcomes.titles(),
    ]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        if rows.model is RequestLog:
            return cast(Rows, selectors.filter_calls(cast(RequestLogQuerySet, rows), choice))
        return cast(Rows, selectors.filter_hours(cast(HourlyUseQuerySet, rows), choice))

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        """Accept also an outcome that only an older version recorded."""
        choice = self.value()
        if not choice:
            return rows
        return rows.none() if "\x00" in choice else self.filter_choice(rows, choice, timezone.now())


class OperationFilter(ChoiceFilter):
    title = _("operation")
    parameter_name = "operation"
    options = [
        *((operation.operation, operation.operation) for operation in OPERATIONS),
        (McpView.operation, McpView.operation),
    ]


class SurfaceFilter(ChoiceFilter):
    title = _("interface")
    parameter_name = "surface"
    options = [(surface.value, label) for surface, label in RequestLog.SURFACES]


class AgentFilter(TextFilter):
    title = _("program")
    parameter_name = "agent"

    def filter_text(self, rows: Rows, text: str) -> Rows:
        return rows.filter(agent__icontains=text)


class KeyFilter(KeyIdFilter):
    field = "key__key_id"


class HourPeriodFilter(PeriodFilter):
    field = "hour"


class _UsageAdmin(ViewerAdmin):
    list_select_related = ("key__owner__workspace", "key__responsible")
    workspace_path = "key.owner.workspace"
    sortable_by = ()

    @admin.display(description=_("Key"))
    def key_name(self, row: Any) -> str:
        return str(row.key.name)

    @admin.display(description=_("Holder"))
    def holder(self, row: Any) -> str:
        return texts.holder_label(row.key)

    @admin.display(description=_("Outcome"))
    def outcome_title(self, row: Any) -> SafeString:
        outcome = Outcome.for_call(row) if isinstance(row, RequestLog) else Outcome(row.outcome)
        return format_html("{} <code>{}</code>", outcome.title, outcome.name)


class RequestLogAdmin(_UsageAdmin):
    singular, plural, order = _("Call"), _("Calls"), 50
    row_template = "admin/call.html"
    list_display = (
        "when",
        "operation_name",
        "outcome_title",
        "key_name",
        "holder",
        "request",
        "duration",
        "surface_name",
        "ip_address",
        "program",
    )
    list_filter = (
        OutcomeFilter,
        PeriodFilter,
        KeyFilter,
        OperationFilter,
        SurfaceFilter,
        AgentFilter,
        SinceFilter,
        UntilFilter,
        workspace_filter("key__owner__workspace"),
    )
    ordering = ("-at", "-pk")

    def row_context(self, request: HttpRequest, row: RequestLog) -> dict[str, Any]:
        explanation = explanations.explain_call(row, viewer=get_viewer(request), now=timezone.now())
        return {"title": row.operation, "item": explanation, "call": row}

    @admin.display(description=_("When"))
    def when(self, row: RequestLog) -> str:
        return presentation.time_to_the_second(row.at)

    @admin.display(description=_("Operation"))
    def operation_name(self, row: RequestLog) -> SafeString:
        return format_html("<code>{}</code>", row.operation)

    @admin.display(description=_("Duration"))
    def duration(self, row: RequestLog) -> str:
        return f"{row.duration_ms} ms"

    @admin.display(description=_("Interface"))
    def surface_name(self, row: RequestLog) -> str:
        return row.get_surface_display()

    @admin.display(description=_("Program"))
    def program(self, row: RequestLog) -> str:
        return row.agent

    @admin.display(description=_("IP address"))
    def ip_address(self, row: RequestLog) -> str:
        return row.address or ""

    @admin.display(description=_("Request ID"))
    def request(self, row: RequestLog) -> SafeString:
        context = presentation.copyable(row.request_id, str(_("Request ID")))
        return render_to_string("presentation/copyable.html", context)


class HourlyUseAdmin(_UsageAdmin):
    singular, plural, order = _("Hourly count"), _("Hourly counts"), 60
    change_list_template = "admin/hourly_count_list.html"
    row_template = "admin/hourly_count.html"
    list_display = ("when", "outcome_title", "key_name", "holder", "calls")
    list_filter = (OutcomeFilter, HourPeriodFilter, KeyFilter, workspace_filter("key__owner__workspace"))
    ordering = ("-hour", "-pk")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: Any = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:
            total = changelist.queryset.order_by().aggregate(total=Sum("count"))["total"] or 0
            response.context_data["total"] = total
            chart = usage_charts.build_hourly_chart(changelist.queryset)
            if chart is not None:
                response.context_data["chart"], hours = chart
                response.context_data["hours"] = [
                    (hour.hour, [(Outcome(name), count) for name, count in hour.outcomes]) for hour in hours
                ]
        return response  # type: ignore[no-any-return]

    def row_context(self, request: HttpRequest, row: HourlyUse) -> dict[str, Any]:
        return {"title": self.plural, "outcome": Outcome(row.outcome)}

    @admin.display(description=_("Hour"))
    def when(self, row: HourlyUse) -> str:
        return presentation.time_at(row.hour)

    @admin.display(description=_("Calls"))
    def calls(self, row: HourlyUse) -> int:
        return row.count
