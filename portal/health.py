"""Liveness and readiness of the process. The answers contain no versions, hosts or paths."""

from functools import cache

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from keys import limits

# The server's SIGTERM handler sets it. It is a plain variable, because a signal handler must not wait for a lock.
is_shutting_down = False

started_at = timezone.now()  # the server imports this module before it forks

# Probes use internal addresses, so any Host header is accepted here.
PROBE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Return 200 while the process is alive. No dependency is checked."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Return the state of each dependency. The status is 503 if a required one is down or the process is stopping.

    Without Redis the portal uses limits of its own, so the status is 200 with `degraded`.
    """
    checks = {"database": "ok", "migrations": "ok"}
    if settings.REDIS_URL:
        checks["redis"] = "ok"
    if not limits.backend().is_available():
        checks["redis"] = "down"
    try:
        if not _all_migrations() <= MigrationRecorder(connection).applied_migrations().keys():
            checks["migrations"] = "missing"
    except (DatabaseError, InterfaceError):
        checks |= {"database": "down", "migrations": "unknown"}
    if is_shutting_down:
        checks["process"] = "stopping"
    ready = checks["migrations"] == "ok" and not is_shutting_down
    status = "degraded" if "down" in checks.values() else "ok"
    return JsonResponse({"status": status if ready else "unavailable"} | checks, status=200 if ready else 503)


@cache
def _all_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of the code. They are read once, because they do not change while the process runs."""
    return frozenset(MigrationLoader(None).graph.nodes)
