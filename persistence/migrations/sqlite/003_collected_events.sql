-- Events that start a workflow only together (schedule.on.all), until their set is whole. The set is
-- claimed in the transaction that stores its last event, and goes when that event is settled: by then
-- the run that it starts is durable.
CREATE TABLE collected_event (
  collection TEXT    NOT NULL,  -- a workflow's version and what its events correlate by
  place      INTEGER NOT NULL CHECK (place >= 0),
  event_id   INTEGER NOT NULL REFERENCES event,
  set_id     INTEGER,           -- the event that made the set whole; null = it still waits
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (collection, place, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX collected_event_by_set ON collected_event (set_id, place) WHERE set_id IS NOT NULL;
CREATE INDEX collected_event_by_expiry ON collected_event (expires_at) WHERE set_id IS NULL;
