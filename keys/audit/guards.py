"""What the database itself holds of the chains, so that no statement can change the past; on PostgreSQL and SQLite.

- An event comes in only as the next one of its chain, and with it the chain's end moves on. Nothing else moves it.
- No event is updated. One is deleted only where its chain is pruned as far as it or further.
- A chain is pruned only as far as a later checkpoint event of it tells, and never less far than before.
- Nothing is truncated, no chain is deleted.

Whoever owns the tables can lift these rules; then `audit_verify` says that they are gone, and the digests tell what was
done meanwhile.
"""

# ruff: noqa: S608 - what the statements are put together from stands in this file

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_APPEND = "audit events are only ever appended to the end of their chain"
_KEEP = "audit events are never changed, and removed by retention only"
_END = "the end of an audit chain moves with its events only"
_PRUNE = "an audit chain is pruned only as far as a later checkpoint event tells"
_CHAINS = "audit chains are never removed"

# A statement for the check of a chain that moves: OLD is the row before it, NEW the row after it.
_VOUCHED = """
    EXISTS (
        SELECT 1 FROM keys_auditevent
        WHERE chain = NEW.name AND type = 'audit.checkpoint' AND number > NEW.pruned_number AND {matches}
    )
"""

_POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION keys_audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE keys_auditchain SET number = NEW.number, digest = NEW.digest
        WHERE name = NEW.chain AND number = NEW.number - 1 AND digest = NEW.previous;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_APPEND}';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION keys_audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM 1 FROM keys_auditchain WHERE name = OLD.chain AND pruned_number >= OLD.number;
        IF FOUND THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_KEEP}';
END $$;

CREATE OR REPLACE FUNCTION keys_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_CHAINS}';
    ELSIF TG_OP = 'INSERT' THEN
        IF (NEW.number, NEW.digest, NEW.pruned_number, NEW.pruned_digest) <> (0, '', 0, '') THEN
            RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_END}';
        END IF;
    ELSIF NEW.name <> OLD.name
        OR ((NEW.number, NEW.digest) <> (OLD.number, OLD.digest) AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_END}';
    ELSIF (NEW.pruned_number, NEW.pruned_digest) <> (OLD.pruned_number, OLD.pruned_digest)
        AND (NEW.pruned_number <= OLD.pruned_number OR NOT {_VOUCHED}) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = '{_PRUNE}';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER keys_audit_append BEFORE INSERT ON keys_auditevent
    FOR EACH ROW EXECUTE FUNCTION keys_audit_append();
CREATE OR REPLACE TRIGGER keys_audit_keep BEFORE UPDATE OR DELETE ON keys_auditevent
    FOR EACH ROW EXECUTE FUNCTION keys_audit_keep();
CREATE OR REPLACE TRIGGER keys_audit_truncate BEFORE TRUNCATE ON keys_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION keys_audit_keep();
CREATE OR REPLACE TRIGGER keys_audit_chain BEFORE INSERT OR UPDATE OR DELETE ON keys_auditchain
    FOR EACH ROW EXECUTE FUNCTION keys_audit_chain();
CREATE OR REPLACE TRIGGER keys_audit_chain_truncate BEFORE TRUNCATE ON keys_auditchain
    FOR EACH STATEMENT EXECUTE FUNCTION keys_audit_chain();
