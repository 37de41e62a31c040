"""The tables between tests: empty, or with the rows of before."""

from typing import Any

from django.db import connection, transaction

from keys.audit import triggers

# What migrations write; nothing else does.
FIXED = {"django_migrations", "django_content_type", "auth_permission"}
AUDIT = {"keys_auditevent", "keys_auditchain"}

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def empty() -> None:
    """Delete the rows of all tables, and put the triggers of the audit tables back.

    Django's `flush` takes 20 ms on SQLite and 45 ms on PostgreSQL: it truncates all tables, and makes content types and permissions anew.
    """
    with transaction.atomic():
        filled = _filled()
        if AUDIT & filled:
            triggers.drop(connection)
        with connection.cursor() as cursor:
            for table in filled:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table of ours
        if triggers.find_missing(connection):
            triggers.create(connection)


def rows() -> Rows:
    """Return the columns and rows of each table that has rows."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in _filled():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found[table] = [column[0] for column in cursor.description], cursor.fetchall()
    return found


def fill(tables: Rows) -> None:
    """Insert rows that `rows` returned into empty tables."""
    quote = connection.ops.quote_name
    with transaction.atomic():
        triggers.drop(connection)
        with connection.cursor() as cursor:
            for table, (columns, values) in tables.items():
                into = f"{quote(table)} ({', '.join(map(quote, columns))})"
                slots = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {into} VALUES ({slots})", values)  # noqa: S608
        triggers.create(connection)


def _filled() -> set[str]:
    tables = (
        set(connection.introspection.django_table_names(only_existing=False, include_views=False)) - FIXED
    )
    quote = connection.ops.quote_name
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in sorted(tables)]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return {table for (table,) in cursor.fetchall()}
