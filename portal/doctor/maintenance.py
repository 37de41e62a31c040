"""Maintenance: it runs, has run lately, and no part of it failed."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from portal.doctor.findings import Finding, failure, ok, warning
from pumble_bridge.models import MaintenanceRun


def check() -> Iterator[Finding]:
    cure = _("Run the command maintenance with --every 60 under a supervisor.")
    run = MaintenanceRun.objects.first()
    if run is None:
        # `make run` works without it: only reminders and retention are missing.
        kind = warning if settings.LOCAL_PUMBLE else failure
        yield kind("maintenance", _("maintenance has never run."), cure)
        return
    minutes = max(0, int((timezone.now() - run.finished_at).total_seconds() // 60))
    if run.is_late(timezone.now()):
        yield failure("maintenance", _("maintenance last ended %(minutes)s min ago."), cure, minutes=minutes)
    elif run.failed:
        yield failure(
            "maintenance",
            _("Parts of maintenance failed: %(parts)s."),
            _("The log has the errors: search it for maintenance.failed."),
            parts=", ".join(run.failed),
        )
    else:
        yield ok("maintenance", _("maintenance last ended %(minutes)s min ago."), minutes=minutes)
