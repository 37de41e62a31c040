"""The state of the installation, for operators: version, Pumble, maintenance, errors, database, Redis and queues."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import limits, usage
from keys.models import ApiKey, AuditVerification, HourlyUse, Member, Workspace
from portal import __version__, health
from portal.admin.site import site
from portal.admin.viewer import get_viewer
from portal.doctor import results
from portal.templatetags import presentation
from pumble_bridge import app_scopes, resilience
from pumble_bridge.models import HomeTab, Installation, MaintenanceRun, Notice

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


PAST_DAY, PAST_HOUR = timedelta(hours=24), timedelta(hours=1)
FAILURES = ("internal", "unavailable", "pumble_unavailable", "pumble_timeout")
_PUMBLE_FAILURES = ("pumble_unavailable", "pumble_timeout")
_MAX_ERROR_RATE, _MIN_ERRORS = 0.01, 5


@dataclass(frozen=True)
class Check:
    """A line of the page. `value` may have HTML. `healthy` is whether it needs no attention."""

    name: "StrPromise"
    value: str
    healthy: bool = True


def installation(request: HttpRequest) -> HttpResponse:
    if not get_viewer(request).is_superuser:
        raise Http404
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    now = timezone.now()
    context = {"title": _("Installation"), "checks": run_checks(now), "doctor": results.load(), "now": now}
    return render(request, "admin/installation.html", site.each_context(request) | context)


def run_checks(now: datetime) -> list[Check]:
    """Return the state of each part."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    redis = limits.backend().is_available()
    stale = HomeTab.objects.filter(version__gt=F("published_version"))
    granted = Installation.objects.values_list("granted_scopes", flat=True)
    failing = stale.filter(failures__gt=0).count()
    return [
        Check(gettext_lazy("Version"), __version__),
        Check(
            gettext_lazy("Running since"),
            format_html(
                "{} ({})",
                presentation.time_at(health.started_at),
                presentation.time_ago(health.started_at, now),
            ),
        ),
        _check_pumble(now),
        _check_errors(now),
        _check_maintenance(now),
        _check_doctor(now),
        _check_verification(),
        Check(gettext_lazy("Database"), connection.vendor),
        Check(gettext_lazy("Missing migrations"), str(missing), healthy=not missing),
        Check(gettext_lazy("Redis"), _redis_status(available=redis), healthy=redis),
        Check(
            gettext_lazy("Workspaces with the app"), str(Workspace.objects.exclude(installed_at=None).count())
        ),
        Check(
            gettext_lazy("Workspaces whose app lacks permissions"),
            str(sum(bool(app_scopes.missing_bot_scopes(scopes)) for scopes in granted)),
        ),
        Check(
            gettext_lazy("Members who authorize the app"),
            str(Member.objects.people().exclude(authorized_at=None).count()),
        ),
        Check(gettext_lazy("Keys created in total"), str(ApiKey.objects.count())),
        Check(
            gettext_lazy("Notices in the queue"),
            str(Notice.objects.filter(state=Notice.State.QUEUED).count()),
        ),
        Check(gettext_lazy("Outdated Home tabs"), str(stale.count())),
        Check(gettext_lazy("Home tabs that failed to publish"), str(failing), healthy=not failing),
    ]


def _check_pumble(now: datetime) -> Check:
    """Judge Pumble by the calls of the past hour. Nothing is sent."""
    name = gettext_lazy("Pumble")
    counts = _count_outcomes(now - PAST_HOUR)
    failed = sum(counts[outcome] for outcome in _PUMBLE_FAILURES)
    if resilience.count_open() or (failed and failed >= counts[usage.OK]):
        number = {"failed": number_format(failed), "total": number_format(counts.total())}
        return Check(
            name,
            _("does not answer: %(failed)s of %(total)s calls of the past hour failed") % number,
            healthy=False,
        )
    if failed:
        text = ngettext(
            "answers, but %(n)s call of the past hour failed",
            "answers, but %(n)s calls of the past hour failed",
            failed,
        )
        return Check(name, text % {"n": number_format(failed)}, healthy=False)
    return Check(name, _("answers") if counts[usage.OK] else _("no calls in the past hour"))


def _check_errors(now: datetime) -> Check:
    """Return the share of calls that failed through no fault of the caller."""
    counts = _count_outcomes(now - PAST_DAY)
    total, failed = counts.total(), sum(counts[outcome] for outcome in FAILURES)
    rate = failed / total if total else 0.0
    text = _("%(rate)s %% of %(total)s calls in the past 24 hours") % {
        "rate": number_format(100 * rate, decimal_pos=1),
        "total": number_format(total),
    }
    is_high = rate > _MAX_ERROR_RATE and failed >= _MIN_ERRORS
    return Check(gettext_lazy("Error rate"), text, healthy=not is_high)


def _check_maintenance(now: datetime) -> Check:
    name = gettext_lazy("Last maintenance")
    run = MaintenanceRun.objects.first()
    if run is None:
        return Check(name, _("never. Run the command maintenance"), healthy=False)
    ago = presentation.time_ago(run.finished_at, now)
    if run.failed:
        return Check(name, format_html("{}. {} {}", ago, _("Failed:"), ", ".join(run.failed)), healthy=False)
    return Check(name, ago, healthy=not run.is_late(now))


def _check_doctor(now: datetime) -> Check:
    """Return the outcome of the last run of the command. The page has its lines."""
    name = gettext_lazy("Last doctor run")
    result = results.load()
    if result is None:
        return Check(name, _("never. Run the command doctor"))
    ago = presentation.time_ago(result.finished_at, now)
    if not result.problems:
        return Check(name, format_html("{}. {}", ago, _("No problems found")))
    text = ngettext("%(n)s problem found", "%(n)s problems found", len(result.problems))
    return Check(name, format_html("{}. {}", ago, text % {"n": len(result.problems)}), healthy=False)


def _check_verification() -> Check:
    name = gettext_lazy("Last verification of the audit log")
    results = list(AuditVerification.objects.order_by("at"))
    if broken := [result for result in results if result.problem]:
        return Check(
            name, format_html("{}. {}", presentation.time_at(broken[0].at), broken[0].problem), healthy=False
        )
    return Check(name, presentation.time_at(results[0].at) if results else _("not checked yet"))


def _count_outcomes(since: datetime) -> Counter[str]:
    """Return the calls by outcome since the hour of that moment."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    rows = HourlyUse.objects.filter(hour__gte=hour).order_by().values_list("outcome")
    return Counter(dict(rows.annotate(calls=Sum("count"))))


def _redis_status(*, available: bool) -> str:
    if not settings.REDIS_URL:
        return _("not used. The process counts its own calls")
    return _("available") if available else _("not available. Each process counts its own calls")
