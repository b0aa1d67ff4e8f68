-- The store as it was first released. Times are UTC milliseconds; instance ids are 16 raw bytes
-- (UUIDv7), so rows of one hour lie together and descending ids are "newest first" for free.

CREATE TABLE store (
  only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
  partitions INTEGER NOT NULL CHECK (partitions BETWEEN 1 AND 65535)
) STRICT;

CREATE TABLE partition (
  partition_id INTEGER PRIMARY KEY,
  epoch        INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  owner        TEXT    NOT NULL DEFAULT '',
  lease_until  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Names once, numbers in every instance: rows stay short.
CREATE TABLE workflow (
  workflow_id INTEGER PRIMARY KEY,
  namespace   TEXT NOT NULL,
  name        TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT;

CREATE TABLE workflow_version (
  version_id  INTEGER PRIMARY KEY,
  workflow_id INTEGER NOT NULL REFERENCES workflow,
  version     TEXT NOT NULL,
  digest      TEXT NOT NULL,
  UNIQUE (workflow_id, version, digest)
) STRICT;

CREATE TABLE definition (
  namespace   TEXT NOT NULL,
  name        TEXT NOT NULL,
  version     TEXT NOT NULL,
  digest      TEXT NOT NULL,
  source      TEXT NOT NULL,
  deployed_at INTEGER NOT NULL,
  PRIMARY KEY (namespace, name, version)
) STRICT;

CREATE TABLE instance (
  instance_id     BLOB    NOT NULL CHECK (length(instance_id) = 16),
  partition_id    INTEGER NOT NULL,
  last_seq        INTEGER NOT NULL CHECK (last_seq >= 0),
  status          TEXT    NOT NULL CHECK (status IN ('pending', 'running', 'waiting', 'suspended',
                                                     'cancelled', 'faulted', 'completed')),
  wake_at         INTEGER,
  updated_at      INTEGER NOT NULL,
  ended_at        INTEGER,
  task            TEXT    NOT NULL,
  waiting_kind    TEXT    NOT NULL,
  waiting_detail  TEXT    NOT NULL,
  provider        TEXT    NOT NULL,
  operation       TEXT    NOT NULL,
  park_reason     TEXT    NOT NULL,
  error_type      TEXT    NOT NULL,
  error_status    INTEGER NOT NULL,
  error_title     TEXT    NOT NULL,
  parked_at       INTEGER,
  deadline        INTEGER,
  key_born_at     INTEGER,
  completed_tasks INTEGER NOT NULL,
  attempts        INTEGER NOT NULL,
  workflow_id     INTEGER NOT NULL REFERENCES workflow,
  version_id      INTEGER NOT NULL REFERENCES workflow_version,
  started_at      INTEGER NOT NULL,
  parent_id       BLOB CHECK (parent_id IS NULL OR length(parent_id) = 16),
  key             TEXT    NOT NULL,
  idempotency_key TEXT    NOT NULL,
  payload_hash    TEXT    NOT NULL,
  started_by      TEXT    NOT NULL,
  attributes      TEXT    NOT NULL,
  PRIMARY KEY (instance_id)
) STRICT, WITHOUT ROWID;

-- What a node must wake. Sleeping runs are found here and nowhere in memory. Runs with open effects
-- (wake_at 0) come and go with each commit: in an index of their own they share a few pages, among a
-- million sleepers each partition's would dirty another one.
CREATE INDEX instance_due ON instance (partition_id, wake_at) WHERE wake_at > 0;
CREATE INDEX instance_open ON instance (partition_id, instance_id) WHERE wake_at = 0;
-- Lists by status, newest first; started_at rides along so that counts never touch the rows.
CREATE INDEX instance_by_status ON instance (status, instance_id, started_at);
CREATE INDEX instance_by_workflow ON instance (workflow_id, instance_id);
CREATE INDEX instance_by_parent ON instance (parent_id, instance_id) WHERE parent_id IS NOT NULL;
-- "What is stuck, on what, since when": the first question of every operator.
-- Newest first, with what the filter asks: only the runs of the page are read themselves.
CREATE INDEX instance_parked ON instance (waiting_kind, instance_id, provider, operation,
                                          error_type, deadline, key_born_at, started_at)
  WHERE waiting_kind = 'parked';
CREATE INDEX instance_faulted ON instance (error_type, instance_id) WHERE status = 'faulted';

-- At most one run per business key. Runs that gave up their key are remembered for searches.
CREATE TABLE business_key (
  key         TEXT    NOT NULL CHECK (key <> ''),
  workflow_id INTEGER NOT NULL,
  instance_id BLOB    NOT NULL,
  PRIMARY KEY (key, workflow_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE business_key_former (
  key         TEXT    NOT NULL,
  workflow_id INTEGER NOT NULL,
  instance_id BLOB    NOT NULL,
  PRIMARY KEY (key, workflow_id, instance_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_key (
  key         TEXT    NOT NULL CHECK (key <> ''),
  workflow_id INTEGER NOT NULL,
  instance_id BLOB    NOT NULL,
  started_at  INTEGER NOT NULL,
  PRIMARY KEY (key, workflow_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance_attribute (
  name        TEXT NOT NULL,
  value       TEXT NOT NULL,  -- JSON text of the scalar, so that 1 and "1" differ
  instance_id BLOB NOT NULL,
  PRIMARY KEY (name, value, instance_id)
) STRICT, WITHOUT ROWID;

-- One row per checkpoint: the records up to and with last_seq. The key refuses a second history.
-- A rowid table: appends stay appends and the inner pages hold numbers instead of whole rows
-- (measured: a quarter less CPU for a whole run than WITHOUT ROWID).
CREATE TABLE journal (
  instance_id BLOB    NOT NULL,
  last_seq    INTEGER NOT NULL CHECK (last_seq > 0),
  at_ms       INTEGER NOT NULL,
  records     TEXT    NOT NULL,
  PRIMARY KEY (instance_id, last_seq)
) STRICT;

CREATE TABLE snapshot (
  instance_id BLOB    NOT NULL PRIMARY KEY,
  last_seq    INTEGER NOT NULL CHECK (last_seq > 0),
  state       TEXT    NOT NULL
) STRICT;

-- Every event that ever arrived or was emitted: the inbox, and what de-duplicates deliveries.
CREATE TABLE event (
  event_id    INTEGER PRIMARY KEY AUTOINCREMENT,
  source      TEXT    NOT NULL,
  source_id   TEXT    NOT NULL,
  type        TEXT    NOT NULL,
  origin      TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('unrouted', 'held', 'delivered', 'started',
                                                'ignored', 'expired')),
  settled     INTEGER NOT NULL CHECK (settled IN (0, 1)),  -- workflows it starts are started
  received_at INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  deliveries  INTEGER NOT NULL,
  body        TEXT    NOT NULL,
  UNIQUE (source, source_id)
) STRICT;
CREATE INDEX event_unsettled ON event (event_id) WHERE settled = 0;
CREATE INDEX event_held ON event (expires_at) WHERE state = 'held';
CREATE INDEX event_by_type ON event (type, event_id);
CREATE INDEX event_by_state ON event (state, event_id);

CREATE TABLE held_candidate (
  filter_key       TEXT    NOT NULL,
  correlation_hash TEXT    NOT NULL,
  event_id         INTEGER NOT NULL,
  PRIMARY KEY (filter_key, correlation_hash, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_candidate_by_event ON held_candidate (event_id);

CREATE TABLE subscription (
  filter_key       TEXT    NOT NULL,
  correlation_hash TEXT    NOT NULL,
  instance_id      BLOB    NOT NULL,
  frame            INTEGER NOT NULL,
  type             TEXT    NOT NULL,
  PRIMARY KEY (filter_key, correlation_hash, instance_id, frame)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_by_instance ON subscription (instance_id);

-- AUTOINCREMENT: an id that was consumed must never come back as another message.
CREATE TABLE message (
  message_id   INTEGER PRIMARY KEY AUTOINCREMENT,
  partition_id INTEGER NOT NULL,
  instance_id  BLOB    NOT NULL,
  event_id     INTEGER REFERENCES event,  -- the body of an event is stored once, for all receivers
  body         TEXT,
  CHECK ((event_id IS NULL) <> (body IS NULL))
) STRICT;
CREATE INDEX message_by_instance ON message (partition_id, instance_id, message_id);

CREATE TABLE operation_result (
  instance_id BLOB NOT NULL,
  key         TEXT NOT NULL,
  error_code  TEXT CHECK (error_code IN ('conflict', 'not_found', 'invalid_request', 'too_large')),
  output      TEXT NOT NULL,  -- JSON; with error_code: its detail
  PRIMARY KEY (instance_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
  collection TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE record_unique (
  collection TEXT NOT NULL,
  name       TEXT NOT NULL,
  value      TEXT NOT NULL,
  key        TEXT NOT NULL,
  PRIMARY KEY (collection, name, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_unique_by_key ON record_unique (collection, key);

CREATE TABLE audit (
  audit_id  INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms     INTEGER NOT NULL,
  principal TEXT NOT NULL,
  action    TEXT NOT NULL,
  target    TEXT NOT NULL,
  reason    TEXT NOT NULL,
  outcome   TEXT NOT NULL,
  remote    TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_target ON audit (target, audit_id);
