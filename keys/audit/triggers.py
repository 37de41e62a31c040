"""The triggers by which the database itself keeps the audit events. `triggers_postgresql.sql` and `triggers_sqlite.sql` have the rules."""

import re
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_SQL = {
    vendor: (Path(__file__).parent / f"triggers_{vendor}.sql").read_text()
    for vendor in ("postgresql", "sqlite")
}
_TRIGGER = re.compile(r"^CREATE (?:OR REPLACE )?TRIGGER (\w+)\s[^;]*? ON (\w+)", re.MULTILINE)
_FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)", re.MULTILINE)


def create(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, or replace them with those of this version."""
    sql = _SQL[connection.vendor]
    if connection.vendor == "sqlite":
        drop(connection)
        with connection.cursor() as cursor:
            for statement in re.split(r"^(?=CREATE TRIGGER)", sql, flags=re.MULTILINE)[1:]:
                cursor.execute(statement)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(sql)
        for function in _FUNCTION.findall(sql):
            # Otherwise a temporary table of the same name would hide the table of the chains.
            cursor.execute(f"ALTER FUNCTION {function}() SET search_path = {schema}, pg_temp")


def drop(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers, so that a migration can change the tables."""
    with connection.cursor() as cursor:
        for trigger, table in _TRIGGER.findall(_SQL[connection.vendor]):
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}{on_table}")


def find_missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that do not exist, in order. On PostgreSQL include the disabled ones."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname IN ('keys_auditevent', 'keys_auditchain') AND tgenabled IN ('O', 'A')"
        )
    with connection.cursor() as cursor:
        cursor.execute(query)
        existing = {name for (name,) in cursor.fetchall()}
    return sorted({name for name, _table in _TRIGGER.findall(_SQL[connection.vendor])} - existing)


def before_migrations(*, plan: list[Any], using: str, **_signal: Any) -> None:
    """Drop the triggers if tables are about to change: SQLite cannot rebuild a table that a trigger names.

    PostgreSQL can, and another process may be recording events there meanwhile.
    """
    connection = connections[using]
    if plan and connection.vendor == "sqlite" and "keys_auditchain" in connection.introspection.table_names():
        drop(connection)


def after_migrations(*, using: str, **_signal: Any) -> None:
    """Create the triggers again, and move the ends of the chains to the events recorded without them."""
    connection = connections[using]
    if "keys_auditchain" in connection.introspection.table_names():
        _catch_up(connection)
        create(connection)


def _catch_up(connection: BaseDatabaseWrapper) -> None:
    """Move the end of each chain to its last event. Events may have been recorded while no trigger moved it."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT chain, keys_auditevent.number, keys_auditevent.digest FROM keys_auditevent"
                " JOIN keys_auditchain ON name = chain AND keys_auditevent.number = keys_auditchain.number + 1"
                " AND previous = keys_auditchain.digest"
            )
            ends = cursor.fetchall()
            if not ends:
                return
            for name, number, digest in ends:
                cursor.execute(
                    "UPDATE keys_auditchain SET number = %s, digest = %s WHERE name = %s",
                    [number, digest, name],
                )
