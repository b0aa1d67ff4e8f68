-- needs: 4
-- The health of each provider, account and class of operations: one state for all nodes. `state` is
-- the engine's own JSON; `revision` rises with every write, so that a node reads what is new.
CREATE TABLE provider_circuit (
  provider        text COLLATE "C" NOT NULL CHECK (provider <> ''),
  account         text COLLATE "C" NOT NULL,
  operation_class text COLLATE "C" NOT NULL,
  revision        bigint NOT NULL CHECK (revision > 0),
  state           text   NOT NULL,
  PRIMARY KEY (provider, account, operation_class)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX provider_circuit_news ON provider_circuit (revision);

-- Calls that wait for their provider, written with the checkpoint that parked them. Without a
-- deadline the column holds the last of all times, so that the queue is one range of the index:
-- earliest deadline first, then the oldest run.
CREATE TABLE parked_call (
  instance_id  uuid    NOT NULL,
  frame        bigint  NOT NULL,
  partition_id integer NOT NULL,
  circuit      text COLLATE "C" NOT NULL CHECK (circuit <> ''),
  deadline     bigint  NOT NULL,
  parked_at    bigint  NOT NULL,
  PRIMARY KEY (instance_id, frame)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE INDEX parked_call_queue
  ON parked_call (circuit, deadline, instance_id, frame, partition_id, parked_at);
