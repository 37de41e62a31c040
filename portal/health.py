"""Is the process alive, and can it do its work. Neither answer tells versions, hosts or paths."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from keys import limits


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration, 503 with the failing part otherwise.

    Without its Redis the portal goes on by limits of its own: 200, but `degraded`.
    """
    try:
        executor = MigrationExecutor(connection)
        behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    if behind:
        return JsonResponse({"status": "unavailable", "migrations": "missing"}, status=503)
    answer = {"status": "ok", "database": "ok", "migrations": "ok"}
    if not limits.store().answers():
        answer |= {"status": "degraded", "redis": "down"}
    return JsonResponse(answer)
