"""What another process does at the very moment when it matters."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def meanwhile(statement: str, happens: Callable[[], object]) -> Iterator[None]:
    """`happens` comes once, before the first statement to the database in which that regular expression is found."""
    coming = [happens]

    def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if coming and re.search(statement, sql):
            coming.pop()()
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        yield
    assert not coming, "the moment never came"
