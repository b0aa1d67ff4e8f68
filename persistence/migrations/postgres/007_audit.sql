-- needs: 4
-- What an action changed, and questions by who did it. Nobody edits the log, we neither.
ALTER TABLE audit ADD COLUMN before_json text NOT NULL DEFAULT 'null';
ALTER TABLE audit ADD COLUMN after_json text NOT NULL DEFAULT 'null';
CREATE INDEX audit_by_principal ON audit (principal, audit_id);
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE ON audit FOR EACH ROW
  EXECUTE FUNCTION keep_audit();
