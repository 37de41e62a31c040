"""Where Django looks for a backend."""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection is looked at before it is used, where Django's own check asks the server and waits for its answer.

    That would cost a call of a key as much as its query.
    """

    def get_new_connection(self, conn_params: Any) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        while self.pool and _has_something_to_read(connection):
            connection.close()
            self.pool.putconn(connection)  # which makes another
            connection = super().get_new_connection(conn_params)
        return connection


def _has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    """Between two requests a server says nothing but its farewell, or nothing that anyone waits for."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
