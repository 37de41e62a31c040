"""What another process does just before a query."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def before_query(pattern: str, call: Callable[[], object]) -> Iterator[None]:
    """Call once, before the first query in which the regular expression is found; fail if there is none."""
    waiting = [call]

    def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if waiting and re.search(pattern, sql):
            waiting.pop()()
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        yield
    assert not waiting, "no such query came"
