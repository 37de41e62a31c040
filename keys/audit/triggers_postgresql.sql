-- The database keeps the chains of audit events by itself. Whoever owns the tables can drop these triggers; `audit_verify`
-- then reports that they are missing, and the digests show what changed meanwhile.
--
-- - An event is inserted only as the next one of its chain, and moves the end of the chain. Nothing else moves the end.
-- - No event is updated. An event is deleted only if its chain is pruned up to it or further.
-- - A chain is pruned only up to the event that a later checkpoint event names, and never less far than before.
-- - Nothing is truncated, and no chain is deleted.
--
-- OLD is the row before the change, NEW the row after it.

CREATE OR REPLACE FUNCTION keys_audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE keys_auditchain SET number = NEW.number, digest = NEW.digest
        WHERE name = NEW.chain AND number = NEW.number - 1 AND digest = NEW.previous;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = 'audit events are only ever appended to the end of their chain';
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
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = 'audit events are never changed, and removed by retention only';
END $$;

CREATE OR REPLACE FUNCTION keys_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = 'audit chains are never removed';
    ELSIF TG_OP = 'INSERT' THEN
        IF (NEW.number, NEW.digest, NEW.pruned_number, NEW.pruned_digest) <> (0, '', 0, '') THEN
            RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = 'the end of an audit chain moves with its events only';
        END IF;
    ELSIF NEW.name <> OLD.name
        OR ((NEW.number, NEW.digest) <> (OLD.number, OLD.digest) AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = 'the end of an audit chain moves with its events only';
    ELSIF (NEW.pruned_number, NEW.pruned_digest) <> (OLD.pruned_number, OLD.pruned_digest)
        AND (NEW.pruned_number <= OLD.pruned_number OR NOT EXISTS (
            SELECT 1 FROM keys_auditevent
            WHERE chain = NEW.name AND type = 'audit.checkpoint' AND number > NEW.pruned_number
                AND detail ->> 'number' = NEW.pruned_number::text AND detail ->> 'digest' = NEW.pruned_digest
        )) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = 'an audit chain is pruned only as far as a later checkpoint event tells';
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
