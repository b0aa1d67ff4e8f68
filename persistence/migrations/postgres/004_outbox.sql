-- How far each sink of the outbox has published what workflows emitted.
CREATE TABLE outbox_sink (
  name       text COLLATE "C" NOT NULL PRIMARY KEY CHECK (name <> ''),
  cursor     bigint NOT NULL CHECK (cursor >= 0),
  updated_at bigint NOT NULL
) WITH (fillfactor = 20);

-- The number of the last emitted event. Whoever commits one holds this row until its commit, so
-- numbers rise in the order of commits: a sequence gives them before, and a reader would pass over
-- one that is committed late.
CREATE TABLE outbox_number (
  only_row integer PRIMARY KEY CHECK (only_row = 1),
  last     bigint  NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO outbox_number (only_row, last) VALUES (1, 0);

ALTER TABLE event ADD COLUMN emitted bigint;  -- its number in the outbox
CREATE UNIQUE INDEX event_emitted ON event (emitted) WHERE emitted IS NOT NULL;

-- Whatever clears old events out leaves those that some sink has still to publish.
CREATE FUNCTION keep_unpublished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM outbox_sink WHERE outbox_sink.cursor < OLD.emitted) THEN
    RETURN NULL;
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER event_unpublished BEFORE DELETE ON event FOR EACH ROW
  WHEN (OLD.emitted IS NOT NULL) EXECUTE FUNCTION keep_unpublished();
