-- The database keeps the chains of audit events by itself. Whoever owns the tables can drop these triggers; `audit_verify`
-- then reports that they are missing, and the digests show what changed meanwhile.
--
-- - An event is inserted only as the next one of its chain, and moves the end of the chain. Nothing else moves the end.
-- - No event is updated. An event is deleted only if its chain is pruned up to it or further.
-- - A chain is pruned only up to the event that a later checkpoint event names, and never less far than before.
-- - Nothing is truncated, and no chain is deleted.
--
-- OLD is the row before the change, NEW the row after it. An event that replaces another by its id would remove that one
-- without a DELETE, so the first trigger refuses it.

CREATE TRIGGER keys_audit_append
    BEFORE INSERT ON keys_auditevent
    WHEN EXISTS (SELECT 1 FROM keys_auditevent WHERE id = NEW.id) OR NOT EXISTS (
        SELECT 1 FROM keys_auditchain
        WHERE name = NEW.chain AND number = NEW.number - 1 AND digest = NEW.previous
    )
    BEGIN SELECT RAISE(ABORT, 'audit events are only ever appended to the end of their chain'); END;

CREATE TRIGGER keys_audit_move
    AFTER INSERT ON keys_auditevent
    BEGIN UPDATE keys_auditchain SET number = NEW.number, digest = NEW.digest WHERE name = NEW.chain; END;

CREATE TRIGGER keys_audit_keep
    BEFORE UPDATE ON keys_auditevent
    BEGIN SELECT RAISE(ABORT, 'audit events are never changed, and removed by retention only'); END;

CREATE TRIGGER keys_audit_remove
    BEFORE DELETE ON keys_auditevent
    WHEN NOT EXISTS (
        SELECT 1 FROM keys_auditchain WHERE name = OLD.chain AND pruned_number >= OLD.number
    )
    BEGIN SELECT RAISE(ABORT, 'audit events are never changed, and removed by retention only'); END;

CREATE TRIGGER keys_audit_chain_begin
    BEFORE INSERT ON keys_auditchain
    WHEN (NEW.number, NEW.digest, NEW.pruned_number, NEW.pruned_digest) <> (0, '', 0, '')
        OR EXISTS (SELECT 1 FROM keys_auditchain WHERE name = NEW.name)
    BEGIN SELECT RAISE(ABORT, 'the end of an audit chain moves with its events only'); END;

CREATE TRIGGER keys_audit_chain_move
    BEFORE UPDATE ON keys_auditchain
    WHEN NEW.name <> OLD.name OR NEW.number < OLD.number OR (
        (NEW.number, NEW.digest) <> (OLD.number, OLD.digest) AND NOT EXISTS (
            SELECT 1 FROM keys_auditevent
            WHERE chain = NEW.name AND number = NEW.number AND digest = NEW.digest
        )
    )
    BEGIN SELECT RAISE(ABORT, 'the end of an audit chain moves with its events only'); END;

CREATE TRIGGER keys_audit_chain_prune
    BEFORE UPDATE ON keys_auditchain
    WHEN (NEW.pruned_number, NEW.pruned_digest) <> (OLD.pruned_number, OLD.pruned_digest)
        AND (NEW.pruned_number <= OLD.pruned_number OR NOT EXISTS (
            SELECT 1 FROM keys_auditevent
            WHERE chain = NEW.name AND type = 'audit.checkpoint' AND number > NEW.pruned_number
                AND json_extract(detail, '$.number') = NEW.pruned_number
                AND json_extract(detail, '$.digest') = NEW.pruned_digest
        ))
    BEGIN SELECT RAISE(ABORT, 'an audit chain is pruned only as far as a later checkpoint event tells'); END;

CREATE TRIGGER keys_audit_chain_keep
    BEFORE DELETE ON keys_auditchain
    BEGIN SELECT RAISE(ABORT, 'audit chains are never removed'); END;
