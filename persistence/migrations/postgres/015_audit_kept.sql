-- needs: 4
-- A trigger for each row hears nothing of TRUNCATE.
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT
  EXECUTE FUNCTION keep_audit();
