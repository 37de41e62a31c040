"""Resets the database and the memory to the seed."""

from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

from sandbox import app_registry, ephemerals, faults, files, modals, rate_limits, spinners, traffic
from sandbox.developers.sign_in import LEADS
from sandbox.hooks import outbox
from sandbox.manifest import Manifest
from sandbox.models import App
from sandbox.scheduler import SCHEDULER
from sandbox.seed import build
from sandbox.switches import SWITCHES

_statements: list[tuple[str, Any]] = []


def restore() -> None:
    """Reset everything except the API app's manifest. No hook is sent."""
    tables = [
        model._meta.db_table  # noqa: SLF001 - Django documents _meta
        for model in apps.get_app_config("sandbox").get_models()
    ]
    with SCHEDULER.lock, transaction.atomic():
        manifest = App.objects.filter(pk=app_registry.API_APP_ID).values_list("manifest", flat=True).first()
        with connection.cursor() as cursor:
            for statement in connection.ops.sql_flush(no_style(), tables):
                cursor.execute(statement)
        _insert()
        if manifest:
            app_registry.store_manifest(App.objects.get(pk=app_registry.API_APP_ID), Manifest(manifest))
    outbox.clear()
    files.clear_stored()
    for store in (
        ephemerals.EPHEMERALS,
        modals.MODALS,
        LEADS,
        spinners.SPINNERS,
        faults.FAULTS,
        rate_limits.WINDOWS,
        traffic.TRAFFIC,
        SWITCHES,
        SCHEDULER,
    ):
        store.clear()


def _insert() -> None:
    """Insert the rows of the seed.

    The SQL statements are kept, because building the rows takes longer than inserting them.
    """
    if _statements:
        with connection.cursor() as cursor:
            for sql, params in _statements:
                cursor.execute(sql, params)
                cursor.fetchall()
        return
    executed: list[tuple[str, Any]] = []

    def record_statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's order
        executed.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record_statement):
        for model, rows in build.build_rows().items():
            model._default_manager.bulk_create(rows)  # noqa: SLF001 - documented as well
    _statements.extend(executed)
