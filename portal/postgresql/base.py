"""Where Django looks for a backend."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from pumble_bridge import sockets


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection is looked at before it is used, where Django's own check asks the server and waits for its answer.

    That would cost a call of a key as much as its query.
    """

    def get_new_connection(self, conn_params: Any) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        # Between two requests a server says nothing but its farewell, or nothing that anyone waits for.
        while self.pool and sockets.has_something_to_read(connection.fileno()):
            connection.close()
            self.pool.putconn(connection)  # which makes another
            connection = super().get_new_connection(conn_params)
        return connection
