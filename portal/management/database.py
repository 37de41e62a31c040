"""Check at the start whether the database fits the program."""

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from portal import __version__


def refuse_newer() -> None:
    """Raise CommandError if a newer version of the program migrated the SQLite database in the data folder.

    With PostgreSQL, the release before works beside the new one during an upgrade.
    """
    if connection.vendor != "sqlite":
        return
    newer = _applied() - _known()
    if any(app in {"keys", "pumble_bridge", "portal"} for app, _name in newer):
        raise CommandError(
            f"the data in {settings.DATA_DIR} is from a newer version than {__version__}; "
            "install that version, or choose another folder with DATA_DIR=..."
        )


def refuse_missing_migrations() -> None:
    """Raise CommandError if the tables are not those of this version."""
    if not _known() <= _applied():
        raise CommandError("the database lacks tables of this version; run the command migrate first")


def _known() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).graph.nodes)


def _applied() -> set[tuple[str, str]]:
    try:
        return set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError as error:
        raise CommandError(f"the database cannot be read: {str(error).strip()}") from error
