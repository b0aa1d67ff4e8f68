-- How far each sink of the outbox has published what workflows emitted.
CREATE TABLE outbox_sink (
  name       TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
  cursor     INTEGER NOT NULL CHECK (cursor >= 0),
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX event_emitted ON event (event_id) WHERE origin = 'emit';

-- Whatever clears old events out leaves those that some sink has still to publish.
CREATE TRIGGER event_unpublished BEFORE DELETE ON event
WHEN OLD.origin = 'emit'
  AND EXISTS (SELECT 1 FROM outbox_sink WHERE outbox_sink.cursor < OLD.event_id)
BEGIN
  SELECT RAISE(IGNORE);
END;
