"""Is the process alive, and can it do its work. Neither answer tells versions, hosts or paths."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from keys import limits

PROBED = frozenset(
    {"/healthz", "/readyz", "/metrics"}
)  # asked for by addresses of the inside, with whatever Host

_migrated = False


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration, 503 otherwise; each dependency has its line.

    Without its Redis the portal goes on by limits of its own: 200, but `degraded`.
    """
    answer = {"status": "ok", "database": "ok", "migrations": "ok"}
    if settings.REDIS_URL:
        answer["redis"] = "ok"
    if not limits.store().answers():
        answer |= {"status": "degraded", "redis": "down"}
    try:
        if not _is_migrated():
            answer |= {"status": "unavailable", "migrations": "missing"}
    except DatabaseError:
        answer |= {"status": "unavailable", "database": "down", "migrations": "unknown"}
    return JsonResponse(answer, status=503 if answer["status"] == "unavailable" else 200)


def _is_migrated() -> bool:
    """Whether every migration is there. Looked up until it is so, since none is taken back below a running process."""
    global _migrated  # noqa: PLW0603 - the process learns it once
    if _migrated:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    else:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
