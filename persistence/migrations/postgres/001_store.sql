-- The store as it was first released: the twin of ../sqlite/001_store.sql. Times are UTC
-- milliseconds; instance ids are UUIDv7, so rows of one hour lie together and descending ids are
-- "newest first" for free. Names and keys compare by bytes (COLLATE "C"), as in SQLite.
-- No foreign key on the tables of every commit: each would lock a row that all commits share.

CREATE TABLE store (
  only_row   integer PRIMARY KEY CHECK (only_row = 1),
  partitions integer NOT NULL CHECK (partitions BETWEEN 1 AND 65535)
);

-- A commit that only holds if its assumptions do: the error takes the whole transaction back.
CREATE FUNCTION expect(came bigint, expected bigint, state text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  IF came <> expected THEN
    RAISE EXCEPTION 'expected % rows, came %', expected, came USING ERRCODE = state;
  END IF;
  RETURN came;
END $$;

-- Who is alive, by this database's clock.
CREATE TABLE node (
  node        text COLLATE "C" NOT NULL PRIMARY KEY CHECK (node <> ''),
  lease_until timestamptz NOT NULL,
  leaves      integer     NOT NULL CHECK (leaves IN (0, 1))  -- it takes nothing more
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE partition (
  partition_id integer PRIMARY KEY,
  epoch        bigint  NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  owner        text COLLATE "C" NOT NULL DEFAULT ''
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What nodes ask of each other. Unlogged: a question need not outlive a crash of the database.
CREATE UNLOGGED TABLE parcel (
  parcel_id    text COLLATE "C" NOT NULL PRIMARY KEY,
  to_node      text COLLATE "C" NOT NULL,
  partition_id integer,
  expires_at   timestamptz NOT NULL,
  body         text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX parcel_by_node ON parcel (to_node);
CREATE INDEX parcel_by_partition ON parcel (partition_id) WHERE partition_id IS NOT NULL;

-- How many transactions each writing connection has committed. It is raised in the transaction
-- itself: whoever lost the answer to a COMMIT finds it here, and a transaction that arrives late,
-- when its sender has already gone on, finds that its turn is over.
CREATE TABLE commit_mark (
  slot    uuid   PRIMARY KEY,
  commits bigint NOT NULL CHECK (commits >= 0),
  used_at timestamptz NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Names once, numbers in every instance: rows stay short.
CREATE TABLE workflow (
  workflow_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace   text COLLATE "C" NOT NULL,
  name        text COLLATE "C" NOT NULL,
  UNIQUE (namespace, name)
);

CREATE TABLE workflow_version (
  version_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workflow_id bigint NOT NULL REFERENCES workflow,
  version     text COLLATE "C" NOT NULL,
  digest      text COLLATE "C" NOT NULL,
  UNIQUE (workflow_id, version, digest)
);

CREATE TABLE definition (
  namespace   text COLLATE "C" NOT NULL,
  name        text COLLATE "C" NOT NULL,
  version     text COLLATE "C" NOT NULL,
  digest      text COLLATE "C" NOT NULL,
  source      text   NOT NULL,
  deployed_at bigint NOT NULL,
  PRIMARY KEY (namespace, name, version)
);

-- Half of each page is left free, so that a checkpoint finds room for the row's next version on its
-- page and touches no index (HOT); that holds as long as no column changes that an index names.
CREATE TABLE instance (
  instance_id     uuid    NOT NULL PRIMARY KEY,
  partition_id    integer NOT NULL,
  last_seq        bigint  NOT NULL CHECK (last_seq >= 0),
  wake_at         bigint,
  updated_at      bigint  NOT NULL,
  ended_at        bigint,
  parked_at       bigint,
  deadline        bigint,
  key_born_at     bigint,
  workflow_id     bigint  NOT NULL,
  version_id      bigint  NOT NULL,
  started_at      bigint  NOT NULL,
  parent_id       uuid,
  error_status    integer NOT NULL,
  completed_tasks integer NOT NULL,
  attempts        integer NOT NULL,
  status          text COLLATE "C" NOT NULL
                  CHECK (status IN ('pending', 'running', 'waiting', 'suspended', 'cancelled',
                                    'faulted', 'completed')),
  task            text COLLATE "C" NOT NULL,
  waiting_kind    text COLLATE "C" NOT NULL,
  waiting_detail  text COLLATE "C" NOT NULL,
  provider        text COLLATE "C" NOT NULL,
  operation       text COLLATE "C" NOT NULL,
  park_reason     text COLLATE "C" NOT NULL,
  error_type      text COLLATE "C" NOT NULL,
  error_title     text COLLATE "C" NOT NULL,
  key             text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  payload_hash    text COLLATE "C" NOT NULL,
  started_by      text COLLATE "C" NOT NULL,
  attributes      text    NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- What a node must wake. Sleeping runs are found here and nowhere in memory.
CREATE INDEX instance_due ON instance (partition_id, wake_at, instance_id) WHERE wake_at > 0;
CREATE INDEX instance_open ON instance (partition_id, instance_id) WHERE wake_at = 0;
-- Lists by status, newest first; started_at rides along so that counts never touch the rows.
CREATE INDEX instance_by_status ON instance (status, instance_id) INCLUDE (started_at);
CREATE INDEX instance_by_workflow ON instance (workflow_id, instance_id);
CREATE INDEX instance_by_parent ON instance (parent_id, instance_id) WHERE parent_id IS NOT NULL;
-- "What is stuck, on what, since when": the first question of every operator. Provider, operation
-- and the rest are read from the rows: named here, they would make every step of every run write
-- all indexes.
CREATE INDEX instance_parked ON instance (instance_id) WHERE waiting_kind = 'parked';
CREATE INDEX instance_faulted ON instance (error_type, instance_id) WHERE status = 'faulted';

-- At most one run per business key. Runs that gave up their key are remembered for searches.
CREATE TABLE business_key (
  key         text COLLATE "C" NOT NULL CHECK (key <> ''),
  workflow_id bigint NOT NULL,
  instance_id uuid   NOT NULL,
  PRIMARY KEY (key, workflow_id)
);

CREATE TABLE business_key_former (
  key         text COLLATE "C" NOT NULL,
  workflow_id bigint NOT NULL,
  instance_id uuid   NOT NULL,
  PRIMARY KEY (key, workflow_id, instance_id)
);

CREATE TABLE idempotency_key (
  key         text COLLATE "C" NOT NULL CHECK (key <> ''),
  workflow_id bigint NOT NULL,
  instance_id uuid   NOT NULL,
  started_at  bigint NOT NULL,
  PRIMARY KEY (key, workflow_id)
);

CREATE TABLE instance_attribute (
  name        text COLLATE "C" NOT NULL,
  value       text COLLATE "C" NOT NULL,  -- JSON text of the scalar, so that 1 and "1" differ
  instance_id uuid NOT NULL,
  PRIMARY KEY (name, value, instance_id)
);

-- One row per checkpoint: the records up to and with last_seq. The key refuses a second history.
CREATE TABLE journal (
  instance_id uuid   NOT NULL,
  last_seq    bigint NOT NULL CHECK (last_seq > 0),
  at_ms       bigint NOT NULL,
  records     text   NOT NULL,
  PRIMARY KEY (instance_id, last_seq)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1,
        autovacuum_vacuum_cost_delay = 0);

CREATE TABLE snapshot (
  instance_id uuid   NOT NULL PRIMARY KEY,
  last_seq    bigint NOT NULL CHECK (last_seq > 0),
  state       text   NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- Every event that ever arrived or was emitted: the inbox, and what de-duplicates deliveries.
CREATE TABLE event (
  event_id    bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  received_at bigint  NOT NULL,
  expires_at  bigint  NOT NULL,
  settled     integer NOT NULL CHECK (settled IN (0, 1)),  -- workflows it starts are started
  deliveries  integer NOT NULL,
  source      text COLLATE "C" NOT NULL,
  source_id   text COLLATE "C" NOT NULL,
  type        text COLLATE "C" NOT NULL,
  origin      text COLLATE "C" NOT NULL,
  state       text COLLATE "C" NOT NULL
              CHECK (state IN ('unrouted', 'held', 'delivered', 'started', 'ignored', 'expired')),
  body        text    NOT NULL,
  UNIQUE (source, source_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX event_unsettled ON event (event_id) WHERE settled = 0;
CREATE INDEX event_held ON event (expires_at) WHERE state = 'held';
CREATE INDEX event_by_type ON event (type, event_id);
CREATE INDEX event_by_state ON event (state, event_id);

CREATE TABLE held_candidate (
  filter_key       text COLLATE "C" NOT NULL,
  correlation_hash text COLLATE "C" NOT NULL,
  event_id         bigint NOT NULL,
  PRIMARY KEY (filter_key, correlation_hash, event_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX held_candidate_by_event ON held_candidate (event_id);

CREATE TABLE subscription (
  filter_key       text COLLATE "C" NOT NULL,
  correlation_hash text COLLATE "C" NOT NULL,
  instance_id      uuid   NOT NULL,
  frame            bigint NOT NULL,
  type             text COLLATE "C" NOT NULL,
  PRIMARY KEY (filter_key, correlation_hash, instance_id, frame)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX subscription_by_instance ON subscription (instance_id);

CREATE SEQUENCE message_number;
CREATE TABLE message (
  message_id   bigint  NOT NULL PRIMARY KEY DEFAULT nextval('message_number'),
  partition_id integer NOT NULL,
  instance_id  uuid    NOT NULL,
  event_id     bigint,  -- the body of an event is stored once, for all receivers
  body         text,
  sent_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((event_id IS NULL) <> (body IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX message_by_instance ON message (partition_id, instance_id, message_id);

CREATE TABLE operation_result (
  instance_id uuid NOT NULL,
  key         text COLLATE "C" NOT NULL,
  error_code  text CHECK (error_code IN ('conflict', 'not_found', 'invalid_request', 'too_large')),
  output      text NOT NULL,  -- JSON; with error_code: its detail
  PRIMARY KEY (instance_id, key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE TABLE record (
  collection text COLLATE "C" NOT NULL,
  key        text COLLATE "C" NOT NULL,
  version    bigint NOT NULL CHECK (version > 0),
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  value      text   NOT NULL,
  PRIMARY KEY (collection, key)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE record_unique (
  collection text COLLATE "C" NOT NULL,
  name       text COLLATE "C" NOT NULL,
  value      text COLLATE "C" NOT NULL,
  key        text COLLATE "C" NOT NULL,
  PRIMARY KEY (collection, name, value)
);
CREATE INDEX record_unique_by_key ON record_unique (collection, key);

CREATE TABLE audit (
  audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at_ms     bigint NOT NULL,
  principal text NOT NULL,
  action    text NOT NULL,
  target    text COLLATE "C" NOT NULL,
  reason    text NOT NULL,
  outcome   text NOT NULL,
  remote    text NOT NULL
);
CREATE INDEX audit_by_target ON audit (target, audit_id);

-- Long texts are compressed with every checkpoint: by LZ4, which costs a fraction of the default,
-- where the server (14 or later) was built with it.
DO $$
BEGIN
  EXECUTE 'ALTER TABLE journal ALTER COLUMN records SET COMPRESSION lz4';
  EXECUTE 'ALTER TABLE snapshot ALTER COLUMN state SET COMPRESSION lz4';
  EXECUTE 'ALTER TABLE event ALTER COLUMN body SET COMPRESSION lz4';
  EXECUTE 'ALTER TABLE message ALTER COLUMN body SET COMPRESSION lz4';
  EXECUTE 'ALTER TABLE record ALTER COLUMN value SET COMPRESSION lz4';
EXCEPTION WHEN feature_not_supported OR syntax_error OR invalid_parameter_value THEN
  NULL;
END $$;
