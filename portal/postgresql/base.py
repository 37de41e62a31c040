"""Where Django looks for a backend."""

import contextlib
import hashlib
from functools import cache
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base
from psycopg import abc, adapt, errors, pq
from psycopg.types.datetime import TimestamptzLoader

from keys import sockets

Connection: TypeAlias = psycopg.Connection[Any]

# Of each connection the statements that the server has prepared there, with what reads their rows.
_prepared: WeakKeyDictionary[Connection, dict[str, abc.Transformer]] = WeakKeyDictionary()


class _Lost(errors.OperationalError):
    """The server has closed the connection."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection is looked at before it is used, where Django's own check asks the server and waits for its answer.

    That would cost a call of a key as much as its query.
    """

    def get_new_connection(self, conn_params: Any) -> Connection:
        connection: Connection = super().get_new_connection(conn_params)
        return self._alive(connection) if self.pool else connection

    def one_row(self, statement: str, value: str) -> tuple[Any, ...] | None:
        """The row that this statement finds with this value in its only place, outside of any transaction.

        Past Django's connection and cursor, which are made for more, and take longer than the server. It plans the
        statement once for each of its connections. One that is gone, or whose plan a migration has made wrong, which is a
        feature that is not supported, makes way for the next.
        """
        with self.wrap_database_errors:
            self.pool.open()
            for _each in range(self.pool.max_size):
                with contextlib.suppress(_Lost, errors.FeatureNotSupported):
                    return self._ask_one(statement, value)
            return self._ask_one(statement, value)

    def _ask_one(self, statement: str, value: str) -> tuple[Any, ...] | None:
        lent = self.pool.getconn()
        try:
            return _ask(lent, statement, value)
        except BaseException:
            lent.close()  # whatever is wrong with it, the next one is new
            raise
        finally:
            self.pool.putconn(lent)

    def _alive(self, connection: Connection) -> Connection:
        """This one or another. Between two requests a server says only its farewell, or nothing that anyone waits for."""
        while sockets.has_something_to_read(connection.pgconn.socket):
            connection.close()
            self.pool.putconn(connection)  # which makes another
            connection = self.pool.getconn()
        return connection


def _ask(connection: Connection, statement: str, value: str) -> tuple[Any, ...] | None:
    name, text = _named(statement)
    prepared = _prepared.setdefault(connection, {})
    if statement not in prepared:
        _require(connection, connection.pgconn.prepare(name, text), pq.ExecStatus.COMMAND_OK)
        prepared[statement] = _reader(connection)
    result = connection.pgconn.exec_prepared(name, [value.encode()])
    _require(connection, result, pq.ExecStatus.TUPLES_OK)
    if not result.ntuples:
        return None
    rows = prepared[statement]
    rows.set_pgresult(result)
    row: tuple[Any, ...] = rows.load_row(0, tuple)
    return row


def _reader(connection: Connection) -> abc.Transformer:
    """What reads rows as Django does, but for times, which Django reads in Python; all are in UTC either way."""
    adapters = adapt.AdaptersMap(connection.adapters)
    adapters.register_loader("timestamptz", TimestamptzLoader)
    return adapt.Transformer(adapters)


def _require(connection: Connection, result: pq.abc.PGresult, status: pq.ExecStatus) -> None:
    if connection.pgconn.status != pq.ConnStatus.OK:
        raise _Lost("the connection is lost")
    if result.status != status:
        raise errors.error_from_result(result)


@cache
def _named(statement: str) -> tuple[bytes, bytes]:
    """A name for it, and the statement as the protocol has it."""
    name = hashlib.sha256(statement.encode()).hexdigest()[:16]
    return f"one_row_{name}".encode(), statement.replace("%s", "$1").encode()
