-- INSERT OR REPLACE deletes without a word to the trigger of deletions.
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE audit_id = NEW.audit_id)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
