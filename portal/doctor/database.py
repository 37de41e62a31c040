"""Database: connection, version, write access, migrations, clock, and connections of the pool."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, NotSupportedError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_noop as _

from portal.doctor import clocks
from portal.doctor.findings import Finding, failure, ok, warning
from portal.redaction import redact

_OWN_APPS = frozenset({"keys", "pumble_bridge", "portal"})
_FEW_CONNECTIONS = 0.8  # share of the server's connections that one portal may use


def check() -> Iterator[Finding]:
    try:
        version = _version()
        connection.check_database_version_supported()
    except NotSupportedError:
        yield failure(
            "database",
            _("This version of %(database)s is not supported."),
            _("Use a newer version. The guide “Operate” names it."),
            database=connection.display_name,
        )
        return
    except (DatabaseError, InterfaceError) as error:
        yield failure(
            "database",
            _("The database cannot be reached: %(reason)s."),
            _("Check DATABASE_URL, and that the database runs."),
            reason=_reason(error),
        )
        return
    yield ok("database", "%(database)s %(version)s", database=connection.display_name, version=version)
    yield _check_migrations()
    if connection.vendor == "postgresql":
        yield _check_primary()
        yield _check_clock()
        yield _check_connections()


def _reason(error: Exception) -> str:
    """Return the first line of the error. The pool hides why it has no connection, so connect once without it."""
    if connection.vendor == "postgresql":
        try:
            psycopg.connect(**connection.get_connection_params()).close()
        except psycopg.Error as direct:
            error = direct
    return redact(str(error)).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def _version() -> str:
    connection.ensure_connection()
    return ".".join(map(str, connection.get_database_version()))


def _check_migrations() -> Finding:
    loader = MigrationLoader(connection)
    missing = len(set(loader.graph.nodes) - set(loader.applied_migrations))
    if missing:
        return failure(
            "database.migrations",
            _("Missing migrations: %(missing)s."),
            _("Run the command migrate."),
            missing=missing,
        )
    unknown = set(loader.applied_migrations) - set(loader.graph.nodes)
    if any(app in _OWN_APPS for app, _name in unknown):
        return warning(
            "database.migrations",
            _("The database was migrated by a newer version of this program."),
            _("Update this program to that version."),
        )
    return ok("database.migrations", _("All migrations are applied."))


def _check_primary() -> Finding:
    if _query("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool"):
        return failure(
            "database.writes",
            _("The database is read-only, as a standby server is."),
            _("Let DATABASE_URL name the primary server."),
        )
    return ok("database.writes", _("The database accepts changes."))


def _check_clock() -> Finding:
    before = time.time()
    theirs = float(_query("SELECT extract(epoch FROM clock_timestamp())"))
    return clocks.compare(
        "database.clock",
        theirs - (before + time.time()) / 2,
        agrees=_("The clock agrees with that of the database."),
        differs=_("The clock of this machine differs by %(seconds)s s from that of the database."),
    )


def _check_connections() -> Finding:
    """Compare the connections that this portal may open with those of the server."""
    check = "database.connections"
    if _query("SELECT pg_backend_pid()") != connection.connection.info.backend_pid:
        return ok(check, _("A connection pooler is between the portal and the server."))
    reserved = "current_setting('superuser_reserved_connections')::int"
    available = int(_query(f"SELECT current_setting('max_connections')::int - {reserved}"))
    needed = settings.WORKERS * settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    values = {"needed": needed, "available": available}
    cure = _("Raise max_connections, lower WORKERS or THREADS, or use a connection pooler.")
    if needed > available:
        message = _("A portal may open %(needed)s connections, but the server allows %(available)s.")
        return failure(check, message, cure, **values)
    message = _("A portal may open %(needed)s of the %(available)s connections that the server allows.")
    if needed > available * _FEW_CONNECTIONS:
        return warning(check, message, cure, **values)
    return ok(check, message, **values)


def _query(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
