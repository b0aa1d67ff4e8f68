-- Versions that were deleted: hidden, and kept as long as runs can be read that may be of them.
ALTER TABLE definition ADD COLUMN deleted_at INTEGER;

-- Rises with every change of the definitions, so that a node knows whether it has read them all.
CREATE TABLE definition_revision (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  revision INTEGER NOT NULL
) STRICT;
INSERT INTO definition_revision SELECT 1, count(*) FROM definition;
CREATE TRIGGER definition_came AFTER INSERT ON definition
BEGIN
  UPDATE definition_revision SET revision = revision + 1;
END;
CREATE TRIGGER definition_changed AFTER UPDATE ON definition
BEGIN
  UPDATE definition_revision SET revision = revision + 1;
END;
CREATE TRIGGER definition_went AFTER DELETE ON definition
BEGIN
  UPDATE definition_revision SET revision = revision + 1;
END;
