"""A row that is asked for past Django's connection, while the server has its own ideas."""

from collections.abc import Callable

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection
from psycopg import sql

if connection.vendor != "postgresql":
    pytest.skip("only PostgreSQL has a pool", allow_module_level=True)

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "SELECT name FROM keys_workspace WHERE pumble_id = %s"


@pytest.fixture
def one_row() -> Callable[[str, str], tuple[object, ...] | None]:
    """From a pool of its own."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO keys_workspace (pumble_id, name, created_at) VALUES ('a', 'Acme', now())")
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    ask: Callable[[str, str], tuple[object, ...] | None] = connection.one_row  # type: ignore[attr-defined]
    assert ask(NAME, "a") == ("Acme",)
    return ask


def at_the_server(statement: str, *names: str) -> None:
    """By somebody else."""
    parameters = connection.get_connection_params()
    wanted = {
        name: parameters[name]
        for name in ("dbname", "user", "password", "host", "port")
        if name in parameters
    }
    with psycopg.connect(**wanted, autocommit=True) as other:
        other.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def test_what_is_not_there_is_none(one_row: Callable[[str, str], tuple[object, ...] | None]) -> None:
    assert one_row(NAME, "b") is None
    assert one_row(NAME, "' OR true --") is None


def test_a_connection_that_the_server_closed_is_not_noticed(
    one_row: Callable[[str, str], tuple[object, ...] | None],
) -> None:
    at_the_server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    assert one_row(NAME, "a") == ("Acme",)


def test_a_statement_that_fails_is_djangos_error_and_spoils_nothing(
    one_row: Callable[[str, str], tuple[object, ...] | None],
) -> None:
    for _ in range(connection.pool.max_size + 1):  # type: ignore[attr-defined]
        with pytest.raises(ProgrammingError, match="nowhere"):
            one_row("SELECT 1 FROM nowhere WHERE x = %s", "a")

    assert one_row(NAME, "a") == ("Acme",)


def test_a_plan_that_a_migration_made_wrong_is_not_noticed(
    one_row: Callable[[str, str], tuple[object, ...] | None],
) -> None:
    at_the_server("CREATE TABLE {} AS SELECT 'a' AS name, 7 AS number", "migrated")
    try:
        numbered = "SELECT number FROM migrated WHERE name = %s"
        assert one_row(numbered, "a") == (7,)
        at_the_server("ALTER TABLE {} ALTER COLUMN number TYPE text", "migrated")

        assert {one_row(numbered, "a") for _ in range(10)} == {("7",)}
    finally:
        at_the_server("DROP TABLE {}", "migrated")


def test_a_pool_that_is_empty_is_an_operational_error(
    one_row: Callable[[str, str], tuple[object, ...] | None],
) -> None:
    pool = connection.pool  # type: ignore[attr-defined]
    taken = [pool.getconn() for _ in range(pool.max_size)]
    try:
        with pytest.raises(OperationalError):
            one_row(NAME, "a")
    finally:
        for each in taken:
            pool.putconn(each)

    assert one_row(NAME, "a") == ("Acme",)
