-- Events that start a workflow only together (schedule.on.all), until their set is whole. The set is
-- claimed in the transaction that stores its last event, and goes when that event is settled: by then
-- the run that it starts is durable.
CREATE TABLE collected_event (
  collection text COLLATE "C" NOT NULL,  -- a workflow's version and what its events correlate by
  place      integer NOT NULL CHECK (place >= 0),
  event_id   bigint  NOT NULL,
  set_id     bigint,                     -- the event that made the set whole; null = it still waits
  expires_at bigint  NOT NULL,
  PRIMARY KEY (collection, place, event_id)
);
CREATE INDEX collected_event_by_set ON collected_event (set_id, place) WHERE set_id IS NOT NULL;
CREATE INDEX collected_event_by_expiry ON collected_event (expires_at) WHERE set_id IS NULL;
