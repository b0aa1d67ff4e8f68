-- needs: 4
-- Batches: one operator's action to every run that a filter finds, and what became of each.
CREATE TABLE repair_batch (
  batch_id      text COLLATE "C" NOT NULL PRIMARY KEY CHECK (batch_id <> ''),
  action        text    NOT NULL,
  arguments     text    NOT NULL,
  filter        text    NOT NULL,
  where_text    text    NOT NULL,
  item_order    text    NOT NULL CHECK (item_order IN ('deadline', 'age', 'newest')),
  rate_per_hour bigint  NOT NULL CHECK (rate_per_hour >= 0),
  reason        text    NOT NULL,
  created_by    text    NOT NULL,
  created_at    bigint  NOT NULL,
  state         text    NOT NULL CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
  updated_at    bigint  NOT NULL,
  finished_at   bigint,
  selected      bigint  NOT NULL CHECK (selected IN (0, 1)),
  select_after  uuid,               -- the last run that was looked at, newest first
  detail        text    NOT NULL
);
CREATE INDEX repair_batch_open ON repair_batch (batch_id) WHERE finished_at IS NULL;

CREATE TABLE repair_item (
  batch_id    text COLLATE "C" NOT NULL REFERENCES repair_batch,
  instance_id uuid    NOT NULL,
  state       text COLLATE "C" NOT NULL CHECK (state IN (
                'pending', 'taken', 'acted', 'succeeded', 'faulted', 'parked', 'refused', 'changed')),
  place       bigint  NOT NULL,     -- in the batch's order; then by id
  seq         bigint  NOT NULL,     -- the run's journal before the action
  heard       bigint  NOT NULL,     -- up to where its outcome was looked for
  detail      text    NOT NULL,
  updated_at  bigint  NOT NULL,
  PRIMARY KEY (batch_id, instance_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX repair_item_by_state ON repair_item (batch_id, state, place, instance_id);
