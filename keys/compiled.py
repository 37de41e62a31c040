"""A query for one row whose SQL is made once per process, and not for every call.

The ORM takes longer to put the query of a key into words than PostgreSQL to answer it. Here it does so once; the portal's
backend has the server prepare the statement, and rows become models as always.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, models

Row = TypeVar("Row", bound=models.Model)


class OneRow(Generic[Row]):
    """The row of a queryset, with everything that its `select_related` names.

    Args:
        query: makes the queryset for one value, which stands in it once.
    """

    def __init__(self, query: Callable[[str], models.QuerySet[Row]]) -> None:
        self._query = query

    def find(self, value: str) -> Row | None:
        found = self._ask(value)
        if found is None:
            return None
        row = list(found)
        for position, (converters, expression) in self._plan.converters.items():
            for convert in converters:
                row[position] = convert(row[position], expression, connection)
        made: Row = self._plan.whole.make(row)
        return made

    def _ask(self, value: str) -> tuple[Any, ...] | None:
        if connection.connection is None and (ask := getattr(connection, "one_row", None)):
            return cast(tuple[Any, ...] | None, ask(self._plan.sql, value))
        with connection.cursor() as cursor:  # that of a transaction sees what it has written
            cursor.execute(self._plan.sql, [value])
            return cast(tuple[Any, ...] | None, cursor.fetchone())

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self._query("").query)


def let_go(row: models.Model) -> None:
    """Nobody needs the row and its relations any more: they go at once.

    They hold each other in rings, which would wait for the collector of garbage; it makes every thread wait for it, and
    meanwhile each call takes memory that no cache of the processor knows.
    """
    held, row._state.fields_cache = row._state.fields_cache, {}  # noqa: SLF001 - Django's documented name for it
    for related in held.values():
        if related is not None:
            let_go(related)


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
        made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 - as above
        for part, set_here, set_there in self._related:
            related = part.make(row)
            set_here(made, related)
            if related is not None:
                set_there(related, made)
        return made
