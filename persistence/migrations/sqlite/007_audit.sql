-- What an action changed, and questions by who did it. Nobody edits the log, we neither.
ALTER TABLE audit ADD COLUMN before_json TEXT NOT NULL DEFAULT 'null';
ALTER TABLE audit ADD COLUMN after_json TEXT NOT NULL DEFAULT 'null';
CREATE INDEX audit_by_principal ON audit (principal, audit_id);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