""".replace(
    "{matches}",
    "detail ->> 'number' = NEW.pruned_number::text AND detail ->> 'digest' = NEW.pruned_digest",
)

# An event that replaces another by its id would remove that without a DELETE.
_SQLITE = {
    "keys_audit_append": f"""
        BEFORE INSERT ON keys_auditevent
        WHEN EXISTS (SELECT 1 FROM keys_auditevent WHERE id = NEW.id) OR NOT EXISTS (
            SELECT 1 FROM keys_auditchain
            WHERE name = NEW.chain AND number = NEW.number - 1 AND digest = NEW.previous
        )
        BEGIN SELECT RAISE(ABORT, '{_APPEND}'); END
    """,
    "keys_audit_move": """
        AFTER INSERT ON keys_auditevent
        BEGIN UPDATE keys_auditchain SET number = NEW.number, digest = NEW.digest WHERE name = NEW.chain; END
    """,
    "keys_audit_keep": f"""
        BEFORE UPDATE ON keys_auditevent
        BEGIN SELECT RAISE(ABORT, '{_KEEP}'); END
    """,
    "keys_audit_remove": f"""
        BEFORE DELETE ON keys_auditevent
        WHEN NOT EXISTS (
            SELECT 1 FROM keys_auditchain WHERE name = OLD.chain AND pruned_number >= OLD.number
        )
        BEGIN SELECT RAISE(ABORT, '{_KEEP}'); END
    """,
    "keys_audit_chain_begin": f"""
        BEFORE INSERT ON keys_auditchain
        WHEN (NEW.number, NEW.digest, NEW.pruned_number, NEW.pruned_digest) <> (0, '', 0, '')
            OR EXISTS (SELECT 1 FROM keys_auditchain WHERE name = NEW.name)
        BEGIN SELECT RAISE(ABORT, '{_END}'); END
    """,
    "keys_audit_chain_move": f"""
        BEFORE UPDATE ON keys_auditchain
        WHEN NEW.name <> OLD.name OR NEW.number < OLD.number OR (
            (NEW.number, NEW.digest) <> (OLD.number, OLD.digest) AND NOT EXISTS (
                SELECT 1 FROM keys_auditevent
                WHERE chain = NEW.name AND number = NEW.number AND digest = NEW.digest
            )
        )
        BEGIN SELECT RAISE(ABORT, '{_END}'); END
    """,
    "keys_audit_chain_prune": f"""
        BEFORE UPDATE ON keys_auditchain
        WHEN (NEW.pruned_number, NEW.pruned_digest) <> (OLD.pruned_number, OLD.pruned_digest)
            AND (NEW.pruned_number <= OLD.pruned_number OR NOT {_VOUCHED})
        BEGIN SELECT RAISE(ABORT, '{_PRUNE}'); END
    """.replace(
        "{matches}",
        "json_extract(detail, '$.number') = NEW.pruned_number"
        " AND json_extract(detail, '$.digest') = NEW.pruned_digest",
    ),
    "keys_audit_chain_keep": f"""
        BEFORE DELETE ON keys_auditchain
        BEGIN SELECT RAISE(ABORT, '{_CHAINS}'); END
    """,
}
_ON = {
    "keys_auditevent": ("keys_audit_append", "keys_audit_keep", "keys_audit_truncate"),
    "keys_auditchain": ("keys_audit_chain", "keys_audit_chain_truncate"),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """From now on the rules hold, in the wording of this version."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT current_schema()")
            schema = connection.ops.quote_name(cursor.fetchone()[0])
            cursor.execute(_POSTGRESQL)
            for name in ("keys_audit_append", "keys_audit_keep", "keys_audit_chain"):
                # Else a temporary table of the same name would be taken for the chains.
                cursor.execute(f"ALTER FUNCTION {name}() SET search_path = {schema}, pg_temp")
            return
        for name, rule in _SQLITE.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(f"CREATE TRIGGER {name} {rule}")


def lift(connection: BaseDatabaseWrapper) -> None:
    """The rules hold no more. For migrations, which change the tables themselves."""
    with connection.cursor() as cursor:
        for table, names in _ON.items() if connection.vendor == "postgresql" else ():
            for name in names:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        for name in _SQLITE if connection.vendor == "sqlite" else ():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of rules that do not hold now; on PostgreSQL also those that are there but switched off."""
    if connection.vendor == "postgresql":
        wanted = {name for names in _ON.values() for name in names}
        asked = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname IN ('keys_auditevent', 'keys_auditchain') AND tgenabled IN ('O', 'A')"
        )
    else:
        wanted, asked = set(_SQLITE), "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return sorted(wanted - {row[0] for row in cursor.fetchall()})


def before_migrations(*, plan: list[Any], using: str, **_signal: Any) -> None:
    """Where tables are about to change, the rules make way: SQLite cannot rebuild a table that a trigger names.

    PostgreSQL can, and there another process may be recording events meanwhile.
    """
    connection = connections[using]
    if plan and connection.vendor == "sqlite" and "keys_auditchain" in connection.introspection.table_names():
        lift(connection)


def after_migrations(*, using: str, **_signal: Any) -> None:
    connection = connections[using]
    if "keys_auditchain" in connection.introspection.table_names():
        _catch_up(connection)
        install(connection)


def _catch_up(connection: BaseDatabaseWrapper) -> None:
    """Ends of chains follow the events that came while no rule moved them."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT chain, keys_auditevent.number, keys_auditevent.digest FROM keys_auditevent"
                " JOIN keys_auditchain ON name = chain AND keys_auditevent.number = keys_auditchain.number + 1"
                " AND previous = keys_auditchain.digest"
            )
            ends = cursor.fetchall()
            if not ends:
                return
            for name, number, digest in ends:
                cursor.execute(
                    "UPDATE keys_auditchain SET number = %s, digest = %s WHERE name = %s",
                    [number, digest, name],
                )
