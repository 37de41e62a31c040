"""The state of the installation, for operators: database, Redis, migrations and queues."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import limits
from keys.models import ApiKey, Member, Workspace
from portal.admin.site import site
from portal.admin.viewer import get_viewer
from pumble_bridge.models import HomeTab, Notice

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Check:
    name: "StrPromise"
    value: str
    healthy: bool = True


def installation(request: HttpRequest) -> HttpResponse:
    if not get_viewer(request).is_superuser:
        raise Http404
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    context = {"title": _("Installation"), "checks": _run_checks()}
    return render(request, "admin/installation.html", site.each_context(request) | context)


def _run_checks() -> list[Check]:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    redis = limits.backend().is_available()
    stale = HomeTab.objects.filter(version__gt=F("published_version"))
    failing = stale.filter(failures__gt=0).count()
    return [
        Check(gettext_lazy("Database"), connection.vendor),
        Check(gettext_lazy("Missing migrations"), str(missing), healthy=not missing),
        Check(gettext_lazy("Redis"), _redis_status(available=redis), healthy=redis),
        Check(
            gettext_lazy("Workspaces with the app"), str(Workspace.objects.exclude(installed_at=None).count())
        ),
        Check(
            gettext_lazy("Members who authorize the app"),
            str(Member.objects.exclude(authorized_at=None).count()),
        ),
        Check(gettext_lazy("Keys created in total"), str(ApiKey.objects.count())),
        Check(
            gettext_lazy("Notices in the queue"),
            str(Notice.objects.filter(state=Notice.State.QUEUED).count()),
        ),
        Check(gettext_lazy("Outdated Home tabs"), str(stale.count())),
        Check(gettext_lazy("Home tabs that failed to publish"), str(failing), healthy=not failing),
    ]


def _redis_status(*, available: bool) -> str:
    if not settings.REDIS_URL:
        return _("not used. The process counts its own calls")
    return _("available") if available else _("not available. Each process counts its own calls")
