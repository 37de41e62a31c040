"""The first page: how a workspace stands, at a glance; to operators, which workspaces there are."""

from typing import Any

from django.db.models import IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keys import limits, usage
from keys.models import HourlyUse, Workspace
from portal.admin import stats, view_audit
from portal.admin.filters import start_of_day
from portal.admin.identify_key import LookupForm
from portal.admin.site import site
from portal.admin.viewer import viewer_of
from portal.admin.workspaces import with_counts
from portal.presentation import quotas, usage_charts

_MOST_WORKSPACES = 100


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """GET: a workspace's figures; `workspace` names it by its Pumble id where there is a choice.

    Raises:
        Http404: no such workspace for the viewer.
    """
    viewer = viewer_of(request)
    asked = request.GET.get("workspace", "").replace("\x00", "")
    if viewer.is_superuser and not asked:
        return _page(request, "admin/operator_index.html", _workspaces())
    workspace = viewer.workspace
    if asked:
        workspace = Workspace.objects.for_viewer(viewer).filter(pumble_id=asked).first()
    if workspace is None:
        raise Http404
    view_audit.record_view(request, [workspace], "front")
    further = {"workspace": workspace.pumble_id} if viewer.is_superuser else {}
    now = timezone.now()
    today = stats.today(workspace, now, further)
    uses = HourlyUse.objects.filter(key__owner__workspace=workspace)
    context = {
        "workspace": workspace,
        "figures": [*stats.stand(workspace, now, further), *today.figures],
        "endings": today.endings,
        "chart": usage_charts.build_chart(uses, now),
        "quotas": quotas.build_quotas(limits.workspace_quotas(workspace)),
        "form": LookupForm(),
    }
    return _page(request, "admin/index.html", context)


def _workspaces() -> dict[str, Any]:
    uses = HourlyUse.objects.filter(
        key__owner__workspace=OuterRef("pk"), hour__gte=start_of_day(timezone.now())
    )
    by_workspace = uses.order_by().values("key__owner__workspace")
    calls = by_workspace.annotate(number=Sum("count")).values("number")
    refused = by_workspace.annotate(number=Sum("count", filter=~Q(outcome=usage.OK))).values("number")
    found = with_counts(Workspace.objects.all()).annotate(
        calls_today=Coalesce(Subquery(calls, output_field=IntegerField()), 0),
        refused_today=Coalesce(Subquery(refused, output_field=IntegerField()), 0),
    )
    listed = list(found.order_by("name", "pk")[: _MOST_WORKSPACES + 1])
    return {
        "workspaces": listed[:_MOST_WORKSPACES],
        "has_more": len(listed) > _MOST_WORKSPACES,
        "form": LookupForm(),
    }


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    shared = site.each_context(request) | {"title": _("At a glance"), "now": timezone.now()}
    return render(request, template, shared | context)
