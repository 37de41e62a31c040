"""What the settings ask of PostgreSQL: connections that are alive, and an end to what takes too long."""

import os
import subprocess
import sys
import time

import psycopg
import pytest
from django.db import connection

from tests.environment import PROJECT

if connection.vendor != "postgresql":
    pytest.skip("there is no PostgreSQL", allow_module_level=True)

pytestmark = pytest.mark.django_db(transaction=True)


def ask(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


def test_a_connection_that_the_server_closed_makes_way_for_another() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    gone = ask("SELECT pg_backend_pid()")
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(%s)", [gone])
        until = time.monotonic() + 10
        while operator.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [gone]).fetchone():
            assert time.monotonic() < until

    assert ask("SELECT pg_backend_pid()") != gone


def test_a_process_that_answers_people_waits_for_seconds_and_a_command_for_longer() -> None:
    show = "from django.db import connection; c = connection.cursor(); c.execute('SHOW statement_timeout'); print(*c.fetchone())"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", show],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=40,
        check=True,
    )

    assert (ask("SHOW statement_timeout"), done.stdout.strip()) == ("5s", "1h")
