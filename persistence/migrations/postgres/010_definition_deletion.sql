-- needs: 4
-- Versions that were deleted: hidden, and kept as long as runs can be read that may be of them. An
-- older release still offers them for starts; what it starts goes on under them.
ALTER TABLE definition ADD COLUMN deleted_at bigint;

-- Rises with every change of the definitions, whichever release makes it, so that a node knows whether
-- it has read them all.
CREATE TABLE definition_revision (
  only_row integer NOT NULL PRIMARY KEY CHECK (only_row = 1),
  revision bigint  NOT NULL
);
INSERT INTO definition_revision SELECT 1, count(*) FROM definition;
CREATE FUNCTION count_definition_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE definition_revision SET revision = revision + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER definition_changed AFTER INSERT OR UPDATE OR DELETE ON definition FOR EACH ROW
  EXECUTE FUNCTION count_definition_change();
