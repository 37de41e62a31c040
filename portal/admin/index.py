"""The first page of the admin: the figures of a workspace. For operators: the list of workspaces."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keys import limits, usage
from keys.models import AuditVerification, HourlyUse, Workspace
from portal.admin import stats, view_audit
from portal.admin.filters import start_of_day
from portal.admin.installation import run_checks
from portal.admin.site import site
from portal.admin.viewer import get_viewer
from portal.admin.workspaces import with_counts
from portal.doctor import results
from portal.doctor.findings import Finding
from portal.doctor.results import Result
from portal.presentation import quotas, usage_charts
from portal.presentation.lookup import LookupForm
from pumble_bridge import app_scopes

_MAX_WORKSPACES = 100


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """GET: the figures of a workspace. Operators choose it with the parameter `workspace`, its Pumble id.

    Raises:
        Http404: the viewer sees no such workspace.
    """
    viewer = get_viewer(request)
    pumble_id = request.GET.get("workspace", "").replace("\x00", "")
    if viewer.is_superuser and not pumble_id:
        return _page(request, "admin/operator_index.html", _workspaces())
    workspace = viewer.workspace
    if pumble_id:
        workspace = Workspace.objects.for_viewer(viewer).filter(pumble_id=pumble_id).first()
    if workspace is None:
        raise Http404
    view_audit.record_view(request, [workspace], "front")
    extra_query = {"workspace": workspace.pumble_id} if viewer.is_superuser else {}
    now = timezone.now()
    today = stats.today_stats(workspace, now, extra_query)
    uses = HourlyUse.objects.filter(key__owner__workspace=workspace)
    figures = [*stats.key_stats(workspace, now, extra_query), *today.stats]
    broken = AuditVerification.objects.filter(chain=workspace.pumble_id).exclude(problem="")
    doctor, update_url = results.load(workspace), app_scopes.update_url_for(viewer)
    context = {
        "workspace": workspace,
        "update_url": update_url,
        "urgent": [stat for stat in figures if stat.attention],
        "stats": [stat for stat in figures if not stat.attention],
        "broken_chain": broken.exists(),
        "doctor": doctor,
        "problems": [] if doctor is None else _list_problems(doctor, has_update=bool(update_url)),
        "audit_url": f"{reverse('admin:keys_auditevent_changelist')}?{urlencode(extra_query)}",
        "outcomes": today.outcomes,
        "busiest": stats.list_busiest_keys(workspace, now, extra_query),
        "chart": usage_charts.build_chart(uses, now),
        "quotas": quotas.build_quotas(limits.workspace_quotas(workspace)),
        "form": LookupForm(),
    }
    return _page(request, "admin/index.html", context)


def _list_problems(doctor: Result, *, has_update: bool) -> list[Finding]:
    """Return the problems of the workspace. Missing permissions are left out if the page offers to update them."""
    return [
        problem for problem in doctor.problems if not (has_update and problem.check == "installation.scopes")
    ]


def _workspaces() -> dict[str, Any]:
    uses = HourlyUse.objects.filter(
        key__owner__workspace=OuterRef("pk"), hour__gte=start_of_day(timezone.now())
    )
    by_workspace = uses.order_by().values("key__owner__workspace")
    calls = by_workspace.annotate(number=Sum("count")).values("number")
    refused = by_workspace.annotate(number=Sum("count", filter=~Q(outcome__in=usage.SUCCESSES))).values(
        "number"
    )
    annotated = with_counts(Workspace.objects.all()).annotate(
        calls_today=Coalesce(Subquery(calls, output_field=IntegerField()), 0),
        refused_today=Coalesce(Subquery(refused, output_field=IntegerField()), 0),
    )
    listed = list(annotated.order_by("name", "pk")[: _MAX_WORKSPACES + 1])
    return {
        "workspaces": listed[:_MAX_WORKSPACES],
        "has_more": len(listed) > _MAX_WORKSPACES,
        "problems": [check for check in run_checks(timezone.now()) if not check.healthy],
        "form": LookupForm(),
    }


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    shared = site.each_context(request) | {"title": _("Overview"), "now": timezone.now()}
    return render(request, template, shared | context)
