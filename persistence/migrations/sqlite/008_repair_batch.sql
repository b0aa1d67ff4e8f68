-- Batches: one operator's action to every run that a filter finds, and what became of each.
CREATE TABLE repair_batch (
  batch_id      TEXT    NOT NULL PRIMARY KEY CHECK (batch_id <> ''),
  action        TEXT    NOT NULL,
  arguments     TEXT    NOT NULL,
  filter        TEXT    NOT NULL,
  where_text    TEXT    NOT NULL,
  item_order    TEXT    NOT NULL CHECK (item_order IN ('deadline', 'age', 'newest')),
  rate_per_hour INTEGER NOT NULL CHECK (rate_per_hour >= 0),
  reason        TEXT    NOT NULL,
  created_by    TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
  updated_at    INTEGER NOT NULL,
  finished_at   INTEGER,
  selected      INTEGER NOT NULL CHECK (selected IN (0, 1)),
  select_after  BLOB,              -- the last run that was looked at, newest first
  detail        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX repair_batch_open ON repair_batch (batch_id) WHERE finished_at IS NULL;

CREATE TABLE repair_item (
  batch_id    TEXT    NOT NULL REFERENCES repair_batch,
  instance_id BLOB    NOT NULL CHECK (length(instance_id) = 16),
  state       TEXT    NOT NULL CHECK (state IN ('pending', 'taken', 'acted', 'succeeded', 'faulted',
                                                'parked', 'refused', 'changed')),
  place       INTEGER NOT NULL,    -- in the batch's order; then by id
  seq         INTEGER NOT NULL,    -- the run's journal before the action
  heard       INTEGER NOT NULL,    -- up to where its outcome was looked for
  detail      TEXT    NOT NULL,
  updated_at  INTEGER NOT NULL,
  PRIMARY KEY (batch_id, instance_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX repair_item_by_state ON repair_item (batch_id, state, place, instance_id);
