"""How the installation itself is, for operators: database, Redis, migrations, and what waits to be done."""

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
from portal.admin.viewer import viewer_of
from pumble_bridge.models import HomeTab, Notice

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Part:
    name: "StrPromise"
    said: str
    well: bool = True


def installation(request: HttpRequest) -> HttpResponse:
    if not viewer_of(request).is_superuser:
        raise Http404
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    context = {"title": _("Installation"), "parts": _parts()}
    return render(request, "admin/installation.html", site.each_context(request) | context)


def _parts() -> list[Part]:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    redis = limits.backend().is_available()
    stale = HomeTab.objects.filter(changes__gt=F("shown"))
    failing = stale.filter(failures__gt=0).count()
    return [
        Part(gettext_lazy("Database"), connection.vendor),
        Part(gettext_lazy("Missing migrations"), str(missing), well=not missing),
        Part(gettext_lazy("Redis"), _redis(answers=redis), well=redis),
        Part(
            gettext_lazy("Workspaces with the app"), str(Workspace.objects.exclude(installed_at=None).count())
        ),
        Part(
            gettext_lazy("People who authorize it"), str(Member.objects.exclude(authorized_at=None).count())
        ),
        Part(gettext_lazy("Keys ever made"), str(ApiKey.objects.count())),
        Part(gettext_lazy("Notices waiting"), str(Notice.objects.filter(state=Notice.State.QUEUED).count())),
        Part(gettext_lazy("Home tabs behind"), str(stale.count())),
        Part(gettext_lazy("Home tabs that could not be published"), str(failing), well=not failing),
    ]


def _redis(*, answers: bool) -> str:
    if not settings.REDIS_URL:
        return _("not used: one process counts for itself")
    return _("answers") if answers else _("does not answer: each process counts for itself")
