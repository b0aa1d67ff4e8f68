-- needs: 4
-- All that a node says and asks when it renews its lease, in one statement: an idle node makes no other.
-- The steps see what the ones before them did, as each statement of the function has a snapshot of its
-- own. A row for each partition; what concerns the whole cluster is the same in all of them.
CREATE FUNCTION renew(me text, ttl_ms bigint, going bigint, partitions bigint)
RETURNS TABLE (
  partition_id integer,
  owner        text,     -- '' = nobody, or one whose lease has run out
  epoch        bigint,
  mail         boolean,  -- a message to a run of this node has not been fetched for a second
  nodes        bigint,   -- that live and don't leave
  definitions  bigint,   -- their revision
  parcels      boolean,  -- some wait for this node
  next_death   bigint,   -- in ms, of another node that does not renew before; null = there is none
  emitted      bigint,   -- number of the last event for the outbox
  batches      boolean   -- some are under way
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO node (node, lease_until, leaves)
  VALUES (me, clock_timestamp() + ttl_ms * interval '1 millisecond', going)
  ON CONFLICT (node) DO UPDATE SET lease_until = excluded.lease_until, leaves = excluded.leaves;

  -- A node is dead when its row is gone, and not before: one that wakes up late and renews at this very
  -- moment either keeps its row, and with it its partitions, or waits here until we have taken them and
  -- sees that. By the time alone both could believe that they own them.
  DELETE FROM node WHERE node.node IN (
    SELECT dead.node FROM node AS dead WHERE dead.lease_until <= clock_timestamp()
    ORDER BY dead.node FOR UPDATE SKIP LOCKED);

  -- A partition that is locked has a commit of its old owner under way, or another node takes it: the
  -- next renewal looks again.
  IF going = 0 THEN
    WITH sharing AS (
      SELECT greatest(count(*), 1) AS nodes FROM node
      WHERE lease_until > clock_timestamp() AND leaves = 0),
    free AS (
      SELECT p.partition_id FROM partition p
      WHERE NOT EXISTS (SELECT 1 FROM node WHERE node.node = p.owner)
      ORDER BY p.partition_id
      LIMIT greatest(0, (SELECT (partitions + sharing.nodes - 1) / sharing.nodes FROM sharing)
                        - (SELECT count(*) FROM partition WHERE partition.owner = me))
      FOR UPDATE OF p SKIP LOCKED)
    UPDATE partition SET owner = me, epoch = partition.epoch + 1 FROM free
    WHERE partition.partition_id = free.partition_id;
  END IF;

  RETURN QUERY
  WITH figures AS (
    SELECT (SELECT count(*) FROM node WHERE lease_until > clock_timestamp() AND leaves = 0),
           (SELECT revision FROM definition_revision),
           EXISTS (SELECT 1 FROM parcel
                   WHERE (to_node = me OR partition_id IN (SELECT mine.partition_id
                                                           FROM partition AS mine
                                                           WHERE mine.owner = me))
                     AND expires_at > clock_timestamp()),
           (SELECT ceil(extract(epoch FROM min(lease_until) - clock_timestamp()) * 1000)::bigint
            FROM node WHERE node.node <> me),
           (SELECT last FROM outbox_number),
           EXISTS (SELECT 1 FROM repair_batch WHERE finished_at IS NULL AND state <> 'paused'))
  SELECT p.partition_id, coalesce(n.node, ''), p.epoch,
         p.owner = me AND EXISTS (
           SELECT 1 FROM message m WHERE m.partition_id = p.partition_id
             AND m.sent_at < clock_timestamp() - interval '1 second'),
         figures.*
  FROM partition p
  LEFT JOIN node n ON n.node = p.owner AND n.lease_until > clock_timestamp()
  CROSS JOIN figures
  ORDER BY p.partition_id;
END $$;
