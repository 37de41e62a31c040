"""Many rows at once, past the ORM: it takes 40 µs to put a row into words, this takes 1."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, models
from django.db.models.expressions import RawSQL

_AT_ONCE = 100


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, on_conflict: str = ""
) -> None:
    """Write the rows. Those that are there already are an error, or what `on_conflict` (an SQL clause) says.

    Rows come in one order everywhere, so that two processes that write the same ones do not wait for each other.
    """
    written = list(rows)
    into = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"  # noqa: SLF001 - Django's documented name for it
    with connection.cursor() as cursor:
        for source, values in _sources(model, columns, written):
            cursor.execute(f"{into} {source} {on_conflict}", values)


def _sources(
    model: type[models.Model], columns: Sequence[str], rows: list[Sequence[Any]]
) -> Iterator[tuple[str, list[Any]]]:
    """What stands behind `INSERT INTO`, with its values, for so many rows as go into one statement."""
    for start in range(0, len(rows), _AT_ONCE):
        batch = rows[start : start + _AT_ONCE]
        if connection.vendor == "postgresql":
            # All of them are one value: with one for each field it takes longer to count them than to write them.
            typed = ", ".join(f"{column} {_type(model, column)}" for column in columns)
            source = f"SELECT {', '.join(columns)} FROM json_to_recordset(%s) AS given ({typed})"  # noqa: S608 - names of ours
            named = [dict(zip(columns, row, strict=True)) for row in batch]
            values = [msgspec.json.encode(named).decode()]
        else:
            row = f"({', '.join(['%s'] * len(columns))})"
            source = f"VALUES {', '.join([row] * len(batch))}"
            values = [_adapted(value) for one in batch for value in one]
        yield source, values


def among(ids: Iterable[int]) -> Any:
    """What stands behind `__in` for many ids: one value where the database has lists."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])
    return list(ids)


def hold(model: type[models.Model], ids: Iterable[int]) -> None:
    """Until the transaction ends, nobody takes these rows whole (`FOR UPDATE`); what else happens to them goes on.

    In SQLite a transaction has everything to itself.
    """
    if connection.vendor == "postgresql":
        table = model._meta.db_table  # noqa: SLF001 - as above
        rows = f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"  # noqa: S608 - as above
        with connection.cursor() as cursor:
            cursor.execute(rows, [list(ids)])


def _type(model: type[models.Model], column: str) -> str:
    """Without its length: a cast would cut what is too long, where to write it is an error."""
    field = next(field for field in model._meta.concrete_fields if field.column == column)  # noqa: SLF001 - as above
    return str(field.db_type(connection)).partition("(")[0]


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
