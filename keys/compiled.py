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
from django.db.models.query import get_related_populators

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
        made: Row = self._plan.model.from_db(connection.alias, self._plan.names, row[: len(self._plan.names)])
        for related in self._plan.related:
            related.populate(row, made)
        return made

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self._query("").query)


class _Plan:
    def __init__(self, query: Any) -> None:
        compiler = query.get_compiler(connection.alias)
        self.sql, _values = compiler.as_sql()
        fields = compiler.klass_info["select_fields"]
        self.model = compiler.klass_info["model"]
        self.names = [compiler.select[field][0].target.attname for field in fields]
        self.converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        self.related = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]  # its stubs are of a later Django


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
