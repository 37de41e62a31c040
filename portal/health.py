"""Is the process alive, and can it do its work. Neither answer tells versions, hosts or paths."""

from functools import cache

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from keys import limits

# Set by the server's handler of SIGTERM. A plain name, because a signal handler must not wait for a lock.
is_shutting_down = False

# Probes use internal addresses, so any Host header is accepted here.
PROBE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """A member for each thing that the portal depends on. 503 where it cannot do without one, or is about to stop.

    Without its Redis the portal goes on by limits of its own: 200, but `degraded`.
    """
    found = {"database": "ok", "migrations": "ok"}
    if settings.REDIS_URL:
        found["redis"] = "ok"
    if not limits.backend().is_available():
        found["redis"] = "down"
    try:
        if not _all_migrations() <= MigrationRecorder(connection).applied_migrations().keys():
            found["migrations"] = "missing"
    except (DatabaseError, InterfaceError):
        found |= {"database": "down", "migrations": "unknown"}
    if is_shutting_down:
        found["process"] = "stopping"
    ready = found["migrations"] == "ok" and not is_shutting_down
    able = "degraded" if "down" in found.values() else "ok"
    return JsonResponse({"status": able if ready else "unavailable"} | found, status=200 if ready else 503)


@cache
def _all_migrations() -> frozenset[tuple[str, str]]:
    """Those that the code has; reading them takes a while, and they do not change under a running process."""
    return frozenset(MigrationLoader(None).graph.nodes)
