-- Who writes, and who may: a row for each partition and each statement that adds to its journal, in
-- the same transaction. Sequent itself stores no epoch beside its records; here the database notes the
-- one that is current while they are written, and the name of the connection that writes them.
CREATE SCHEMA audit;
CREATE TABLE audit.written (
  number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  partition_id integer NOT NULL,
  epoch        bigint  NOT NULL,
  owner        text    NOT NULL,
  writer       text    NOT NULL,
  at           timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO audit.written (partition_id, epoch, owner, writer)
  SELECT p.partition_id, p.epoch, p.owner, current_setting('application_name')
  FROM sequent.partition p
  WHERE p.partition_id IN (
    -- The last two bytes of an instance's id.
    SELECT ('x' || right(instance_id::text, 4))::bit(16)::integer FROM added);
  RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT ON sequent.journal
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit.note();
