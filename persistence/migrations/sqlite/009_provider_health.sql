-- The health of each provider, account and class of operations: one state for all nodes. `state` is
-- the engine's own JSON; `revision` rises with every write, so that a node reads what is new.
CREATE TABLE provider_circuit (
  provider        TEXT    NOT NULL CHECK (provider <> ''),
  account         TEXT    NOT NULL,
  operation_class TEXT    NOT NULL,
  revision        INTEGER NOT NULL CHECK (revision > 0),
  state           TEXT    NOT NULL,
  PRIMARY KEY (provider, account, operation_class)
) STRICT, WITHOUT ROWID;

CREATE INDEX provider_circuit_news ON provider_circuit (revision);

-- Calls that wait for their provider, written with the checkpoint that parked them. Without a
-- deadline the column holds the last of all times, so that the queue is one range of the index:
-- earliest deadline first, then the oldest run.
CREATE TABLE parked_call (
  instance_id  BLOB    NOT NULL CHECK (length(instance_id) = 16),
  frame        INTEGER NOT NULL,
  partition_id INTEGER NOT NULL,
  circuit      TEXT    NOT NULL CHECK (circuit <> ''),
  deadline     INTEGER NOT NULL,
  parked_at    INTEGER NOT NULL,
  PRIMARY KEY (instance_id, frame)
) STRICT, WITHOUT ROWID;

CREATE INDEX parked_call_queue
  ON parked_call (circuit, deadline, instance_id, frame, partition_id, parked_at);
