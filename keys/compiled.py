"""A query for one row whose SQL is made once per process, and not for every call.

The ORM takes longer to put the query of a key into words than PostgreSQL to answer it. Here it does so once; the server
prepares the statement, and rows become models as always.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connection, models
from django.db.backends.utils import CursorWrapper

Row = TypeVar("Row", bound=models.Model)


class OneRow(Generic[Row]):
    """The row of a queryset, with everything that its `select_related` names.

    Args:
        query: makes the queryset for one value, which stands in it once.
    """

    def __init__(self, query: Callable[[str], models.QuerySet[Row]]) -> None:
        self._query = query

    def find(self, value: str) -> Row | None:
        with _cursor() as cursor:
            cursor.execute(self._plan.sql, [value])
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for position, (converters, expression) in self._plan.converters.items():
            for convert in converters:
                row[position] = convert(row[position], expression, connection)
        made: Row = self._plan.whole.make(row)
        return made

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self._query("").query)


class _Plan:
    def __init__(self, query: Any) -> None:
        compiler = query.get_compiler(connection.alias)
        self.sql, _values = compiler.as_sql()
        self.converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        self.whole = _Part(compiler.klass_info, compiler.select)


class _Part:
    """One model's columns in the row, and those of what it is selected with."""

    def __init__(self, info: Any, select: Any) -> None:
        self._model = info["model"]
        fields = info["select_fields"]
        self._names = [select[position][0].target.attname for position in fields]
        self._columns = slice(fields[0], fields[-1] + 1)
        self._pk = self._names.index(self._model._meta.pk.attname)  # noqa: SLF001 - Django's documented name for it
        self._related = [
            (_Part(related, select), related["local_setter"], related["remote_setter"])
            for related in info.get("related_klass_infos", ())
        ]

    def make(self, row: list[Any]) -> Any:
        """The instance, as `Model.from_db` makes it but for the signals, which nobody awaits; None where there is none."""
        values = row[self._columns]
        if values[self._pk] is None:
            return None
        made = self._model.__new__(self._model)
        made.__dict__.update(zip(self._names, values, strict=True), _state=models.base.ModelState())
        made._state.adding, made._state.db = False, connection.alias  # noqa: SLF001 - as above
        for part, set_here, set_there in self._related:
            related = part.make(row)
            set_here(made, related)
            if related is not None:
                set_there(related, made)
        return made


class _Prepared(psycopg.Cursor[Any]):
    """Django's own cursor writes values into the statement, which the server would plan anew each time."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_Prepared":
        return super().execute(query, params, prepare=True)


def _cursor() -> CursorWrapper:
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    wrap: Callable[[Any], CursorWrapper] = (
        connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    )
    return wrap(_Prepared(connection.connection))
