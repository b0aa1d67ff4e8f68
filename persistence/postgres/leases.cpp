// Leases, by the clock of the database: nodes need not agree on the time. Only the presence of a node
// is renewed, one row; the rows of its partitions change when they change hands.
#include <algorithm>

#include "base/assert.hpp"
#include "persistence/postgres/postgres_store.hpp"

namespace sequent::persistence::postgres {

using runtime::Lease;
using runtime::Membership;

namespace {

constexpr std::string_view renew_presence = R"sql(
  INSERT INTO node (node, lease_until, leaves)
  VALUES (?1, clock_timestamp() + ?2 * interval '1 millisecond', ?3)
  ON CONFLICT (node) DO UPDATE SET lease_until = excluded.lease_until, leaves = excluded.leaves
)sql";
// A node is dead when its row is gone, and not before: one that wakes up late and renews at this very
// moment either keeps its row, and with it its partitions, or waits here until we have taken them and
// sees that. By the time alone both could believe that they own them.
constexpr std::string_view bury_dead = R"sql(
  DELETE FROM node WHERE node IN (
    SELECT node FROM node WHERE lease_until <= clock_timestamp()
    ORDER BY node FOR UPDATE SKIP LOCKED)
)sql";
// One that is locked has a commit of its old owner under way, or another node takes it: the next
// renewal looks again.
constexpr std::string_view take_free = R"sql(
  WITH live AS (SELECT node, leaves FROM node WHERE lease_until > clock_timestamp()),
  share AS (
    SELECT (?2 + greatest(count(*), 1) - 1) / greatest(count(*), 1) AS most
    FROM live WHERE leaves = 0),
  free AS (
    SELECT p.partition_id FROM partition p
    WHERE NOT EXISTS (SELECT 1 FROM node WHERE node.node = p.owner)
    ORDER BY p.partition_id
    LIMIT greatest(0, (SELECT most FROM share)
                      - (SELECT count(*) FROM partition WHERE owner = ?1))
    FOR UPDATE OF p SKIP LOCKED)
  UPDATE partition SET owner = ?1, epoch = epoch + 1 FROM free
  WHERE partition.partition_id = free.partition_id
)sql";
constexpr std::string_view select_owners = R"sql(
  SELECT p.partition_id, coalesce(n.node, ''), p.epoch FROM partition p
  LEFT JOIN node n ON n.node = p.owner AND n.lease_until > clock_timestamp()
  ORDER BY p.partition_id
)sql";
constexpr std::string_view select_figures = R"sql(
  SELECT (SELECT count(*) FROM node WHERE lease_until > clock_timestamp() AND leaves = 0),
         (SELECT revision FROM definition_revision),
         (SELECT count(*) FROM parcel
          WHERE (to_node = ?1 OR partition_id IN (SELECT partition_id FROM partition
                                                  WHERE owner = ?1))
            AND expires_at > clock_timestamp()),
         (SELECT ceil(extract(epoch FROM min(lease_until) - clock_timestamp()) * 1000)::bigint
          FROM node WHERE node <> ?1)
)sql";
constexpr std::string_view old_mail = R"sql(
  SELECT p.partition_id FROM partition p
  WHERE p.owner = ?1 AND EXISTS (
    SELECT 1 FROM message m WHERE m.partition_id = p.partition_id
      AND m.sent_at < clock_timestamp() - interval '1 second')
  ORDER BY p.partition_id
)sql";
// The epoch rises here too: what the leaving node still has under way is fenced from now on.
constexpr std::string_view give_one_back = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = ''
  WHERE owner = ?1 AND partition_id = ?2 AND epoch = ?3
)sql";
constexpr std::string_view give_all_back = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = '' WHERE partition_id IN (
    SELECT partition_id FROM partition WHERE owner = ?1 ORDER BY partition_id FOR UPDATE)
)sql";
constexpr std::string_view forget_presence = R"sql(
  DELETE FROM node WHERE node = ?1
)sql";

}  // namespace

// Whatever of it was lost on the way is said again by the next one: no mark is needed.
Result<Membership> PostgresStore::acquire(const runtime::Renewal& renewal) {
  SEQUENT_ASSERT(!renewal.node.empty() && renewal.ttl > 0);
  return reading(lessor_, [&](Connection& connection) -> Result<Membership> {
    connection.begin();
    connection.queue(renew_presence, renewal.node, renewal.ttl, renewal.leaves ? 1 : 0);
    connection.queue(bury_dead);
    if (!renewal.leaves) connection.queue(take_free, renewal.node, partitions_);
    const auto owners = connection.queue(select_owners);
    const auto figures = connection.queue(select_figures, renewal.node);
    const auto mail = connection.queue(old_mail, renewal.node);
    connection.commit();

    Membership membership;
    for (Rows rows = connection.answer(owners); rows.next();) {
      membership.owners.push_back({.node = rows.text(1), .epoch = rows.integer(2)});
      if (rows.view(1) == renewal.node)
        membership.leases.push_back({static_cast<PartitionId>(rows.integer(0)), rows.integer(2)});
    }
    Rows counts = connection.answer(figures);
    const bool counted = counts.next();
    SEQUENT_ASSERT(counted && membership.owners.size() == partitions_);
    membership.nodes = static_cast<std::size_t>(counts.integer(0));
    const std::size_t sharing = std::max<std::size_t>(1, membership.nodes);
    membership.share = (partitions_ + sharing - 1) / sharing;
    membership.definitions = static_cast<std::size_t>(counts.integer(1));
    membership.parcels = counts.integer(2) > 0;
    if (!counts.is_null(3)) membership.next_death = std::max<DurationMs>(0, counts.integer(3));
    for (Rows rows = connection.answer(mail); rows.next();)
      membership.mail.push_back(static_cast<PartitionId>(rows.integer(0)));
    return membership;
  });
}

void PostgresStore::give_back(const std::string& node, const Lease& lease) {
  reading(lessor_, [&](Connection& connection) {
    return connection.execute(give_one_back, node, lease.partition, lease.epoch);
  });
}

void PostgresStore::release(const std::string& node) {
  flush_settled();
  reading(lessor_, [&](Connection& connection) {
    connection.begin();
    connection.queue(give_all_back, node);
    connection.queue(forget_presence, node);
    connection.commit();
    return true;
  });
}

}  // namespace sequent::persistence::postgres
